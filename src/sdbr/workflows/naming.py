"""Where a clip's result goes and what it is: by --output, --name and --container."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from sdbr.errors import UsageProblem
from sdbr.workflows.clips.folders import Places
from sdbr.workflows.outputs import refuse_empty

_ENDINGS = {
    **{kind: f".{kind}" for kind in ("mp4", "webm", "mov", "mkv", "gif", "webp")},
    "apng": ".apng",
    "frames": "",
}


def aimed(
    where: Places, to: str | None, name: str | None, container: str | None, default: str = "mp4"
) -> tuple[Places, str | None, str]:
    """The places, the stem (or None for the clip's own) and the suffix of the result.

    Raises UsageProblem where the flags disagree.
    """
    refuse_empty(to, name)
    if to is None:
        return where, name, _ENDINGS[container or default]
    if to == "-":
        raise UsageProblem("A clip does not go to stdout. Give -o a file or a folder.")
    path = Path(to)
    is_folder = to.endswith("/") or os.path.isdir(path) or not path.suffix
    if is_folder and container != "frames":
        return replace(where, results=path), name, _ENDINGS[container or default]
    if container and path.suffix.lower() != _ENDINGS[container]:
        raise UsageProblem(f"--container {container} and --output {to} disagree. Change one.")
    if path.suffix and path.suffix.lower() not in _ENDINGS.values():
        known = " ".join(ending for ending in _ENDINGS.values() if ending)
        raise UsageProblem(f"--output is {to}: give a name in {known}, or a folder.")
    return replace(where, results=path.parent), name or path.stem, path.suffix.lower()


def container_of(ending: str) -> str:
    """What --container or --format says of a result's suffix."""
    return ending.removeprefix(".") or "frames"


def is_exact(to: str | None, ending: str) -> bool:
    """Whether --output names one file, and not a folder."""
    return to is not None and bool(ending) and Path(to).suffix.lower() == ending
