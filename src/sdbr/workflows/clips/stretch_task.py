"""Filling one stretch anywhere: all that it takes in one value, and the frames.

A worker of a cluster imports this file, and so does its scheduler; Dask itself is not needed here.
"""

from __future__ import annotations

import io
import signal
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import PIL

from sdbr import __version__
from sdbr.concurrency import keep_freed_memory, side_by_side
from sdbr.media.clip import Pixels
from sdbr.media.stills.pixels import flatten
from sdbr.motion.arrays import limit_threads_and_heaps, version
from sdbr.motion.interpolation import THREADS, InterpolatedFrame, interpolate_stretch
from sdbr.workflows.clips.engine import KeyframeSpan
from sdbr.workflows.clips.requests import read_frame


@dataclass(frozen=True, slots=True)
class StretchTask:
    """All that filling a stretch takes: it, and the files of its source frames from `left` on.

    `padding` is not looked at.
    """

    span: KeyframeSpan
    files: tuple[bytes, ...]
    padding: bytes = b""

    @property
    def size(self) -> int:
        """In bytes."""
        pictures = (self.span.left, self.span.right)
        return sum(map(len, self.files)) + sum(each.nbytes for each in pictures if each is not None)

    def __getitem__(self, number: int, /) -> Pixels:
        """A source frame, decoded as it is from the disk of one machine."""
        return flatten(read_frame(io.BytesIO(self.files[number - self.span.stretch.left])))


@dataclass(frozen=True, slots=True)
class FinishedFrame:
    """A filled frame with its pixels. As a PNG file two thirds of them would travel, and decoding
    these took the one client more time than all else that it does to a frame."""

    number: int
    unexplained: float
    better_drawn: bool
    pixels: Pixels

    def picture(self) -> Pixels:
        """The frame, height × width × 3."""
        return self.pixels


def fill_stretch(task: StretchTask) -> list[FinishedFrame]:
    """The frames between two keyframes, in order: what a worker does, whatever machine it is on."""
    limit_threads_and_heaps()
    keep_freed_memory()
    span = task.span
    pictures = span.left, span.right
    linked = deque(interpolate_stretch(task, span.stretch, *pictures, follow=span.follow))

    def each() -> Iterator[InterpolatedFrame]:
        while linked:
            yield linked.popleft()

    return list(side_by_side(_finished, each(), THREADS))


def _finished(frame: InterpolatedFrame) -> FinishedFrame:
    return FinishedFrame(frame.number, frame.unexplained, frame.better_drawn, frame.picture())


def versions() -> dict[str, str]:
    """The versions of what decides how a frame comes out, in the process that is asked."""
    return {
        "sdbr": __version__,
        "numpy": np.__version__,
        "opencv": version(),
        "pillow": PIL.__version__,
    }


def dask_setup(_worker: object) -> None:
    """Dask calls it in each process of `local:N`: Ctrl-C is for the command, which ends them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
