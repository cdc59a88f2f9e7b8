"""Look over a clip once: which frames there really are, and what each of them is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from sdbr.media.clips import Clip, Frame, Reader
from sdbr.workflows.film.choosing import Choice, chosen


@dataclass(frozen=True, slots=True)
class Shown:
    """A wanted frame without its pixels: its number from 0, its time, and a digest of them."""

    number: int
    at: Fraction
    lasts: Fraction
    digest: str


@dataclass(frozen=True, slots=True)
class Footage:
    """What is wanted of a clip: its frames as decoding gives them, not as the file declares."""

    clip: Clip
    choice: Choice
    frames: tuple[Shown, ...]

    @property
    def duration(self) -> Fraction:
        """Seconds from the first wanted frame to the end of the last."""
        return self.frames[-1].at + self.frames[-1].lasts - self.frames[0].at

    @property
    def end(self) -> Fraction:
        """When the last wanted frame ends, in seconds from the clip's first frame."""
        return self.frames[-1].at + self.frames[-1].lasts


def wanted_frames(reader: Reader, choice: Choice) -> Iterator[Frame]:
    """The frames that the choice leaves, decoded anew. Raises InputProblem."""
    return chosen(reader.frames(choice.start, choice.end), choice)


def digest_of(frame: Frame) -> str:
    """A name for a frame's pixels; exact repeats have the same."""
    shape = "x".join(map(str, frame.image.shape))
    return hashlib.sha256(shape.encode() + frame.image.tobytes()).hexdigest()


def shown(number: int, frame: Frame) -> Shown:
    """What is kept of a frame when its pixels are let go."""
    return Shown(number, frame.at, frame.lasts, digest_of(frame))
