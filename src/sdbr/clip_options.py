"""The options that choose and keep frames of clips, shared by vid2vid and img2gif."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

from sdbr.errors import UsageProblem
from sdbr.options import collected, grouped

if TYPE_CHECKING:
    from sdbr.workflows.film.choosing import Choice

_frames = grouped("Frames")


@dataclass(frozen=True, slots=True)
class ClipFlags:
    """The flags as they were given; None where nothing was told."""

    start: str | None
    end: str | None
    duration: str | None
    every: int
    fps: str | None
    max_frames: int | None
    test_frames: int | None
    frame_format: str
    keep_frames: bool
    seed_policy: str

    def choice(self, stills: bool) -> Choice:
        """Which frames are wanted; for `stills` in a row --fps is their rate, not a choice.

        Raises UsageProblem for a time that cannot be read.
        """
        from sdbr.workflows.film.choosing import Choice, parse_rate, parse_time

        start = parse_time("--start", self.start or "0")
        end = parse_time("--end", self.end) if self.end else None
        if self.duration:
            if end is not None:
                raise UsageProblem("--end and --duration say the same. Give one of them.")
            end = start + parse_time("--duration", self.duration)
        if end is not None and end <= start:
            raise UsageProblem("The chosen part ends before it starts. Change --start or --end.")
        fps = parse_rate(self.fps) if self.fps and not stills else None
        return Choice(start, end, self.every, fps, self.max_frames)

    def rate(self, stills: bool) -> Fraction | None:
        """The rate of pictures in a row, from --fps. Raises UsageProblem."""
        from sdbr.workflows.film.choosing import parse_rate

        return parse_rate(self.fps) if self.fps and stills else None

    def told(self) -> dict[str, Any]:
        """The flags that were given, for the record."""
        silent = ("test_frames", "keep_frames")
        flags = {name: value for name, value in asdict(self).items() if name not in silent}
        return {name: value for name, value in flags.items() if value is not None}


clip_options = collected(
    "clip",
    ClipFlags,
    _frames("--start", metavar="TIME", help="Where to begin: seconds or hh:mm:ss."),
    _frames("--end", metavar="TIME", help="Where to end."),
    _frames("--duration", metavar="TIME", help="How much, instead of --end."),
    _frames("--every", type=click.IntRange(1), default=1, help="Use every Nth frame only."),
    _frames("--fps", help="At most so many frames a second; of pictures in a row, their rate."),
    _frames("--max-frames", type=click.IntRange(1), help="Stop after so many frames."),
    _frames(
        "--test-frames",
        type=click.IntRange(1),
        help="Draw only so many, spread evenly, and print a sheet of before and after.",
    ),
    _frames(
        "--frame-format",
        type=click.Choice(["png", "jpeg"]),
        default="png",
        help="Of the kept frames; jpeg is smaller [default: png].",
    ),
    _frames("--keep-frames/--no-keep-frames", default=True, help="Keep single frames [default]."),
    _frames(
        "--seed-policy",
        type=click.Choice(["fixed", "step", "random"]),
        default="fixed",
        help="One seed for all frames, the next for each, or any [default: fixed].",
    ),
)
