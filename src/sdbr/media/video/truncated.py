"""Whether a file holds as many bytes as its own header says.

Layouts: ISO/IEC 14496-12 section 4.2 (boxes), RIFF, RFC 8794 (EBML sizes).
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

_SEGMENT = b"\x18\x53\x80\x67"
_EBML = b"\x1a\x45\xdf\xa3"


def missing_bytes(path: Path) -> int:
    """Return how many bytes the file declares and does not hold; 0 where it is whole.

    Knows MP4 and MOV, AVI, WebP, Matroska and WebM; anything else gives 0.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        file.seek(0)
        try:
            declared = _declared_size(file, head, size)
        except (struct.error, IndexError, ValueError, OSError):
            return 0  # Its sizes make no sense, or lead to nowhere.
    return max(0, declared - size)


def _declared_size(file: BinaryIO, head: bytes, size: int) -> int:
    if head[:4] == b"RIFF":
        return 8 + int(struct.unpack("<I", head[4:8])[0])
    if head[:4] == _EBML:
        return _ebml_end(file)
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return _boxes_end(file, size)
    return 0


def _boxes_end(file: BinaryIO, size: int) -> int:
    at = 0
    while at + 8 <= size:
        file.seek(at)
        (length,) = struct.unpack(">I", file.read(4))
        if length == 0:
            return size
        if length == 1:
            file.seek(at + 8)
            (length,) = struct.unpack(">Q", file.read(8))
        if length < 8:
            return 0
        at += length
    return at


def _ebml_end(file: BinaryIO) -> int:
    for _ in range(4):
        name = _vint(file, keep_marker=True)
        at_size = file.tell()
        length = _vint(file, keep_marker=False)
        if name == int.from_bytes(_SEGMENT, "big"):
            unknown = length == (1 << 7 * (file.tell() - at_size)) - 1
            return 0 if unknown else file.tell() + length
        file.seek(length, 1)
    return 0


def _vint(file: BinaryIO, *, keep_marker: bool) -> int:
    first = file.read(1)[0]
    width = 9 - first.bit_length()
    value = first if keep_marker else first & ((1 << (8 - width)) - 1)
    for byte in file.read(width - 1):
        value = value << 8 | byte
    return value
