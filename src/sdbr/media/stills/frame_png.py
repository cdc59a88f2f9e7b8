"""PNG files of single frames, packed fast: a clip writes three for each frame that it draws.

Pillow's encoder takes 70 to 85 ms for 1280x720 at its fastest, in trying five filters a row and in
zlib. The better of two filters a row and ISA-L's deflate take 13 ms, for 0 to 8 % more bytes.
Layout: PNG (W3C, third edition), sections 9.2 (filters), 11.2.1 (IHDR) and 11.2.3 (IDAT).
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt
from isal import isal_zlib

from sdbr.media.clip import Pixels

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {3: 2, 4: 6}
_SUB, _UP = 1, 2
_LEVEL = 1
_EACH = 4
"""Every fourth byte tells which filter suits a row."""


def encode_frame(image: Pixels) -> bytes:
    """Return an RGB or RGBA frame, height × width × channels, as a PNG file.

    The same frame can give other bytes on another kind of processor: name frames by their pixels.
    """
    height, width, channels = image.shape
    header = struct.pack(">2I5B", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    packed = isal_zlib.compress(_filtered(image), _LEVEL)
    parts = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(name, body) for name, body in parts)


def _filtered(image: Pixels) -> npt.NDArray[np.uint8]:
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


def _chunk(name: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(body, zlib.crc32(name))
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", checksum)
