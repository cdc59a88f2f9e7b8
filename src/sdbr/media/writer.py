"""What every writer does with a frame before its container sees it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from sdbr.errors import InputProblem
from sdbr.files import plain_write_errors
from sdbr.media.clip import Frame, Pixels


class Sink(Protocol):
    """One container being written: pictures of one size with rising times from zero."""

    def add(self, image: Pixels, at: Fraction, lasts: Fraction, /) -> None:
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
        self._held: Frame | None = None
        self._zero = Fraction(0)
        self._notes: list[str] = []
        self.count = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found and done so far, each thing once."""
        return tuple(dict.fromkeys(self._notes))

    def add(self, frame: Frame) -> None:
        """Append a frame; it is shown until the next one, the last one as long as it says.

        Its `at` must lie behind the last one's and its size must be the first's. Raises
        InputProblem otherwise, and where the file cannot be written.
        """
        held = self._held
        if held is None:
            self._begin(frame)
        else:
            self._check(frame, held)
            self._put(held, frame.at)
        self._held = frame
        self.count += 1

    def finish(self) -> None:
        """Write what is left. Raises InputProblem where no frame was added."""
        if self._held is None or self._sink is None:
            raise InputProblem(f"{self._target} was not written: there was no frame to write.")
        self._put(self._held, self._held.end)
        with plain_write_errors(self._target):
            self._sink.finish()

    def abort(self) -> None:
        """Let go of the file without finishing it."""
        if self._sink is not None:
            self._sink.abort()

    def _begin(self, frame: Frame) -> None:
        self._zero = frame.at
        with plain_write_errors(self._target):
            self._sink = self._open_sink(frame, self._notes.append)

    def _put(self, frame: Frame, until: Fraction) -> None:
        assert self._sink is not None
        with plain_write_errors(self._target):
            self._sink.add(frame.image, frame.at - self._zero, until - frame.at)

    def _check(self, frame: Frame, before: Frame) -> None:
        sizes = [f"{image.shape[1]}x{image.shape[0]}" for image in (frame.image, before.image)]
        if sizes[0] != sizes[1]:
            raise InputProblem(
                f"Frame {self.count + 1} is {sizes[0]} where the others are {sizes[1]}."
                " Make all one size."
            )
        if frame.at <= before.at:
            raise InputProblem(
                f"Frame {self.count + 1} comes at {float(frame.at):.3f} s, not after the one"
                " before it. Give the frames in the order they are shown."
            )
