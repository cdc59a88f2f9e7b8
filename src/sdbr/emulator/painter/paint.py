"""One order in, one picture file out."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable

from PIL import Image

from sdbr.emulator.painter.encode import encode, mark
from sdbr.emulator.painter.order import Order, Unreadable
from sdbr.emulator.painter.restyle import plain_picture, restyle

# The mark is fainter where the picture should stay near to what was sent.
TEXT_MARK, IMAGE_MARK = 0.34, 0.2


def paint(order: Order) -> bytes:
    """The picture file of an order. Raises Unreadable when one of its images cannot be decoded."""
    picture = TASKS[order.task](order)
    if order.side and max(picture.size) > order.side:
        picture.thumbnail((order.side, order.side), Image.Resampling.BILINEAR)
    return encode(mark(picture, IMAGE_MARK if order.image else TEXT_MARK), order.format)


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


def _text_to_image(order: Order) -> Image.Image:
    return plain_picture(order)


def _image_to_image(order: Order) -> Image.Image:
    return restyle(opened(order.image, "image").convert("RGB"), order)


TASKS: dict[str, Callable[[Order], Image.Image]] = {
    "text-to-image": _text_to_image,
    "image-to-image": _image_to_image,
    **dict.fromkeys(
        ("inpaint", "outpaint", "erase-object", "remove-background", "search-replace",
         "search-recolor", "control-sketch", "control-structure", "style-guide", "style-transfer",
         "creative-upscale", "conservative-upscale", "fast-upscale"),
        _image_to_image,
    ),
}  # fmt: skip
