"""The options that bring a still to life and write it as an animation; they arrive as one value."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdbr.bedrock.validation import flag
from sdbr.cli.numbers import FiniteNumber, WholeNumber
from sdbr.cli.options import collect_options, grouped
from sdbr.errors import UsageProblem

if TYPE_CHECKING:
    from sdbr.media.clip import EncodingSettings
    from sdbr.media.stills.pan_zoom import Move
    from sdbr.workflows.animations.motions import Motion
    from sdbr.workflows.animations.timeline import Timing

MOTIONS = ("vary", "evolve", "ramp", "journey")
FORMATS = ("gif", "webp", "apng", "mp4")
_MOVING = ("motion", "frames", "zoom", "pan", "rotate", "to_prompt", "to_image")
_TIMING = ("crossfade", "hold")
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "ki": 1 << 10, "mi": 1 << 20}
_DEFAULT_FRAMES = 12
_DEFAULT_RATE = Fraction(10)

_motion = grouped("Motion (still input)")
_time = grouped("Timing (still input)")
_write = grouped("Animation")


@dataclass(frozen=True, slots=True)
class GifFlags:
    """The flags as they were given; None where nothing was told."""

    motion: str | None
    frames: int | None
    zoom: float | None
    pan: str | None
    rotate: float | None
    to_prompt: str | None
    to_image: Path | None
    crossfade: int | None
    hold: str | None
    loop: int | None
    dither: str | None
    colors: int | None
    max_size: str | None
    width: int | None
    quality: int | None

    @property
    def kind(self) -> str:
        """The motion: as told, else the one that the other flags speak of, else vary."""
        if self.motion is not None:
            return self.motion
        if self.to_prompt or self.to_image:
            return "journey"
        return "evolve" if self._camera() else "vary"

    def moving(self, strength: str | None, seed_policy: str) -> tuple[Motion, str | None]:
        """The motion of a still, and the strength that its requests share.

        A ramp's strength is the highest, or LOW..HIGH. Raises UsageProblem where flags disagree.
        """
        from sdbr.workflows.animations.motions import Motion

        kind = self.kind
        if kind != "evolve" and (stray := self._camera()):
            raise UsageProblem(f"{flag(stray[0])} only works with --motion evolve.")
        if kind != "journey" and (self.to_prompt or self.to_image):
            raise UsageProblem("--to-prompt and --to-image only work with --motion journey.")
        if kind == "journey" and not (self.to_prompt or self.to_image):
            raise UsageProblem("--motion journey needs an end. Add --to-prompt or --to-image.")
        low, high = _ramp(strength) if kind == "ramp" else (Motion().low, strength)
        seeds = "random" if seed_policy == "random" else "step"
        return Motion(kind, self.frames or _DEFAULT_FRAMES, self._move(), low, seeds), high

    def timing(self, fps: Fraction | None, *, ping_pong: bool) -> Timing:
        """The times of a still's animation. Raises UsageProblem."""
        from sdbr.workflows.animations.timeline import Timing
        from sdbr.workflows.clips.selection import parse_time

        hold = parse_time("--hold", self.hold) if self.hold else Fraction(0)
        # Without a way back only pictures of equal right may melt from the last into the first.
        closed = self.loop != 1 and (ping_pong or self.kind == "vary")
        return Timing(fps or _DEFAULT_RATE, hold, ping_pong, self.crossfade or 0, closed)

    def settings(self, ending: str) -> EncodingSettings:
        """How the file is encoded. Raises UsageProblem for what only a GIF can."""
        from sdbr.media.clip import EncodingSettings

        only_gif = {"dither": self.dither, "colors": self.colors, "max_size": self.max_size}
        match = [name for name, value in only_gif.items() if value is not None]
        if match and ending != ".gif":
            raise UsageProblem(
                f"{flag(match[0])} only works for a GIF. Leave it out, or use --format gif."
            )
        return EncodingSettings(
            loop=self.loop or 0,
            dither=self.dither or "auto",
            colors=self.colors or 256,
            max_bytes=parse_bytes(self.max_size) if self.max_size else None,
            quality=self.quality or EncodingSettings().quality,
        )

    def refuse_motion(self, name: str) -> None:
        """Raise UsageProblem where a flag is told that makes sense for a still alone."""
        for field in (*_MOVING, *_TIMING):
            if getattr(self, field):
                raise UsageProblem(
                    f"{flag(field)} only works for a still, and '{name}' is already moving. "
                    "Leave it out."
                )

    def record(self) -> dict[str, Any]:
        """The flags that were given, for the record; pictures are among the inputs."""
        return {name: value for name, value in asdict(self).items() if name != "to_image"}

    def _camera(self) -> list[str]:
        return [name for name in ("zoom", "pan", "rotate") if getattr(self, name) is not None]

    def _move(self) -> Move:
        from sdbr.media.stills.pan_zoom import Move

        right, down = _pan(self.pan) if self.pan else (0.0, 0.0)
        return Move(self.zoom or 1.0, right, down, self.rotate or 0.0)


def parse_bytes(text: str) -> int:
    """Bytes from `8MB`, `500kB`, `1.5MiB` or a plain number. Raises UsageProblem."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(k|m|ki|mi|)b?", text.strip().lower())
    size = int(Fraction(match[1]) * _UNITS[match[2]]) if match else 0
    if size < 1:
        raise UsageProblem(f"--max-size is {text!r}: use a size such as 8MB or 500kB.")
    return size


def _pan(text: str) -> tuple[float, float]:
    match = re.fullmatch(r"([-+]?\d+(?:\.\d+)?)%?\s*,\s*([-+]?\d+(?:\.\d+)?)%?", text.strip())
    right, down = (float(number) / 100 for number in match.groups()) if match else (9.0, 9.0)
    if max(abs(right), abs(down)) > 1:
        raise UsageProblem(f"--pan is {text!r}: use RIGHT,DOWN in percent, such as 2,0 or -1,0.5.")
    return right, down


def _ramp(strength: str | None) -> tuple[float, str | None]:
    from sdbr.workflows.animations.motions import Motion

    # Results of before say LOW:HIGH in their records, and can be made again.
    first, *second = re.split(r"\.\.|:", strength or "", maxsplit=1)
    low = Motion().low
    try:
        if second:
            return float(first), second[0]
        return min(low, float(first) / 4) if first else low, strength
    except ValueError:
        raise UsageProblem(
            f"--strength is {strength!r}: use HIGH or LOW..HIGH, each from 0 to 1."
        ) from None


gif_options = collect_options(
    "gif",
    GifFlags,
    _motion(
        "--motion",
        type=click.Choice(MOTIONS),
        metavar="KIND",
        help="vary, evolve, ramp or journey [default: vary].",
    ),
    _motion(
        "--frames", type=WholeNumber(2, 1000), metavar="N", help="Frames to generate [default: 12]."
    ),
    _motion(
        "--zoom",
        type=FiniteNumber(0.5, 2),
        metavar="FACTOR",
        help="Zoom in by this factor per frame, such as 1.03.",
    ),
    _motion("--pan", metavar="X,Y", help="Percent right and down per frame, such as 2,-1."),
    _motion(
        "--rotate",
        type=FiniteNumber(-180, 180),
        metavar="DEGREES",
        help="Rotate clockwise by this much per frame.",
    ),
    _motion("--to-prompt", metavar="PROMPT", help="Final prompt of --motion journey."),
    _motion(
        "--to-image",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Final picture of --motion journey.",
    ),
    _time(
        "--crossfade",
        type=WholeNumber(0, 50),
        metavar="N",
        help="Blended frames between two generated ones.",
    ),
    _time("--hold", metavar="SECONDS", help="Show the first and last frame this much longer."),
    _write(
        "--loop",
        type=WholeNumber(0, 65535),
        metavar="N",
        help="Times to play; 0 loops forever [default: 0].",
    ),
    _write(
        "--dither",
        type=click.Choice(["auto", "none", "bayer", "floyd", "sierra"]),
        metavar="KIND",
        help="GIF: none, bayer, floyd or sierra [default: auto].",
    ),
    _write(
        "--colors",
        "--colours",
        type=WholeNumber(2, 256),
        metavar="N",
        help="GIF: max colors [default: 256].",
    ),
    _write(
        "--max-size",
        metavar="SIZE",
        help="GIF: max file size, such as 8MB. Reduces the colors first, then the dimensions.",
    ),
    _write(
        "--width", type=WholeNumber(16, 8192), metavar="PIXELS", help="Width [default: up to 640]."
    ),
    _write(
        "--quality", type=WholeNumber(1, 100), metavar="1..100", help="WebP quality [default: 80]."
    ),
)
ANIMATION = (
    _write(
        "--format",
        type=click.Choice(FORMATS),
        metavar="FORMAT",
        help="gif, webp, apng or mp4 [default: gif, or from -o].",
    ),
    _write("--sheet", is_flag=True, help="Add a contact sheet of the frames."),
)
