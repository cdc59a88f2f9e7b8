"""Which inputs stand still and which move."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sdbr.errors import InputProblem, UsageProblem
from sdbr.media.formats import kind_of
from sdbr.media.open import open_reader
from sdbr.workflows.inputs import PICTURES, VIDEOS, find
from sdbr.workspace import Workspace

_ANIMATED = ("gif", "webp", "apng")


def find_inputs(arguments: Sequence[str], workspace: Workspace) -> tuple[list[Path], bool]:
    """The files that the arguments name, in order, and whether they move.

    Raises InputProblem where one is missing, UsageProblem where some move and some do not: they
    are priced and drawn in different ways.
    """
    videos = (workspace.root / "source" / "videos", workspace.root / "generate" / "videos")
    homes = (workspace.source_img, workspace.generate_img, *videos)
    paths = find(arguments, homes, VIDEOS | PICTURES)
    moving = [path for path in paths if moves(path)]
    if moving and len(moving) < len(paths):
        still = next(path for path in paths if path not in moving)
        raise UsageProblem(
            f"{still.name} is a still and {moving[0].name} moves. Give them in two commands."
        )
    return paths, bool(moving)


def moves(path: Path) -> bool:
    """Whether a file holds more than one picture to be shown; a broken one counts by its name."""
    if path.suffix.lower() not in PICTURES:
        return True
    try:
        return kind_of(path) in _ANIMATED and open_reader(path).clip.frames != 1
    except InputProblem:
        return False
