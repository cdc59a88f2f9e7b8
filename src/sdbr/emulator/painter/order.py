"""What a painter is asked for."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass, fields

from PIL import Image

NATIVE = (1024, 1024)


class Unreadable(Exception):
    """An image of the order cannot be decoded. The message names the order's field."""


@dataclass(frozen=True, slots=True)
class Order:
    """One picture to be painted: everything that decides its bytes.

    `size` is width and height in pixels, for tasks that have no image to take it from; `strength`
    is 0 (keep the image) to 1 (ignore it); images are whole files. `settings` holds numbers that
    only some tasks know, as sorted (name, value) pairs. `flicker` scales how much one call
    differs from the next (0 gives the ideal drawing), `side` caps the longer side (0: no cap).
    """

    task: str = "text-to-image"
    prompt: str = ""
    negative: str = ""
    seed: int = 1
    size: tuple[int, int] = NATIVE
    style: str = ""
    format: str = "png"
    image: bytes = b""
    strength: float = 0.5
    mask: bytes = b""
    style_image: bytes = b""
    settings: tuple[tuple[str, float | str], ...] = ()
    flicker: float = 1.0
    side: int = 0

    def number(self, name: str, default: float) -> float:
        """The value of one of the settings."""
        value = dict(self.settings).get(name, default)
        return float(value)

    def word(self, name: str) -> str:
        """One of the settings as text, or nothing."""
        return str(dict(self.settings).get(name, ""))

    def digest(self) -> bytes:
        """32 bytes that are equal for equal orders, on every machine."""
        total = hashlib.sha256()
        for field in fields(self):
            value = getattr(self, field.name)
            part = value if isinstance(value, bytes) else repr(value).encode()
            total.update(hashlib.sha256(part).digest())
        return total.digest()


def opened(data: bytes, name: str) -> Image.Image:
    """The pixels of an image file as RGB or RGBA. Raises Unreadable with the field's name."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as image:
                clear = "A" in image.getbands() or "transparency" in image.info
                return image.convert("RGBA" if clear else "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Unreadable(name) from None


def flat(data: bytes, name: str) -> Image.Image:
    """The pixels of an image file as RGB, transparency ignored."""
    return opened(data, name).convert("RGB")
