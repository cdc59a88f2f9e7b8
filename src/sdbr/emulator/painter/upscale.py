"""The upscalers: larger, sharper, for two of them with a touch of the prompt."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from sdbr.emulator.painter.opening import flat
from sdbr.emulator.painter.order import Order
from sdbr.emulator.painter.restyle import full_look

FAST = 4
# Bedrock says "to 4K".
LONG_SIDE, MAX_PIXELS = 3840, 9_437_184


def fast_upscale(order: Order) -> Image.Image:
    """Four times as wide and as high."""
    image = flat(order.image, "image")
    return image.resize((image.width * FAST, image.height * FAST), Image.Resampling.BICUBIC)


def conservative_upscale(order: Order) -> Image.Image:
    """To 4K, content unchanged."""
    return _sharpened(_to_4k(flat(order.image, "image")))


def creative_upscale(order: Order) -> Image.Image:
    """To 4K, with something of the prompt's look; `creativity` is 0.1 to 0.5."""
    image = flat(order.image, "image")
    seen = Image.blend(image, full_look(image, order), order.number("creativity", 0.3))
    return _sharpened(_to_4k(seen))


def _to_4k(image: Image.Image) -> Image.Image:
    times = min(
        LONG_SIDE / max(image.size), float(np.sqrt(MAX_PIXELS / (image.width * image.height)))
    )
    times = max(1.0, times)
    size = round(image.width * times), round(image.height * times)
    return image.resize(size, Image.Resampling.BICUBIC)


def _sharpened(image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.UnsharpMask(2, 60, 1))
