"""Files inside a page: seven bits a character, for a sixth more than their size.

Base64 costs a third. ASCII characters carry seven bits each in one byte; three of them mean
something to an HTML parser, so a letter of two bytes with the same low seven bits stands for
each. The page's script undoes it (`unpack` in page.js).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

# NUL and CR are changed by the parser, and "<" could end the element.
_STANDING_IN = ((b"\0", "Ā".encode()), (b"\r", "č".encode()), (b"<", "ļ".encode()))
_WEIGHTS = np.array([64, 32, 16, 8, 4, 2, 1], np.uint8)
_PIECE = 7 * 65_536


def packed(data: bytes) -> Iterator[bytes]:
    """The text that stands for `data`, UTF-8, in pieces."""
    for start in range(0, len(data), _PIECE):
        bits = np.unpackbits(np.frombuffer(data[start : start + _PIECE], np.uint8))
        groups = np.pad(bits, (0, -len(bits) % 7)).reshape(-1, 7)
        text = (groups * _WEIGHTS).sum(axis=1, dtype=np.uint8).tobytes()
        for special, letter in _STANDING_IN:
            text = text.replace(special, letter)
        yield text


def unpacked(text: str, size: int) -> bytes:
    """What `packed` was given, `size` bytes of it; the page's script does the same."""
    codes = np.array([ord(letter) & 127 for letter in text], np.uint8)
    bits = np.unpackbits(codes[:, None], axis=1)[:, 1:]
    return np.packbits(bits.reshape(-1)).tobytes()[:size]
