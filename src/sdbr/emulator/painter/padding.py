"""Fills picture files up to a size: what a load test measures is moving and decoding them."""

from __future__ import annotations

import random
import struct
import zlib
from functools import cache

PNG_END = 12
PNG_NAME = b"fiLl"  # By the case of its letters: ancillary, private, safe to copy.
JPEG_START = 2
JPEG_COMMENT = b"\xff\xfe"
JPEG_LONGEST = 65_533
WEBP_NAME = b"fill"


def padded(data: bytes, size: int) -> bytes:
    """The same picture in a file of at least `size` bytes.

    What is added is noise, the same each time, in a part of a PNG, JPEG or WebP that readers skip.
    """
    if len(data) >= size:
        return data
    noise = _noise(size - len(data))
    if data.startswith(b"\x89PNG"):
        return data[:-PNG_END] + _png_chunk(noise) + data[-PNG_END:]
    if data.startswith(b"\xff\xd8"):
        return data[:JPEG_START] + _jpeg_comments(noise) + data[JPEG_START:]
    noise += b"\0" * (len(noise) % 2)
    body = data[8:] + WEBP_NAME + struct.pack("<I", len(noise)) + noise
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _png_chunk(noise: bytes) -> bytes:
    checksum = zlib.crc32(noise, zlib.crc32(PNG_NAME))
    return struct.pack(">I", len(noise)) + PNG_NAME + noise + struct.pack(">I", checksum)


def _jpeg_comments(noise: bytes) -> bytes:
    parts = (noise[at : at + JPEG_LONGEST] for at in range(0, len(noise), JPEG_LONGEST))
    return b"".join(JPEG_COMMENT + struct.pack(">H", len(part) + 2) + part for part in parts)


@cache
def _all_noise() -> bytes:
    return random.Random(1).randbytes(1 << 20)


def _noise(size: int) -> bytes:
    whole, rest = divmod(size, 1 << 20)
    return _all_noise() * whole + _all_noise()[:rest]
