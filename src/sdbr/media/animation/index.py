"""Where the frames of a GIF, APNG or WebP lie and how long each is shown, without decoding.

Layouts: GIF89a; PNG (W3C, third edition) section 11.3.6; RFC 9649 section 2.7.1.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from mmap import ACCESS_READ, mmap
from pathlib import Path

from sdbr.media.formats import png_chunks, webp_chunks

# What browsers play instead of 0 and 1 hundredths.
_SLOWED = Fraction(1, 10)


@dataclass(frozen=True, slots=True)
class Index:
    """What an animation's own structure says.

    `lengths` are seconds a frame; `skipped` is how many leading pictures are no part of the
    animation; `clears` tells that frames may leave transparent holes behind; `comment` is a GIF's
    last one, `packet` its XMP; `whole` is False where the file stops before its end, and `end` is
    how many of a WebP's bytes are whole chunks.
    """

    lengths: tuple[Fraction, ...]
    loop: int | None
    whole: bool
    skipped: int = 0
    clears: bool = False
    comment: str | None = None
    end: int = 0
    packet: str = ""


def index_of(kind: str, path: Path) -> Index:
    """Walk through the file once; `kind` is gif, apng or webp. Nonsense holds no frames."""
    walk = {"gif": _gif, "apng": _png, "webp": _webp}[kind]
    # Mapped, not read: only the pages that the headers lie on come into memory.
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        try:
            return walk(data)
        except (struct.error, IndexError):
            return Index((), None, False)


def _gif(data: mmap) -> Index:
    lengths: list[Fraction] = []
    loop, delay, clears, whole = None, Fraction(0), False, False
    comment: str | None = None
    packet = ""
    at = 13 + _color_table(data[10])
    while at < len(data) and not whole:
        mark = data[at : at + 1]
        if mark == b",":
            if at + 10 > len(data):
                break
            # Behind the local color table stands one byte, the smallest code's width.
            _, at = _blocks(data, at + 11 + _color_table(data[at + 9]))
            if at > len(data):
                break
            lengths.append(delay if delay >= Fraction(2, 100) else _SLOWED)
            delay = Fraction(0)
        elif mark == b"!":
            label = data[at + 1 : at + 2]
            begins = at
            body, at = _blocks(data, at + 2)
            if label == b"\xf9" and len(body) >= 4:
                delay = Fraction(int.from_bytes(body[1:3], "little"), 100)
                clears |= body[0] >> 2 & 7 in (2, 3)
            elif label == b"\xfe":
                comment = body.decode("utf-8", "replace")
            elif label == b"\xff" and body[:11] == b"XMP DataXMP":
                # It stands there as it is, not in blocks: 14 bytes of head, 258 of trailer.
                packet = data[begins + 14 : max(begins + 14, at - 258)].decode("utf-8", "replace")
            elif label == b"\xff" and body[:11] == b"NETSCAPE2.0" and body[11:12] == b"\1":
                # It counts how often a GIF starts again, as browsers play it: plays less one.
                again = int.from_bytes(body[12:14], "little")
                loop = again + 1 if again else 0
        else:
            whole = mark == b";"
            at += 1
    return Index(tuple(lengths), loop, whole, 0, clears, comment, packet=packet)


def _color_table(flags: int) -> int:
    """The size in bytes of the color table that a descriptor's flags declare."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _blocks(data: mmap, at: int) -> tuple[bytes, int]:
    """The joined sub-blocks at `at`, and where they end: past the file's end if they are cut."""
    parts = []
    while at < len(data) and (length := data[at]):
        parts.append(data[at + 1 : at + 1 + length])
        at += 1 + length
    return b"".join(parts), at + 1


def _png(data: mmap) -> Index:
    lengths: list[Fraction] = []
    loop, skipped, clears, whole = None, 0, False, False
    for name, start, _ in png_chunks(data):
        if name == b"acTL":
            (loop,) = struct.unpack_from(">4xI", data, start)
        elif name == b"fcTL":
            above, below, disposal = struct.unpack_from(">20x2HB", data, start)
            lengths.append(Fraction(above, below or 100) or Fraction(1, 100))
            clears |= disposal in (1, 2)
        elif name == b"IDAT" and not lengths:
            skipped = 1
        elif name == b"IEND":
            whole = True
            break
    return Index(tuple(lengths), loop, whole, skipped, clears)


def _webp(data: mmap) -> Index:
    lengths: list[Fraction] = []
    loop, end = None, 12
    for name, start, stop in webp_chunks(data):
        end = stop + (stop - start) % 2
        if name == b"ANIM":
            loop = int.from_bytes(data[start + 4 : start + 6], "little")
        elif name == b"ANMF":
            milliseconds = int.from_bytes(data[start + 12 : start + 15], "little")
            lengths.append(Fraction(milliseconds, 1000) or _SLOWED)
    declared = 8 + int.from_bytes(data[4:8], "little")
    return Index(tuple(lengths), loop, len(data) + 1 >= declared, end=end)
