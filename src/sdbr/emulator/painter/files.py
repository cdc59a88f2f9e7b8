"""Picture files: format, metadata, and the mark that tells that no model drew them."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from sdbr.emulator.painter.png import png

NOTE = "Emulated picture; no model drew it."
SOFTWARE = "sdbr emulator"
EXIF_DESCRIPTION, EXIF_SOFTWARE = 0x010E, 0x0131
# "emulated" in letters of 3x5 dots, one row of the letter a number.
LETTERS = {
    "e": (7, 4, 6, 4, 7),
    "m": (5, 7, 7, 5, 5),
    "u": (5, 5, 5, 5, 7),
    "l": (4, 4, 4, 4, 7),
    "a": (2, 5, 7, 5, 5),
    "t": (7, 2, 2, 2, 2),
    "d": (6, 5, 5, 5, 6),
}
WORD = "emulated"


def mark(image: Image.Image, force: float) -> Image.Image:
    """Write a small word into the lower right corner; `force` is 0 (nothing) to 1 (white)."""
    dot = max(1, round(min(image.size) / 640))
    stencil = _stencil()
    if image.width < stencil.width * dot * 3 or image.height < stencil.height * dot * 6:
        return image
    letters = stencil.resize((stencil.width * dot, stencil.height * dot), Image.Resampling.NEAREST)
    place = image.width - letters.width - 4 * dot, image.height - letters.height - 4 * dot
    area = (place[0], place[1], place[0] + letters.width, place[1] + letters.height)
    bright = float(np.asarray(image.crop(area).convert("L")).mean()) > 140
    result = image.copy()
    ink = (0, 0, 0) if bright else (255, 255, 255)
    fill = (*ink, 255) if image.mode == "RGBA" else ink
    result.paste(fill, area, letters.point([round(value * force) for value in range(256)]))
    return result


def encode(image: Image.Image, kind: str) -> bytes:
    """The bytes of a PNG, JPEG or WebP file, with a note in its metadata."""
    if kind == "png":
        return png(image, {"Software": SOFTWARE, "Comment": NOTE})
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[EXIF_DESCRIPTION] = NOTE
    exif[EXIF_SOFTWARE] = SOFTWARE
    if kind == "jpeg":
        image.convert("RGB").save(stream, "jpeg", quality=92, exif=exif)
    else:
        image.save(stream, "webp", quality=88, method=1, exif=exif)
    return stream.getvalue()


def _stencil() -> Image.Image:
    dots = np.zeros((5, len(WORD) * 4 - 1), np.uint8)
    for at, letter in enumerate(WORD):
        for row, bits in enumerate(LETTERS[letter]):
            for column in range(3):
                dots[row, at * 4 + column] = 255 * (bits >> (2 - column) & 1)
    return Image.fromarray(dots)
