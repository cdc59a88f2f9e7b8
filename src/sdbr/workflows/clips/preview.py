"""A small picture of the latest frame, for watching while a clip is drawn."""

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

    def show(self, pixels: Pixels) -> None:
        """Show this frame, unless the last one was shown just now."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _EVERY
        temporary = self.path.with_suffix(".part")
        with suppress(OSError):
            _small(pixels).save(temporary, "JPEG", quality=85)
            os.replace(temporary, self.path)


def _small(pixels: Pixels) -> Image.Image:
    image = Image.fromarray(pixels[..., :3])
    image.thumbnail((_SIDE, _SIDE))
    return image
