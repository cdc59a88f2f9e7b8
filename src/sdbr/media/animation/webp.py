"""Writes animated WebP frame by frame, each with exactly its time in milliseconds.

Layout: RFC 9649, section 2.7. libwebp's own animation encoder merges equal frames and guesses the
last one's length; here every frame stays and lasts as long as it says.
"""

from __future__ import annotations

import html
import io
import struct
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

from PIL import Image

from sdbr.media.clip import EncodingSettings, Pixels
from sdbr.media.stills.pixels import changed_box, part, scaled, with_channels
from sdbr.media.timing import to_tick

_TICK = Fraction(1, 1000)
_ALPHA, _XMP, _ANIMATION = 0x10, 0x04, 0x02
_NO_BLEND = 2
_LONGEST = (1 << 24) - 1
_WIDEST = 16383


class WebpSink:
    """One animated WebP being written."""

    def __init__(
        self, target: Path, first: Pixels, settings: EncodingSettings, comment: str
    ) -> None:
        self._settings = settings
        self._channels = first.shape[2]
        self._before: Pixels | None = None
        self._comment = comment
        self._file = target.open("w+b")
        height, width = scaled(first, settings.width).shape[:2]
        flags = _ANIMATION | (_ALPHA if self._channels == 4 else 0) | (_XMP if comment else 0)
        header = bytes([flags, 0, 0, 0]) + _three(width - 1) + _three(height - 1)
        plays = 1 if settings.loop is None else min(settings.loop, 65535)
        self._file.write(b"RIFF\0\0\0\0WEBP")
        self._file.write(_chunk(b"VP8X", header))
        self._file.write(_chunk(b"ANIM", struct.pack("<IH", 0, plays)))

    def add(self, image: Pixels, at: Fraction, lasts: Fraction) -> None:
        """Append the part of the picture that changed."""
        image = scaled(with_channels(image, self._channels), self._settings.width)
        box = changed_box(self._before, image, step=2)
        self._before = image
        length = min(_LONGEST, max(1, to_tick(at + lasts, _TICK) - to_tick(at, _TICK)))
        places = (box.x // 2, box.y // 2, box.width - 1, box.height - 1, length)
        head = b"".join(map(_three, places)) + bytes([_NO_BLEND])
        self._file.write(_chunk(b"ANMF", head + self._encoded(part(image, box))))

    def finish(self) -> None:
        """Write the comment and the file's length."""
        if self._comment:
            self._file.write(_chunk(b"XMP ", xmp_of(self._comment)))
        size = self._file.tell()
        self._file.seek(4)
        self._file.write(struct.pack("<I", size - 8))
        self._file.close()

    def abort(self) -> None:
        """Close the file as it is."""
        with suppress(OSError):
            self._file.close()

    def _encoded(self, image: Pixels) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(image).save(
            buffer,
            "WEBP",
            quality=self._settings.quality,
            lossless=self._settings.lossless,
            exact=self._settings.lossless,
        )
        chunks = _chunks(buffer.getvalue())
        return b"".join(_chunk(*c) for c in chunks if c[0] in (b"ALPH", b"VP8 ", b"VP8L"))


def xmp_of(text: str) -> bytes:
    """Return an XMP packet that keeps `text` as sdbr's record."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:sdbr="https://sdbr.invalid/ns/1/">'
        f"<sdbr:record>{html.escape(text, quote=False)}</sdbr:record>"
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(data):
        (length,) = struct.unpack_from("<I", data, at + 4)
        yield data[at : at + 4], data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _three(number: int) -> bytes:
    return number.to_bytes(3, "little")
