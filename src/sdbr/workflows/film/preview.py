"""A small picture of the latest frame, before beside after, for watching while a clip is drawn."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from PIL import Image

from sdbr.media.clip import Pixels

_EVERY = 2.0
_SIDE = 640


class Preview:
    """Writes `path` anew at most every two seconds; a preview that cannot be written is none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._next = 0.0

    def show(self, before: Pixels, after: Pixels) -> None:
        """Show this pair, unless the last one was shown just now."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _EVERY
        pair = [_small(pixels) for pixels in (before, after)]
        sheet = Image.new("RGB", (sum(one.width for one in pair), pair[0].height))
        sheet.paste(pair[0], (0, 0))
        sheet.paste(pair[1], (pair[0].width, 0))
        temporary = self.path.with_suffix(".part")
        with suppress(OSError):
            sheet.save(temporary, "JPEG", quality=85)
            os.replace(temporary, self.path)


def _small(pixels: Pixels) -> Image.Image:
    image = Image.fromarray(pixels[..., :3])
    image.thumbnail((_SIDE, _SIDE))
    return image
