"""Which frames of a clip are wanted: a part of its time, and not all of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from sdbr.errors import UsageProblem
from sdbr.media.timing import fraction_of

_TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)s?")


@dataclass(frozen=True, slots=True)
class FrameSelection:
    """`start` and `end` in seconds from the clip's first frame; every nth frame, or at most `fps`
    a second; `most` frames in all."""

    start: Fraction = Fraction(0)
    end: Fraction | None = None
    every: int = 1
    fps: Fraction | None = None
    most: int | None = None


def parse_time(name: str, text: str) -> Fraction:
    """Seconds from `12.5`, `12.5s`, `1:02` or `1:02:03.5`. Raises UsageProblem."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise UsageProblem(f"{name} is {text!r}: use seconds or hh:mm:ss, such as 12.5 or 1:02.")
    hours, minutes, seconds = match.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + Fraction(seconds)


def parse_rate(text: str) -> Fraction:
    """Frames a second from `8`, `23.976` or `30000/1001`. Raises UsageProblem."""
    try:
        rate = fraction_of(text)
    except ValueError:
        rate = Fraction(0)
    if not 0 < rate <= 1000:
        raise UsageProblem(f"--fps is {text!r}: use frames per second, such as 8 or 24000/1001.")
    return rate
