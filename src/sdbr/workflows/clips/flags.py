"""The flags that choose and keep frames of clips, and those that make clips steady, as values.

What reads them imports the libraries of video; this file does not, as the help loads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sdbr.errors import UsageProblem

if TYPE_CHECKING:
    from sdbr.media.clip import Playback
    from sdbr.motion.keyframes import KeyframeRule
    from sdbr.workflows.clips.direction import DirectedShot
    from sdbr.workflows.clips.selection import FrameSelection


Looks = Mapping[str, Mapping[str, str]]
"""The looks of sdbr.toml: flags by name, under the look's own name."""
FACES = "faces"
"""What --protect and --only say for faces, instead of naming a mask."""


@dataclass(frozen=True, slots=True)
class RegionFlags:
    """Which regions come from the source: what --protect and --only name, and whether a still mask
    moves with what it covers."""

    protect: str | None = None
    only: str | None = None
    moves: bool = False


NO_REGIONS = RegionFlags()


@dataclass(frozen=True, slots=True)
class ClipFlags:
    """The flags as they were given; None where nothing was told.

    `beside` are the words of the command that shape the clip and that no direction holds.
    """

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
    accept_cut: bool
    track: int | None
    at: tuple[tuple[str, str], ...]
    direction: Path | None
    plan: Path | None
    reverse: bool
    ping_pong: bool
    cluster: str | None
    protect: str | None
    only: str | None
    move_mask: bool
    beside: str = ""

    @property
    def playback(self) -> Playback:
        """The order of the frames in the result. Raises UsageProblem."""
        if self.reverse and self.ping_pong:
            raise UsageProblem(
                "--reverse and --ping-pong cannot be used together. Use one of them."
            )
        return "reverse" if self.reverse else "ping-pong" if self.ping_pong else "forward"

    def choice(self, stills: bool) -> FrameSelection:
        """Which frames are wanted; for `stills` in a row --fps is their rate, not a choice.

        Raises UsageProblem for a time that cannot be read.
        """
        from sdbr.workflows.clips.selection import FrameSelection, parse_rate, parse_time

        start = parse_time("--start", self.start or "0")
        end = parse_time("--end", self.end) if self.end else None
        if self.duration:
            if end is not None:
                raise UsageProblem("--end and --duration cannot be used together. Use one of them.")
            end = start + parse_time("--duration", self.duration)
        if end is not None and end <= start:
            raise UsageProblem("The selected part ends before it starts. Change --start or --end.")
        fps = parse_rate(self.fps) if self.fps and not stills else None
        return FrameSelection(start, end, self.every, fps, self.max_frames)

    def shots(self, looks: Looks) -> tuple[DirectedShot, ...]:
        """The shots of the direction, in their order, from --at or --direction.

        `looks` are the named ones. Raises UsageProblem, or InputProblem for a missing file.
        """
        if not self.at and self.direction is None:
            return ()
        from sdbr.workflows.clips.shot_tables import read_file, read_words

        if self.direction is None:
            return read_words(self.at, looks)
        if self.at:
            raise UsageProblem("--at and --direction cannot be used together. Use one of them.")
        return read_file(self.direction, looks)

    def check(self, clips: int) -> None:
        """Raise UsageProblem for a flag that makes no sense for so many clips."""
        if clips > 1 and self.plan is not None:
            raise UsageProblem("--plan is for one clip in one look. Run the command once per clip.")

    @property
    def may_lack_prompt(self) -> bool:
        """Whether the shots may have prompts of their own, or need none yet."""
        return bool(self.at) or self.direction is not None or self.plan is not None

    @property
    def frame_suffix(self) -> str:
        """The suffix of kept frames."""
        return ".png" if self.frame_format == "png" else ".jpg"

    def rate(self, stills: bool) -> Fraction | None:
        """The rate of pictures in a row, from --fps. Raises UsageProblem."""
        from sdbr.workflows.clips.selection import parse_rate

        return parse_rate(self.fps) if self.fps and stills else None

    @property
    def regions(self) -> RegionFlags:
        """Which regions come from the source."""
        return RegionFlags(self.protect, self.only, self.move_mask)

    def record(self) -> dict[str, Any]:
        """The flags that were given, for the record. Masks are inputs."""
        silent = ("test_frames", "keep_frames", "cluster", "direction", "plan", "beside")
        flags = {name: value for name, value in asdict(self).items() if name not in silent}
        masks = {name for name in ("protect", "only") if flags[name] != FACES}
        given = {name: value for name, value in flags.items() if name not in masks}
        return {name: value for name, value in given.items() if value not in (None, ())}


@dataclass(frozen=True, slots=True)
class SteadyFlags:
    """What makes a clip steady, as it was told."""

    keyframes: str
    unexplained: float | None
    steady: str
    max_flicker: float | None
    review: bool
    redraw: str | None
    init: str
    feedback: float
    keyframes_from: Path | None = None
    export_keyframes: Path | None = None

    @property
    def share(self) -> float:
        """How much of the last result goes into the next init image, 0 to 1."""
        return self.feedback if self.init == "from-previous" else 0.0

    def rule(self, calls: int | None) -> KeyframeRule:
        """Where keyframes go; `calls` bounds their number. Raises UsageProblem."""
        from sdbr.motion.keyframes import read_rule

        return read_rule(self.keyframes, self.unexplained, calls)

    @property
    def asks_for_no_prompt(self) -> bool:
        """Whether it may be that nothing is generated."""
        return self.keyframes_from is not None or self.export_keyframes is not None

    def check(self, clips: int) -> None:
        """Raise UsageProblem for a flag that makes no sense for so many clips."""
        if clips > 1 and self.asks_for_no_prompt:
            flag = "--keyframes-from" if self.keyframes_from else "--export-keyframes"
            raise UsageProblem(f"{flag} is for one clip. Run the command once per clip.")

    def record(self) -> dict[str, Any]:
        """The flags for the record: those that shape the result. Supplied keyframes are inputs."""
        silent = ("review", "redraw", "keyframes_from", "export_keyframes")
        return {name: value for name, value in asdict(self).items() if name not in silent}
