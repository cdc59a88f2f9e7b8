"""What every writer does with a frame before its container sees it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import numpy as np

from sdbr.errors import InputProblem
from sdbr.media.clip import Frame, Pixels
from sdbr.media.colours import flattened
from sdbr.media.whole_file import unwritable


class Sink(Protocol):
    """One container being written: pictures of one size with rising times from zero."""

    def add(self, image: Pixels, at: Fraction, lasts: Fraction) -> None:
        """Take the next picture; `at` and `lasts` are seconds."""

    def finish(self) -> None:
        """Write what is left and close the file."""

    def abort(self) -> None:
        """Close the file as it is; never raises."""


Note = Callable[[str], None]


class Writer:
    """Takes frames one by one; the first says the clip's size and where its time begins.

    `notes` are sentences for the user on what the container could not keep.
    """

    def __init__(self, target: Path, open_sink: Callable[[Frame, Note], Sink]) -> None:
        self._target = target
        self._open_sink = open_sink
        self._sink: Sink | None = None
        self._zero = Fraction(0)
        self._end = Fraction(-1)
        self._shape: tuple[int, ...] = ()
        self._notes: list[str] = []
        self.count = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found and done so far, each thing once."""
        return tuple(dict.fromkeys(self._notes))

    def add(self, frame: Frame) -> None:
        """Append a frame. Its `at` must lie behind the last one's; its size must be the first's.

        Raises InputProblem otherwise, and where the file cannot be written.
        """
        try:
            if self._sink is None:
                self._zero, self._shape = frame.at, frame.image.shape
                self._sink = self._open_sink(frame, self._notes.append)
            self._check(frame)
            self._sink.add(self._conform(frame.image), frame.at - self._zero, frame.lasts)
        except OSError as error:
            raise unwritable(self._target, error) from error
        self._end = frame.at
        self.count += 1

    def finish(self) -> None:
        """Write what is left. Raises InputProblem where no frame was added."""
        if self._sink is None:
            raise InputProblem(f"{self._target} was not written: there was no frame to write.")
        try:
            self._sink.finish()
        except OSError as error:
            raise unwritable(self._target, error) from error

    def abort(self) -> None:
        """Let go of the file without finishing it."""
        if self._sink is not None:
            self._sink.abort()

    def _check(self, frame: Frame) -> None:
        if frame.image.shape[:2] != self._shape[:2]:
            size, first = (f"{shape[1]}x{shape[0]}" for shape in (frame.image.shape, self._shape))
            raise InputProblem(
                f"Frame {self.count + 1} is {size} where the first is {first}. Make all one size."
            )
        if self.count and frame.at <= self._end:
            raise InputProblem(
                f"Frame {self.count + 1} comes at {float(frame.at):.3f} s, before the one it"
                " follows. Give the frames in the order they are shown."
            )

    def _conform(self, image: Pixels) -> Pixels:
        if image.shape[2] == self._shape[2]:
            return image
        if image.shape[2] == 4:
            return flattened(image)
        opaque = np.full((*image.shape[:2], 1), 255, np.uint8)
        return np.concatenate([image, opaque], axis=2)
