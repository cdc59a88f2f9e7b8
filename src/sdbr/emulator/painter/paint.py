"""One order in, one picture file out."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from sdbr.emulator.painter.order import Order, Unreadable


def paint(order: Order) -> bytes:
    """The picture file of an order. Raises Unreadable when one of its images cannot be decoded."""
    rng = np.random.default_rng(int.from_bytes(order.digest()[:8]))
    if order.image:
        try:
            source = Image.open(io.BytesIO(order.image)).convert("RGB")
        except (OSError, ValueError, SyntaxError):
            raise Unreadable("image") from None
        tint = Image.new("RGB", source.size, tuple(int(v) for v in rng.integers(0, 255, 3)))
        picture = Image.blend(source, tint, 0.5 * order.strength)
    else:
        top, bottom = rng.integers(0, 255, (2, 3))
        ramp = np.linspace(0, 1, order.size[1])[:, None, None]
        field = np.broadcast_to(top + (bottom - top) * ramp, (order.size[1], order.size[0], 3))
        picture = Image.fromarray(field.astype(np.uint8))
    if order.side:
        picture.thumbnail((order.side, order.side))
    stream = io.BytesIO()
    picture.save(stream, order.format, **({"compress_level": 1} if order.format == "png" else {}))
    return stream.getvalue()
