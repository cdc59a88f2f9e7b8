"""A clip to be restyled, and what came of it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from sdbr.emulator import Emulator
from sdbr.emulator.journal import ReceivedRequest
from sdbr.media.clip import TimedFrame
from sdbr.media.open import open_reader
from tests.media.made_clips import Film, make_film


def clip_in(folder: Path, name: str = "clip.mp4", **plan: Any) -> str:
    """Write a clip of ten frames, or as told, and return its name."""
    plan.setdefault("times", tuple(Fraction(i, 25) for i in range(10)))
    make_film(folder / name, Film(**plan))
    return name


def frames(path: str | Path) -> list[TimedFrame]:
    """The frames of a clip."""
    return list(open_reader(Path(path)).frames())


def invocations(emulator: Emulator) -> list[ReceivedRequest]:
    """The requests for pictures that came."""
    return [record for record in emulator.received if record.number]
