"""Picture files: format, metadata, and the mark that tells that no model drew them."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    deflate = zlib
else:
    try:
        from isal import isal_zlib as deflate
    except ImportError:  # There is no wheel for Windows on Arm.
        deflate = zlib

NOTE = "Emulated picture; no model drew it."
SOFTWARE = "sdbr emulator"
EXIF_DESCRIPTION, EXIF_SOFTWARE = 0x010E, 0x0131
# "emulated" in letters of 3x5 dots, one row of the letter a number.
LETTERS = {
    "e": (7, 4, 6, 4, 7),
    "m": (5, 7, 7, 5, 5),
    "u": (5, 5, 5, 5, 7),
    "l": (4, 4, 4, 4, 7),
    "a": (2, 5, 7, 5, 5),
    "t": (7, 2, 2, 2, 2),
    "d": (6, 5, 5, 5, 6),
}
WORD = "emulated"
_UP = 2  # The PNG filter that takes the row above away: one subtraction in NumPy.
PNG_END = 12  # Bytes of the IEND chunk.
PNG_HEADER = 33  # Bytes of the signature and the IHDR chunk.
C2PA_STORE = bytes.fromhex("6332706100110010800000aa00389b71")
PNG_NAME = b"fiLl"  # By the case of its letters: ancillary, private, safe to copy.
JPEG_START = 2  # Bytes of the SOI marker.
JPEG_COMMENT = b"\xff\xfe"
JPEG_APP11 = b"\xff\xeb"
JPEG_LONGEST = 65_533  # A segment's 16-bit length counts its own two bytes.
WEBP_NAME = b"fill"


def mark(image: Image.Image, force: float) -> Image.Image:
    """Write a small word into the lower right corner; `force` is 0 (nothing) to 1 (white)."""
    dot = max(1, round(min(image.size) / 640))
    stencil = _stencil()
    if image.width < stencil.width * dot * 3 or image.height < stencil.height * dot * 6:
        return image
    letters = stencil.resize((stencil.width * dot, stencil.height * dot), Image.Resampling.NEAREST)
    place = image.width - letters.width - 4 * dot, image.height - letters.height - 4 * dot
    area = (place[0], place[1], place[0] + letters.width, place[1] + letters.height)
    bright = float(np.asarray(image.crop(area).convert("L")).mean()) > 140
    result = image.copy()
    ink = (0, 0, 0) if bright else (255, 255, 255)
    fill = (*ink, 255) if image.mode == "RGBA" else ink
    result.paste(fill, area, letters.point([round(value * force) for value in range(256)]))
    return result


def encode(image: Image.Image, kind: str) -> bytes:
    """The bytes of a PNG, JPEG or WebP file, with a note in its metadata."""
    if kind == "png":
        return png(image, {"Software": SOFTWARE, "Comment": NOTE})
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[EXIF_DESCRIPTION] = NOTE
    exif[EXIF_SOFTWARE] = SOFTWARE
    if kind == "jpeg":
        image.convert("RGB").save(stream, "jpeg", quality=92, exif=exif)
    else:
        image.save(stream, "webp", quality=88, method=1, exif=exif)
    return stream.getvalue()


def _stencil() -> Image.Image:
    dots = np.zeros((5, len(WORD) * 4 - 1), np.uint8)
    for at, letter in enumerate(WORD):
        for row, bits in enumerate(LETTERS[letter]):
            for column in range(3):
                dots[row, at * 4 + column] = 255 * (bits >> (2 - column) & 1)
    return Image.fromarray(dots)


def png(image: Image.Image, notes: Mapping[str, str]) -> bytes:
    """The file of an RGB or RGBA picture, with notes in Latin-1 in its metadata."""
    pixels = np.asarray(image.convert("RGBA" if "A" in image.getbands() else "RGB"))
    height, width, channels = pixels.shape
    lines = np.full((height, 1 + width * channels), _UP, np.uint8)
    lines[:, 1:] = pixels.reshape(height, -1)
    lines[1:, 1:] -= pixels.reshape(height, -1)[:-1]
    header = struct.pack(">2I5B", width, height, 8, {3: 2, 4: 6}[channels], 0, 0, 0)
    texts = [(b"tEXt", f"{key}\0{text}".encode("latin-1")) for key, text in notes.items()]
    chunks = [(b"IHDR", header), *texts, (b"IDAT", deflate.compress(lines.data, 1)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(name, body) for name, body in chunks)


def padded(data: bytes, size: int) -> bytes:
    """The same picture in a file of at least `size` bytes.

    What is added is noise, the same each time, in a part of a PNG, JPEG or WebP that readers skip.
    """
    if len(data) >= size:
        return data
    noise = _noise(size - len(data))
    if data.startswith(b"\x89PNG"):
        return data[:-PNG_END] + _png_chunk(PNG_NAME, noise) + data[-PNG_END:]
    if data.startswith(b"\xff\xd8"):
        parts = (noise[at : at + JPEG_LONGEST] for at in range(0, len(noise), JPEG_LONGEST))
        comments = b"".join(_jpeg_segment(JPEG_COMMENT, part) for part in parts)
        return data[:JPEG_START] + comments + data[JPEG_START:]
    return _with_webp_chunk(data, WEBP_NAME, noise + b"\0" * (len(noise) % 2))


def with_credentials(data: bytes) -> bytes:
    """The same file with a box of content credentials (C2PA) that names no signer."""
    described = struct.pack(">I4s16sB5s", 30, b"jumd", C2PA_STORE, 3, b"c2pa\0")
    box = struct.pack(">I4s", 8 + len(described), b"jumb") + described
    if data.startswith(b"\x89PNG"):
        return data[:PNG_HEADER] + _png_chunk(b"caBX", box) + data[PNG_HEADER:]
    if data.startswith(b"\xff\xd8"):
        segment = _jpeg_segment(JPEG_APP11, b"JP" + struct.pack(">HI", 1, 1) + box)
        return data[:JPEG_START] + segment + data[JPEG_START:]
    return _with_webp_chunk(data, b"C2PA", box)


def _png_chunk(name: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(body, zlib.crc32(name))
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", checksum)


def _jpeg_segment(marker: bytes, body: bytes) -> bytes:
    return marker + struct.pack(">H", len(body) + 2) + body


def _with_webp_chunk(data: bytes, name: bytes, body: bytes) -> bytes:
    chunks = data[8:] + name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


@cache
def _all_noise() -> bytes:
    return random.Random(1).randbytes(1 << 20)


def _noise(size: int) -> bytes:
    whole, rest = divmod(size, 1 << 20)
    return _all_noise() * whole + _all_noise()[:rest]
