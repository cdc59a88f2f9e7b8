"""Writes animated WebP frame by frame, each with exactly its time in milliseconds.

Layout: RFC 9649, section 2.7. libwebp's own animation encoder merges equal frames and guesses the
last one's length; here every frame stays and lasts as long as it says.
"""

from __future__ import annotations

import io
import struct
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

from PIL import Image

from sdbr.media.clip import EncodingSettings, FileTexts, Pixels
from sdbr.media.formats import riff_chunk, webp_chunks
from sdbr.media.metadata.webp import with_record
from sdbr.media.stills.pixels import changed_box, part, scale, with_channels
from sdbr.media.timing import to_tick

_TICK = Fraction(1, 1000)
# Flags of the extended header and of a frame; a frame's length has 24 bits.
_ALPHA, _XMP, _ANIMATION = 0x10, 0x04, 0x02
_NO_BLEND = 2
_LONGEST = (1 << 24) - 1


class WebpSink:
    """One animated WebP being written."""

    def __init__(
        self, target: Path, first: Pixels, settings: EncodingSettings, texts: FileTexts
    ) -> None:
        self._settings = settings
        self._channels = first.shape[2]
        self._before: Pixels | None = None
        packet, comment = texts.packet, texts.comment
        self._packet = with_record(packet, comment) if comment else packet
        self._file = target.open("w+b")
        height, width = scale(first, settings.width).shape[:2]
        flags = _ANIMATION | (_ALPHA if self._channels == 4 else 0) | (_XMP if self._packet else 0)
        header = bytes([flags, 0, 0, 0]) + _three(width - 1) + _three(height - 1)
        plays = 1 if settings.loop is None else min(settings.loop, 65535)
        self._file.write(b"RIFF\0\0\0\0WEBP")
        self._file.write(riff_chunk(b"VP8X", header))
        self._file.write(riff_chunk(b"ANIM", struct.pack("<IH", 0, plays)))

    def add(self, image: Pixels, at: Fraction, lasts: Fraction) -> None:
        """Append the part of the picture that changed."""
        image = scale(with_channels(image, self._channels), self._settings.width)
        # The format counts a frame's corner in steps of two pixels.
        box = changed_box(self._before, image, step=2)
        self._before = image
        length = min(_LONGEST, max(1, to_tick(at + lasts, _TICK) - to_tick(at, _TICK)))
        places = (box.x // 2, box.y // 2, box.width - 1, box.height - 1, length)
        head = b"".join(map(_three, places)) + bytes([_NO_BLEND])
        self._file.write(riff_chunk(b"ANMF", head + self._encode(part(image, box))))

    def finish(self) -> None:
        """Write the texts and the file's length."""
        if self._packet:
            self._file.write(riff_chunk(b"XMP ", self._packet.encode("utf-8", "replace")))
        size = self._file.tell()
        self._file.seek(4)
        self._file.write(struct.pack("<I", size - 8))
        self._file.close()

    def abort(self) -> None:
        """Close the file as it is."""
        with suppress(OSError):
            self._file.close()

    def _encode(self, image: Pixels) -> bytes:
        buffer, lossless = io.BytesIO(), self._settings.lossless
        options = {"quality": self._settings.quality, "lossless": lossless, "exact": lossless}
        Image.fromarray(image).save(buffer, "WEBP", **options)
        data = buffer.getvalue()
        return b"".join(
            riff_chunk(name, data[start:end])
            for name, start, end in webp_chunks(data)
            if name in (b"ALPH", b"VP8 ", b"VP8L")
        )


def _three(number: int) -> bytes:
    return number.to_bytes(3, "little")
