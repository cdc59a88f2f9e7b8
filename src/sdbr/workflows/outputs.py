"""Where the files of a run go: the tree's folders, or what `--output` and `--name` say."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sdbr.errors import UsageProblem
from sdbr.media import metadata
from sdbr.workflows.names import escape_name, refuse_folders

if TYPE_CHECKING:
    from sdbr.workflows.clips.folders import ClipRoots

FORMATS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}


def format_of(wanted_format: str | None, to: str | None) -> str:
    """The file format: as told, else by the suffix of `to`, else PNG. Raises UsageProblem."""
    by_suffix = FORMATS.get(Path(to).suffix.lower()) if to else None
    wanted = "jpeg" if wanted_format == "jpg" else wanted_format
    if wanted and by_suffix and wanted != by_suffix:
        raise UsageProblem(
            f"--format {wanted_format} and --output {to} contradict each other. Change one of them."
        )
    return wanted or by_suffix or "png"


def check_free(target: Path, key: str, overwrite: bool) -> None:
    """Refuse to lose what stands at `target`, before anything is sent.

    A file that the same request made is no loss. Raises UsageProblem.
    """
    if os.path.exists(target) and not overwrite and _key_in(target) != key:
        raise UsageProblem(f"{target} already exists. Add --overwrite, or choose another name.")


def refuse_empty(to: str | None, name: str | None) -> None:
    """Raise UsageProblem for a flag that a script filled with nothing."""
    for flag, value in (("--output", to), ("--name", name)):
        if value is not None and not value.strip():
            raise UsageProblem(f"{flag} is empty. Set a name, or leave it out.")


def refuse_two_names(to: str, name: str | None) -> None:
    """Raise UsageProblem where `to` says what the file is called, and --name does, too."""
    if name:
        raise UsageProblem(
            f"--name {name} has no effect with --output {to}, which is a file. Use -o with a "
            "folder, or leave out --name."
        )


def _key_in(path: Path) -> str | None:
    made = metadata.read(path)
    try:
        return str(json.loads(made.record)["key"]) if made else None
    except (ValueError, KeyError, TypeError):
        return None


_ENDINGS = {
    **{kind: f".{kind}" for kind in ("mp4", "webm", "mov", "mkv", "gif", "webp")},
    "apng": ".apng",
    "prores": ".mov",
    "frames": "",
}


def clip_target(
    where: ClipRoots, to: str | None, name: str | None, container: str | None, default: str
) -> tuple[ClipRoots, str | None, str]:
    """The places, the template of the name (None for the clip's own) and the suffix of the result.

    Raises UsageProblem where the flags disagree.
    """
    refuse_empty(to, name)
    refuse_folders(name or "")
    if to is None:
        return where, name, _ENDINGS[container or default]
    if to == "-":
        raise UsageProblem(
            "Only a single picture can be written to stdout. Use -o with a file or a folder."
        )
    path = Path(to)
    is_folder = to.endswith("/") or os.path.isdir(path) or not path.suffix
    if is_folder and container != "frames":
        return replace(where, results=path), name, _ENDINGS[container or default]
    if container and path.suffix.lower() != _ENDINGS[container]:
        raise UsageProblem(
            f"--container {container} and --output {to} contradict each other. Change one of them."
        )
    if path.suffix and path.suffix.lower() not in _ENDINGS.values():
        known = " ".join(dict.fromkeys(ending for ending in _ENDINGS.values() if ending))
        raise UsageProblem(f"--output is '{to}': use a name that ends in {known}, or a folder.")
    refuse_two_names(to, name)
    return replace(where, results=path.parent), escape_name(path.stem), path.suffix.lower()


def container_of(ending: str) -> str:
    """What --container or --format says of a result's suffix."""
    return ending.removeprefix(".") or "frames"


def is_exact(to: str | None, ending: str) -> bool:
    """Whether --output names one file, and not a folder."""
    return to is not None and bool(ending) and Path(to).suffix.lower() == ending
