"""Writes GIF: one palette for all frames, whole centiseconds that add up, loop and comment."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import cast

import av
import numpy as np
import numpy.typing as npt
from av import VideoFrame
from av.codec.context import CodecContext, Flags
from av.video.reformatter import Interpolation

from sdbr.errors import InputProblem, UsageProblem
from sdbr.media.animation.dither import DITHERS, dither_for, draw_indices
from sdbr.media.animation.nearest import Indices
from sdbr.media.animation.palette import MOST, Palette, palette_of
from sdbr.media.clip import EncodingSettings, FileTexts, Pixels
from sdbr.media.frame_store import FrameStore
from sdbr.media.stills.pixels import scale, with_channels
from sdbr.media.timing import centiseconds
from sdbr.request import Tell

_TICK = Fraction(1, 100)
_FEWEST_COLORS = 64
_NARROWEST = 48
_SAMPLED = 3
"""Parts of the clip from which a picture each is taken to choose the dither."""
_LONGEST = 65_535  # Hundredths of a second, in 16 bits.


class GifSink:
    """One GIF being written; the pictures wait on disk until the palette is known."""

    def __init__(
        self, target: Path, first: Pixels, settings: EncodingSettings, texts: FileTexts, note: Tell
    ) -> None:
        if settings.dither not in DITHERS:
            raise UsageProblem(f"Unknown dither {settings.dither!r}. Use one of {DITHERS}.")
        if not 2 <= settings.colors <= 256:
            raise UsageProblem(f"A GIF has 2 to 256 colors, not {settings.colors}.")
        height, width = scale(first, settings.width).shape[:2]
        self._target, self._note = target, note
        self._texts = _comment(texts.comment) + _packet(texts.packet)
        self._settings = replace(settings, width=width)
        self._channels = first.shape[2]
        self._stored = FrameStore(target.with_suffix(".frames"), width, height)
        self._spans: list[tuple[Fraction, Fraction]] = []
        self._delays: list[tuple[int, int]] = []

    def add(self, image: Pixels, at: Fraction, lasts: Fraction) -> None:
        """Keep one picture and its time."""
        self._stored.add(scale(with_channels(image, self._channels), self._settings.width))
        self._spans.append((at, lasts))

    def finish(self) -> None:
        """Find the palette, draw the frames with it, and write the file."""
        try:
            self._stored.seal()
            self._delays = centiseconds(self._spans)
            if (lost := len(self._spans) - len(self._delays)) > 0:
                self._note(f"{lost} frames were dropped: a GIF shows at most 50 frames per second.")
            if any(delay > _LONGEST for _, delay in self._delays):
                self._note(
                    f"A GIF shows a frame for at most {_LONGEST / 100} s, and some frames "
                    "last longer."
                )
                self._delays = [(n, min(delay, _LONGEST)) for n, delay in self._delays]
            self._encode_within_limit()
            _append(self._target, self._texts)
        finally:
            self._stored.remove()

    def abort(self) -> None:
        """Remove what waits on disk."""
        self._stored.remove()

    def _encode_within_limit(self) -> None:
        settings: EncodingSettings | None = self._settings
        max_bytes = self._settings.max_bytes
        limit = (max_bytes or 0) - len(self._texts)
        while settings is not None:
            size, settings = self._encode(settings)
            if max_bytes is None:
                return
            if size <= limit:
                self._note(
                    f"{settings.colors} colors, {settings.width} pixels wide, "
                    f"dither {settings.dither}."
                )
                return
            settings = smaller(settings, size, max(1, limit))
        raise InputProblem(
            f"The GIF does not fit into {max_bytes:,} bytes: the smallest possible is {size:,}. "
            "Raise the limit, or use fewer frames."
        )

    def _encode(self, settings: EncodingSettings) -> tuple[int, EncodingSettings]:
        """Write the file; return its size in bytes, and the settings without "auto"."""
        palette = palette_of(self._pictures(settings.width), min(settings.colors, MOST))
        if settings.dither == "auto":
            step = max(1, len(self._delays) // _SAMPLED)
            sample = islice(self._pictures(settings.width), 0, None, step)
            settings = replace(settings, dither=dither_for(sample, palette))
        pictures = draw_indices(self._pictures(settings.width), palette, settings.dither)
        delays = (delay for _, delay in self._delays)
        _write(self._target, palette, settings.loop, zip(pictures, delays, strict=True))
        return self._target.stat().st_size, settings

    def _pictures(self, width: int | None) -> Iterator[Pixels]:
        """Yield the pictures that stay as RGBA, `width` pixels wide."""
        kept = {number for number, _ in self._delays}
        for number, picture in enumerate(self._stored.pictures()):
            if number not in kept:
                continue
            height = picture.height
            if width is not None and width != picture.width:
                height = max(1, round(height * width / picture.width))
            pixels = picture.to_ndarray(
                format="rgba", width=width, height=height, interpolation=Interpolation.LANCZOS
            )
            yield np.asarray(pixels, dtype=np.uint8)


def smaller(settings: EncodingSettings, size: int, limit: int) -> EncodingSettings | None:
    """Return what to try after `settings` gave `size` bytes, more than `limit`; None at the end.

    Dither goes first, then colors down to 64, then width by about what is too much.
    """
    if settings.dither in ("floyd", "sierra"):
        return replace(settings, dither="bayer")
    if settings.colors > _FEWEST_COLORS:
        return replace(settings, colors=max(_FEWEST_COLORS, settings.colors // 2))
    if settings.width is None or settings.width <= _NARROWEST:
        return None
    shrink = min(0.9, math.sqrt(limit / size) * 0.97)
    return replace(settings, width=max(_NARROWEST, int(settings.width * shrink)))


def _comment(text: str) -> bytes:
    """A comment extension; b"" for no text."""
    data = text.encode("utf-8", "replace")
    blocks = b"".join(
        bytes([len(part := data[at : at + 255])]) + part for at in range(0, len(data), 255)
    )
    return b"\x21\xfe" + blocks + b"\0" if data else b""


def _packet(text: str) -> bytes:
    """The application extension of an XMP packet (XMP specification, part 3, section 1.1.2).

    The packet is no row of blocks. A reader that takes it for one ends up in the trailer, each
    byte of which leads to the end.
    """
    data = text.encode("utf-8", "replace")
    trailer = b"\1" + bytes(range(255, -1, -1)) + b"\0"
    return b"\x21\xff\x0bXMP DataXMP" + data + trailer if data else b""


def _append(target: Path, extensions: bytes) -> None:
    """Put `extensions` into a finished GIF before its last byte."""
    with target.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(extensions + b";")


def _write(
    target: Path, palette: Palette, loop: int | None, pictures: Iterable[tuple[Indices, int]]
) -> None:
    """Write indices (height, width), each shown for so many centiseconds, `loop` times.

    0 is for ever, None is once.

    Unchanged pixels can be drawn see-through or as they are: the first is shorter for a thing that
    moves on a still ground, the second for noise. Both are tried for each frame.
    """
    # The file counts how often it starts again, and says nothing (-1) where it plays once.
    again = 0 if loop == 0 else min((loop or 1) - 1, 65535) or -1
    options = {"loop": str(again)}
    with av.open(str(target.absolute()), "w", format="gif", options=options) as container:
        stream = container.add_stream("gif", rate=100)
        plain = CodecContext.create("gif", "w")
        plain.options = {"gifflags": "offsetting"}
        codecs = (stream.codec_context, plain)
        table, clock = _table(palette), 0
        for indices, delay in pictures:
            if clock == 0:
                for codec in codecs:
                    codec.height, codec.width = indices.shape
                    codec.pix_fmt = "pal8"
                    codec.time_base, codec.framerate = _TICK, 1 / _TICK
                    codec.flags |= int(Flags.frame_duration)
            # PyAV takes a pair here, and its types do not say so.
            frame = VideoFrame.from_ndarray(cast(Indices, (indices, table)), format="pal8")
            frame.pts, frame.time_base, frame.duration = clock, _TICK, delay
            clock += delay
            ways = [codec.encode(frame) for codec in codecs]
            for packet in min(ways, key=lambda packets: sum(packet.size for packet in packets)):
                packet.stream, packet.time_base = stream, _TICK
                container.mux(packet)


def _table(palette: Palette) -> npt.NDArray[np.uint8]:
    """The palette as 256 entries of A, R, G, B; the last is see-through."""
    table = np.zeros((MOST + 1, 4), np.uint8)
    table[:MOST, 0] = 255
    table[: len(palette.colors), 1:] = palette.colors
    return table
