"""Clips as long as a benchmark wants them, made from a short one: the benchmarks share it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from sdbr.media.clip import FrameTiming, Pixels, TimedFrame
from sdbr.media.open import open_reader
from sdbr.media.writer import open_writer

_SHIFT = 8
"""Pixels by which a round differs from the one before, so that no frame is drawn only once."""


def lengthened(clip: Path, frames: int, target: Path) -> Path:
    """Write so many frames at 25 a second, without sound: the clip's own, round after round."""
    length = Fraction(1, 25)
    with open_writer(target, FrameTiming.even(Fraction(25))) as writer:
        for number, pixels in zip(range(frames), _rounds(clip), strict=False):
            writer.add(TimedFrame(pixels, number * length, length))
    return target


def _rounds(clip: Path) -> Iterator[Pixels]:
    turn = 0
    while True:
        for frame in open_reader(clip).frames():
            whole = frame.image[:, ::-1] if turn % 2 else frame.image
            yield np.ascontiguousarray(np.roll(whole, _SHIFT * turn, axis=1))
        turn += 1
