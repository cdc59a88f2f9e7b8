"""Small pictures of pictures and clips, for looking at."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image

from sdbr.errors import InputProblem
from sdbr.media.clip import Pixels
from sdbr.media.open import open_reader
from sdbr.media.stills.open import open_picture
from sdbr.request import Size

_QUALITY = 86
_METHOD = 2  # 4 takes more than twice the time to save 4 %.
_GAP = 4


def shrink_picture(path: Path, side: int) -> bytes:
    """A picture as WebP, upright, its longer side at most `side` pixels, alpha kept.

    Raises InputProblem where it cannot be opened.
    """
    opened = open_picture(path, keep_alpha=True, at_least=Size(side, side))
    return _webp(_within(opened.image, Size(side, side)))


def shrink_frame(pixels: Pixels, side: int) -> bytes:
    """A frame as WebP, its longer side at most `side` pixels."""
    return _webp(_within(Image.fromarray(pixels), Size(side, side)))


def shrink_first_frame(path: Path, side: int) -> bytes:
    """The first frame of a clip as WebP. Raises InputProblem."""
    return shrink_frame(next(open_reader(path).frames()).image, side)


def frame_strip(path: Path, numbers: Sequence[int], height: int) -> bytes:
    """Some frames of a clip, counted from 0, side by side in one WebP. Raises InputProblem."""
    wanted = set(numbers)
    found = []
    for number, frame in enumerate(open_reader(path).frames()):
        if number in wanted:
            image = Image.fromarray(frame.image).convert("RGB")
            found.append(_within(image, Size(4 * height, height)))
        if number >= max(wanted):
            break
    if not found:
        raise InputProblem(f"{path} has fewer frames than before.")
    width = sum(image.width + _GAP for image in found)
    tallest = max(image.height for image in found)
    sheet = Image.new("RGB", (width - _GAP, tallest), "black")
    left = 0
    for image in found:
        sheet.paste(image, (left, 0))
        left += image.width + _GAP
    return _webp(sheet)


def _within(image: Image.Image, box: Size) -> Image.Image:
    image.thumbnail(box, Image.Resampling.LANCZOS)
    return image


def _webp(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "WEBP", quality=_QUALITY, method=_METHOD)
    return file.getvalue()
