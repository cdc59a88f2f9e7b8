"""Where the frames of a GIF, APNG or WebP lie and how long each is shown, without decoding.

Layouts: GIF89a; PNG (W3C, third edition) section 11.3.6; RFC 9649 section 2.7.1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

# What browsers play instead of 0 and 1 hundredths.
_SLOWED = Fraction(1, 10)
_LONGEST_TEXT = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Index:
    """What an animation's own structure says.

    `lengths` are seconds a frame; `skipped` is how many leading pictures are no part of the
    animation; `clears` tells that frames may leave transparent holes behind; `texts` are its
    comments by key; `whole` is False where the file stops before its end, and `end` is how many
    of a WebP's bytes are whole chunks.
    """

    lengths: tuple[Fraction, ...]
    loop: int | None
    whole: bool
    skipped: int = 0
    clears: bool = False
    texts: tuple[tuple[str, str], ...] = ()
    end: int = 0


def index_of(kind: str, path: Path) -> Index:
    """Walk through the file once; `kind` is gif, apng or webp. Nonsense holds no frames."""
    walk = {"gif": _gif, "apng": _png, "webp": _webp}[kind]
    with path.open("rb") as file:
        try:
            return walk(file, path.stat().st_size)
        except (struct.error, IndexError):
            return Index((), None, False)


def _gif(file: BinaryIO, size: int) -> Index:
    flags = file.read(13)[10]
    file.seek(3 << (flags & 7) + 1 if flags & 0x80 else 0, 1)
    lengths: list[Fraction] = []
    texts: list[tuple[str, str]] = []
    loop, delay, clears = None, Fraction(0), False
    while mark := file.read(1):
        if mark == b";":
            return Index(tuple(lengths), loop, True, 0, clears, tuple(texts))
        if mark == b",":
            box = file.read(9)
            if len(box) < 9:
                break
            file.seek((3 << (box[8] & 7) + 1 if box[8] & 0x80 else 0) + 1, 1)
            if not _skip_blocks(file, size):
                break
            lengths.append(delay if delay >= Fraction(2, 100) else _SLOWED)
            delay = Fraction(0)
        elif mark == b"!":
            label, body = file.read(1), _blocks(file)
            if label == b"\xf9" and len(body) >= 4:
                delay = Fraction(int.from_bytes(body[1:3], "little"), 100)
                clears |= body[0] >> 2 & 7 in (2, 3)
            elif label == b"\xfe":
                texts.append(("comment", body.decode("utf-8", "replace")))
            elif label == b"\xff" and body[:11] == b"NETSCAPE2.0" and body[11:12] == b"\1":
                loop = int.from_bytes(body[12:14], "little")
    return Index(tuple(lengths), loop, False, 0, clears, tuple(texts))


def _blocks(file: BinaryIO) -> bytes:
    body = bytearray()
    while (length := file.read(1)) not in (b"", b"\0"):
        part = file.read(length[0])
        if len(body) < _LONGEST_TEXT:
            body += part
    return bytes(body)


def _skip_blocks(file: BinaryIO, size: int) -> bool:
    while (length := file.read(1)) not in (b"", b"\0"):
        file.seek(length[0], 1)
    return length == b"\0" and file.tell() <= size


def _png(file: BinaryIO, size: int) -> Index:
    lengths: list[Fraction] = []
    texts: list[tuple[str, str]] = []
    loop, skipped, clears = None, 0, False
    for name, length in _png_chunks(file, size):
        if name == b"acTL":
            (loop,) = struct.unpack(">4xI", file.read(8))
        elif name == b"fcTL":
            body = file.read(26)
            above, below = struct.unpack(">HH", body[20:24])
            lengths.append(Fraction(above, below or 100) or Fraction(1, 100))
            clears |= body[24] in (1, 2)
        elif name == b"IDAT" and not lengths:
            skipped = 1
        elif name in (b"tEXt", b"iTXt"):
            texts.append(_png_text(name, file.read(min(length, _LONGEST_TEXT))))
        elif name == b"IEND":
            return Index(tuple(lengths), loop, True, skipped, clears, tuple(texts))
    return Index(tuple(lengths), loop, False, skipped, clears, tuple(texts))


def _png_chunks(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int]]:
    at = 8
    while at + 12 <= size:
        file.seek(at)
        length, name = struct.unpack(">I4s", file.read(8))
        at += 12 + length
        if at > size:
            return
        yield name, length


def _png_text(name: bytes, body: bytes) -> tuple[str, str]:
    key, _, rest = body.partition(b"\0")
    if name == b"tEXt":
        return key.decode("latin-1"), rest.decode("latin-1")
    text = rest[2:].split(b"\0", 2)[-1]
    return key.decode("latin-1"), "" if rest[:1] == b"\1" else text.decode("utf-8", "replace")


def _webp(file: BinaryIO, size: int) -> Index:
    lengths: list[Fraction] = []
    texts: list[tuple[str, str]] = []
    loop, at = None, 12
    file.seek(4)
    declared = 8 + int.from_bytes(file.read(4), "little")
    while at + 8 <= min(size, declared):
        file.seek(at)
        name, length = struct.unpack("<4sI", file.read(8))
        if at + 8 + length > size:
            break
        at += 8 + length + length % 2
        if name == b"ANIM":
            loop = int.from_bytes(file.read(6)[4:], "little")
        elif name == b"ANMF":
            milliseconds = int.from_bytes(file.read(16)[12:15], "little")
            lengths.append(Fraction(milliseconds, 1000) or _SLOWED)
        elif name == b"XMP ":
            text = file.read(min(length, _LONGEST_TEXT)).decode("utf-8", "replace")
            texts.append(("xmp", text))
    return Index(tuple(lengths), loop, size + 1 >= declared, 0, False, tuple(texts), at)
