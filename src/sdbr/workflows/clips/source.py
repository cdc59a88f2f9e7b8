"""Which clips are meant: video files, animations, folders, and pictures in a row."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from sdbr.errors import InputProblem, UsageProblem
from sdbr.media.formats import ANIMATIONS, kind_of
from sdbr.media.open import Reader, open_reader
from sdbr.workflows.inputs import PICTURES, VIDEOS, find
from sdbr.workspace import Workspace, kept_name


@dataclass(frozen=True, slots=True)
class ClipSource:
    """One clip to read: a file or folder, or pictures in the order given, and its name."""

    name: str
    what: Path | tuple[Path, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that it is read from; a folder's are not listed."""
        return self.what if isinstance(self.what, tuple) else (self.what,)

    def open(self, rate: Fraction | None, track: int | None = None) -> Reader:
        """A reader; `rate` is for pictures in a row, `track` of a video. Raises InputProblem."""
        what = self.what if isinstance(self.what, Path) else list(self.what)
        return open_reader(what, rate, track)


def find_sources(arguments: Sequence[str], workspace: Workspace) -> list[ClipSource]:
    """The clips that the arguments name, in order; still pictures together make one clip.

    Raises InputProblem where something is missing.
    """
    root = workspace.root
    videos = (root / "source" / "videos", root / "generate" / "videos")
    homes = (*videos, workspace.source_img, workspace.generate_img, root / "source" / "frames")
    sources: list[ClipSource] = []
    stills: list[Path] = []
    for argument in arguments:
        folder = _folder_of_pictures(argument)
        if folder is not None:
            sources.append(ClipSource(kept_name(folder.resolve().name), folder))
            continue
        for path in find([argument], homes, VIDEOS | PICTURES, store=workspace.hidden / "inputs"):
            if _is_still(path):
                stills.append(path)
            else:
                sources.append(ClipSource(kept_name(path.stem), path))
    if len(stills) == 1:
        raise UsageProblem(
            f"{stills[0]} is a single picture, not a clip. Use sdbr img2img, or sdbr img2gif for "
            "an animation."
        )
    if stills:
        sources.append(ClipSource(kept_name(stills[0].stem), tuple(stills)))
    if not sources:
        raise InputProblem("No input. Name a video, a GIF or a folder of pictures.")
    return sources


def _folder_of_pictures(argument: str) -> Path | None:
    folder = Path(argument)
    if argument in ("-", "") or not os.path.isdir(folder):
        return None
    inside = [path for path in folder.iterdir() if path.name[0] != "." and path.is_file()]
    has_video = any(path.suffix.lower() in VIDEOS for path in inside)
    return None if has_video else folder


def _is_still(path: Path) -> bool:
    if path.suffix.lower() not in PICTURES:
        return False
    try:
        return kind_of(path) not in ANIMATIONS
    except InputProblem:
        return path.suffix.lower() != ".gif"
