"""The images of an order, decoded."""

from __future__ import annotations

import io
import warnings

from PIL import Image

from sdbr.emulator.painter.order import Unreadable


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
