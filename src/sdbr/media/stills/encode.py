"""Pictures as file bytes, and under a limit of bytes."""

from __future__ import annotations

import struct
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from sdbr.errors import InputProblem
from sdbr.media.clip import Pixels
from sdbr.media.formats import PNG_SIGNATURE, deflate, png_chunk
from sdbr.media.stills.color import flatten

MAX_INPUT_BYTES = 18_000_000
"""An input picture's file: Base64 adds a third, and a request may hold 25,000,000 bytes."""

_QUALITIES = (95, 90, 80, 65, 50)
_COLOR_TYPES = {3: 2, 4: 6}
_SUB, _UP = 1, 2
# ISA-L's level 1 with these filters took 13 ms of CPU for 1280x720, Pillow's fastest 70 to 85.
_LEVEL = 1
_EACH = 4
"""Every fourth byte tells which filter suits a row."""


def encode(image: Image.Image, format: str = "png", quality: int = 95) -> bytes:
    """Encode as "png", "jpeg" or "webp"; `quality` is 1 to 100 and means nothing to PNG.

    PNG is packed at level 1: four times faster than the default for a twelfth more bytes. JPEG
    has no alpha channel, so transparent parts become white. Raises InputProblem where the
    format cannot hold the size (JPEG 65535, WebP 16383 pixels a side).
    """
    options: dict[str, int] = {"png": {"compress_level": 1}, "webp": {"method": 4}}.get(format, {})
    if format == "jpeg":
        if "A" in image.getbands():
            image, _ = flatten(image.convert("RGBA"), "white")
        options = {"subsampling": 0 if quality >= 90 else 2}
    if format != "png":
        options["quality"] = quality
    buffer = BytesIO()
    try:
        image.save(buffer, format, **options)
    except (OSError, ValueError) as error:
        size = f"{image.width}x{image.height}"
        raise InputProblem(
            f"Cannot write a picture of {size} as {format}: {error}. Choose another format."
        ) from error
    return buffer.getvalue()


def encode_under(
    image: Image.Image, format: str = "png", max_bytes: int = MAX_INPUT_BYTES
) -> bytes:
    """Encode in the format if the file stays within `max_bytes`, else with some loss.

    A PNG that is too large becomes a JPEG, or a WebP where there is an alpha channel; then the
    quality falls from 95 to 50. Raises InputProblem if even that is too large.
    """
    data = encode(image, format)
    if len(data) <= max_bytes:
        return data
    lossy = format if format != "png" else ("webp" if "A" in image.getbands() else "jpeg")
    for quality in _QUALITIES:
        data = encode(image, lossy, quality)
        if len(data) <= max_bytes:
            return data
    raise InputProblem(
        f"A picture of {image.width}x{image.height} cannot be compressed to {max_bytes:,} bytes. "
        "Make it smaller first."
    )


def encode_frame(image: Pixels) -> bytes:
    """Return an RGB or RGBA frame, height × width × channels, as a PNG file.

    The same frame can give other bytes on another kind of processor: name frames by their pixels.
    """
    height, width, channels = image.shape
    header = struct.pack(">2I5B", width, height, 8, _COLOR_TYPES[channels], 0, 0, 0)
    packed = deflate.compress(_filter_rows(image).data, _LEVEL)
    chunks = png_chunk(b"IHDR", header), png_chunk(b"IDAT", packed), png_chunk(b"IEND", b"")
    return PNG_SIGNATURE + b"".join(chunks)


def _filter_rows(image: Pixels) -> npt.NDArray[np.uint8]:
    """The rows, each with its filter's number before it: what is left of a byte after the byte
    one pixel before it, or one row above, is taken away."""
    height, width, channels = image.shape
    rows = np.ascontiguousarray(image).reshape(height, width * channels)
    sub, up = rows.copy(), rows.copy()
    np.subtract(rows[:, channels:], rows[:, :-channels], out=sub[:, channels:])
    np.subtract(rows[1:], rows[:-1], out=up[1:])
    upward = _left(up) < _left(sub)
    filtered = np.empty((height, 1 + width * channels), np.uint8)
    filtered[:, 0] = np.where(upward, _UP, _SUB)
    filtered[:, 1:] = sub
    np.copyto(filtered[:, 1:], up, where=upward[:, None])
    return filtered


def _left(rows: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
    """How much is left in each row: the sum of distances from 0, as section 12.7 advises."""
    apart = rows[:, ::_EACH]
    left = np.minimum(apart, np.negative(apart)).sum(axis=1, dtype=np.uint32)
    return np.asarray(left, np.uint32)
