"""One order in, one picture file out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from PIL import Image

from sdbr.emulator.painter import services
from sdbr.emulator.painter.files import encode, mark
from sdbr.emulator.painter.order import Order, flat
from sdbr.emulator.painter.restyle import plain_picture, restyle

# The mark is fainter where the picture should stay near to what was sent.
TEXT_MARK, IMAGE_MARK = 0.34, 0.2


def paint(order: Order) -> bytes:
    """The picture file of an order. Raises Unreadable when one of its images cannot be decoded."""
    picture = TASKS[order.task](dataclasses.replace(order, size=capped(order.size, order.side)))
    if order.side and max(picture.size) > order.side:
        picture.thumbnail((order.side, order.side), Image.Resampling.BILINEAR)
    return encode(mark(picture, IMAGE_MARK if order.image else TEXT_MARK), order.format)


def capped(size: tuple[int, int], side: int) -> tuple[int, int]:
    """The size, made smaller in proportion when its longer side is above `side` (0: no cap)."""
    longer = max(size)
    if not side or longer <= side:
        return size
    return max(1, size[0] * side // longer), max(1, size[1] * side // longer)


def _image_to_image(order: Order) -> Image.Image:
    source = flat(order.image, "image")
    return restyle(source.resize(capped(source.size, order.side)), order)


TASKS: dict[str, Callable[[Order], Image.Image]] = {
    "text-to-image": plain_picture,
    "image-to-image": _image_to_image,
    "inpaint": services.inpaint,
    "outpaint": services.outpaint,
    "erase-object": services.erase,
    "remove-background": services.remove_background,
    "search-replace": services.search_replace,
    "search-recolor": services.search_recolor,
    "control-sketch": services.control_sketch,
    "control-structure": services.control_structure,
    "style-guide": services.style_guide,
    "style-transfer": services.style_transfer,
    "creative-upscale": services.creative_upscale,
    "conservative-upscale": services.conservative_upscale,
    "fast-upscale": services.fast_upscale,
}
