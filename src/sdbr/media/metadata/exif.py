"""The one EXIF field in which programs keep how a picture was made: UserComment.

A block that is there already is added to, never rewritten: its other fields keep their places.
Layout: TIFF 6.0, section 2; the tags: Exif 2.32, section 4.6.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

_EXIF_IFD = 0x8769
_USER_COMMENT = 0x9286
_LONG, _UNDEFINED = 4, 7
_UNICODE = b"UNICODE\0"
_ASCII = b"ASCII\0\0\0"
_NO_CHARSET = b"\0" * 8
_FRESH = b"MM\0*\0\0\0\0"


class _Entry(NamedTuple):
    tag: int
    kind: int
    length: int
    value: int


def with_user_comment(tiff: bytes, text: str) -> bytes:
    """Return the TIFF block with `text` as its UserComment; a broken or empty block is replaced.

    The text is UTF-16, high byte first, after the mark "UNICODE", as the webui writes it.
    """
    comment = _UNICODE + text.encode("utf-16-be", "replace")
    try:
        return _add(tiff, comment)
    except (struct.error, KeyError):
        return _add(_FRESH, comment)


def user_comment(tiff: bytes) -> str:
    """Return the UserComment of a TIFF block; "" where there is none or the block is broken."""
    try:
        order = _order(tiff)
        found = _exif_entries(tiff, order).get(_USER_COMMENT)
    except (struct.error, KeyError):
        return ""
    if found is None or found.length <= len(_UNICODE):
        return ""
    return _text(tiff[found.value : found.value + found.length])


def _text(comment: bytes) -> str:
    charset, body = comment[:8], comment[8:]
    if charset == _UNICODE:
        # The byte order is not said anywhere. Settings hold many ASCII letters: the right order
        # is the one that shows them.
        texts = [body.decode(codec, "replace") for codec in ("utf-16-be", "utf-16-le")]
        return max(texts, key=lambda text: sum(c.isascii() for c in text)).strip("\0\ufeff")
    known = charset in (_ASCII, _NO_CHARSET)
    return (body if known else comment).decode("utf-8", "replace").strip("\0")


def _add(tiff: bytes, comment: bytes) -> bytes:
    order = _order(tiff)
    (first,) = struct.unpack_from(order + "I", tiff, 4)
    main, after_main = _entries(tiff, order, first) if first else ({}, 0)
    exif = _exif_entries(tiff, order) if first else {}
    earlier = exif.get(_USER_COMMENT)
    if earlier and earlier.length > 4 and earlier.value + earlier.length == len(tiff):
        return _replace_last(tiff, order, main[_EXIF_IFD].value, earlier, comment)
    body = tiff + b"\0" * (len(tiff) % 2)
    main_size = 6 + 12 * len({*main, _EXIF_IFD})
    exif_at = len(body) + main_size
    exif_size = 6 + 12 * len({*exif, _USER_COMMENT})
    main[_EXIF_IFD] = _Entry(_EXIF_IFD, _LONG, 1, exif_at)
    exif[_USER_COMMENT] = _Entry(_USER_COMMENT, _UNDEFINED, len(comment), exif_at + exif_size)
    header = body[:4] + struct.pack(order + "I", len(body)) + body[8:]
    return header + _pack(order, main, after_main) + _pack(order, exif, 0) + comment


def _replace_last(tiff: bytes, order: str, ifd: int, earlier: _Entry, comment: bytes) -> bytes:
    """Put `comment` where the earlier one ended the block, so that embedding twice adds nothing."""
    entry = struct.pack(order + "HHII", *earlier)
    at = tiff.index(entry, ifd)
    renewed = struct.pack(order + "HHII", *earlier._replace(length=len(comment)))
    return tiff[:at] + renewed + tiff[at + len(entry) : earlier.value] + comment


def _order(tiff: bytes) -> str:
    return {b"MM\0*": ">", b"II*\0": "<"}[tiff[:4]]


def _exif_entries(tiff: bytes, order: str) -> dict[int, _Entry]:
    (first,) = struct.unpack_from(order + "I", tiff, 4)
    pointer = _entries(tiff, order, first)[0].get(_EXIF_IFD)
    return _entries(tiff, order, pointer.value)[0] if pointer else {}


def _entries(tiff: bytes, order: str, at: int) -> tuple[dict[int, _Entry], int]:
    """Return a directory's entries by tag, and the offset of the directory that follows it."""
    (count,) = struct.unpack_from(order + "H", tiff, at)
    (following,) = struct.unpack_from(order + "I", tiff, at + 2 + 12 * count)
    rows = struct.iter_unpack(order + "HHII", tiff[at + 2 : at + 2 + 12 * count])
    return {row[0]: _Entry(*row) for row in rows}, following


def _pack(order: str, entries: dict[int, _Entry], following: int) -> bytes:
    rows = b"".join(struct.pack(order + "HHII", *entries[tag]) for tag in sorted(entries))
    return struct.pack(order + "H", len(entries)) + rows + struct.pack(order + "I", following)
