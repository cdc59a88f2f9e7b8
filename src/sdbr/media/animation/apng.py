"""Writes animated PNG frame by frame, with times as exact fractions.

Layout: PNG (W3C, third edition), sections 11.3.6 and 4.9.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

from sdbr.media.clip import EncodingSettings, FileTexts, Pixels
from sdbr.media.formats import PNG_SIGNATURE, png_chunk, png_chunks
from sdbr.media.metadata import png, xmp
from sdbr.media.stills.pixels import changed_box, encode_png, part, scale, with_channels

_LEVEL = 6
# Both halves of a delay are 16 bits.
_LARGEST = 65535


class ApngSink:
    """One animated PNG being written."""

    def __init__(
        self, target: Path, first: Pixels, settings: EncodingSettings, texts: FileTexts
    ) -> None:
        self._settings = settings
        self._plays = 1 if settings.loop is None else settings.loop
        self._channels = first.shape[2]
        self._texts = texts
        self._before: Pixels | None = None
        self._frames = self._sequence = self._control_at = 0
        self._file = target.open("w+b")

    def add(self, image: Pixels, _at: Fraction, lasts: Fraction) -> None:
        """Append the part of the picture that changed."""
        image = scale(with_channels(image, self._channels), self._settings.width)
        box = changed_box(self._before, image)
        drawn = encode_png(part(image, box), _LEVEL)
        header, *rest = png_chunks(drawn)
        data = b"".join(drawn[chunk.start : chunk.end] for chunk in rest if chunk.name == b"IDAT")
        if self._before is None:
            self._begin(drawn[header.start : header.end])
        delay = _delay(lasts)
        places = (self._next(), box.width, box.height, box.x, box.y)
        control = struct.pack(">5I2H2B", *places, delay.numerator, delay.denominator, 0, 0)
        self._write(b"fcTL", control)
        if self._before is None:
            self._write(b"IDAT", data)
        else:
            self._write(b"fdAT", struct.pack(">I", self._next()) + data)
        self._before = image
        self._frames += 1

    def finish(self) -> None:
        """Write the end, and at the beginning how many frames there are."""
        self._write(b"IEND", b"")
        self._file.seek(self._control_at)
        self._write(b"acTL", struct.pack(">II", self._frames, self._plays))
        self._file.close()

    def abort(self) -> None:
        """Close the file as it is."""
        with suppress(OSError):
            self._file.close()

    def _begin(self, header: bytes) -> None:
        self._file.write(PNG_SIGNATURE)
        self._write(b"IHDR", header)
        self._control_at = self._file.tell()
        self._write(b"acTL", struct.pack(">II", 0, self._plays))
        for key, text in (("sdbr", self._texts.comment), (xmp.KEY, self._texts.packet)):
            if text:
                self._file.write(png.text_chunk(key, text))

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence - 1

    def _write(self, name: bytes, body: bytes) -> None:
        self._file.write(png_chunk(name, body))


def _delay(lasts: Fraction) -> Fraction:
    """Return the nearest fraction whose both halves fit in 16 bits."""
    finest = _LARGEST
    while (delay := lasts.limit_denominator(finest)).numerator > _LARGEST and finest > 1:
        finest //= 2
    return min(delay, Fraction(_LARGEST))
