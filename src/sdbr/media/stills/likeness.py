"""Pictures made small, and how far two of them are from each other."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from io import BytesIO
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageChops, ImageStat

_SIDE = 128
_MOST_PIXELS = 4_500_000  # Enlarged pictures take too long to read for this.
_FLAT = 6  # Levels of 255 between the extremes of a picture that shows nothing.


def sample(picture: bytes | Path) -> Image.Image | None:
    """The picture at 128×128 pixels; None where it is too large, or cannot be read."""
    # What is paid for must not be lost for a remark on it.
    with (
        suppress(OSError, ValueError, SyntaxError, MemoryError),
        Image.open(BytesIO(picture) if isinstance(picture, bytes) else picture) as image,
    ):
        if image.width * image.height > _MOST_PIXELS:
            return None
        image.draft("RGB", (2 * _SIDE, 2 * _SIDE))
        small = image.convert("RGBA" if image.has_transparency_data else "RGB")
        return small.resize((_SIDE, _SIDE), Image.Resampling.BOX)
    return None


def is_flat(small: Image.Image) -> bool:
    """Whether a picture is of one color throughout, or see-through throughout."""
    extremes = [channel.getextrema() for channel in small.split()]
    spread = [int(high) - int(low) for low, high in extremes]  # type: ignore[arg-type]
    unseen = small.mode == "RGBA" and extremes[3] == (0, 0)
    return unseen or max(spread) <= _FLAT


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two pictures' colors, in levels of 255."""
    apart = ImageChops.difference(one.convert("RGB"), other.convert("RGB"))
    return sum(ImageStat.Stat(apart).mean) / 3


def contrast(small: Image.Image) -> float:
    """The standard deviation of a picture's colors, in levels of 255."""
    return sum(ImageStat.Stat(small.convert("RGB")).stddev) / 3


def closing_jump(smalls: Sequence[Image.Image]) -> float:
    """How many times the usual step between frames the one from the last to the first is."""
    steps = sorted(difference(one, other) for one, other in pairwise(smalls))
    usual = steps[len(steps) // 2]
    return difference(smalls[-1], smalls[0]) / max(usual, 1.0)
