"""Writes GIF: one palette for all frames, whole centiseconds that add up, loop and comment."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import cast

import av
import numpy as np
import numpy.typing as npt
from av import VideoFrame
from av.codec.context import CodecContext, Flags
from av.container import OutputContainer
from av.video.reformatter import Interpolation

from sdbr.errors import InputProblem, UsageProblem
from sdbr.media.animation.dither import DITHERS, dither_for, drawn
from sdbr.media.animation.nearest import Indices
from sdbr.media.animation.palette import MOST, Palette, palette_of
from sdbr.media.clip import EncodingSettings, Pixels
from sdbr.media.spool import Spool
from sdbr.media.stills.pixels import scaled, with_channels
from sdbr.media.timing import centiseconds
from sdbr.media.writer import Note


class GifSink:
    """One GIF being written; the pictures wait on disk until the palette is known."""

    def __init__(
        self, target: Path, first: Pixels, settings: EncodingSettings, comment: str, note: Note
    ) -> None:
        _check(settings)
        self._target, self._settings = target, settings
        self._comment, self._note = comment, note
        self._channels = first.shape[2]
        height, width = scaled(first, settings.width).shape[:2]
        self._width = width
        self._spool = Spool(target.with_suffix(".spool"), width, height)
        self._spans: list[tuple[Fraction, Fraction]] = []

    def add(self, image: Pixels, at: Fraction, lasts: Fraction) -> None:
        """Keep one picture and its time."""
        image = scaled(with_channels(image, self._channels), self._settings.width)
        self._spool.add(image)
        self._spans.append((at, lasts))

    def finish(self) -> None:
        """Find the palette, draw the frames with it, and write the file."""
        try:
            self._spool.seal()
            delays = centiseconds(self._spans)
            if (lost := len(self._spans) - len(delays)) > 0:
                self._note(f"{lost} frames were left out: a GIF shows at most 50 a second.")
            self._encode(PendingFrames(self._spool, tuple(delays), self._settings.loop))
            append_comment(self._target, self._comment)
        finally:
            self._spool.remove()

    def abort(self) -> None:
        """Remove what waits on disk."""
        self._spool.remove()

    def _encode(self, film: PendingFrames) -> None:
        look: GifQuality | None = GifQuality(
            self._settings.colors, self._width, self._settings.dither
        )
        # A comment takes one byte more for each 255.
        limit = (self._settings.max_bytes or 0) - len(self._comment.encode()) * 257 // 256 - 4
        while look is not None:
            size, look = encode(film, look, self._target)
            if self._settings.max_bytes is None:
                return
            if size <= limit:
                self._note(
                    f"{look.colors} colours, {look.width} pixels wide, dither {look.dither}."
                )
                return
            look = smaller(look, size, max(1, limit))
        raise InputProblem(
            f"The GIF does not fit into {self._settings.max_bytes} bytes; {size} is the least."
            " Allow more, or take fewer frames."
        )


def _check(settings: EncodingSettings) -> None:
    if settings.dither not in DITHERS:
        raise UsageProblem(f"There is no dither {settings.dither!r}. Use one of {DITHERS}.")
    if not 2 <= settings.colors <= 256:
        raise UsageProblem(f"A GIF has 2 to 256 colours, not {settings.colors}.")


_FEWEST_COLOURS = 64
_NARROWEST = 48
_DIFFUSED = ("floyd", "sierra")
_SAMPLED = 3


@dataclass(frozen=True, slots=True)
class GifQuality:
    """What a GIF spends its bytes on: colors in the palette, width in pixels, dither."""

    colors: int
    width: int
    dither: str
    """auto, or one of those that `drawn` knows"""


@dataclass(frozen=True, slots=True)
class PendingFrames:
    """The spooled pictures to be shown: (index, delay in centiseconds) pairs, and the loop."""

    spool: Spool
    delays: tuple[tuple[int, int], ...]
    loop: int | None


def smaller(look: GifQuality, size: int, limit: int) -> GifQuality | None:
    """Return what to try after `look` gave `size` bytes, more than `limit`; None at the end.

    Dither goes first, then colors down to 64, then width by about what is too much.
    """
    if look.dither in _DIFFUSED:
        return replace(look, dither="bayer")
    if look.colors > _FEWEST_COLOURS:
        return replace(look, colors=max(_FEWEST_COLOURS, look.colors // 2))
    if look.width <= _NARROWEST:
        return None
    shrink = min(0.9, math.sqrt(limit / size) * 0.97)
    return replace(look, width=max(_NARROWEST, int(look.width * shrink)))


def encode(film: PendingFrames, look: GifQuality, target: Path) -> tuple[int, GifQuality]:
    """Write the film to `target`; return the file's size in bytes, and the look without "auto"."""
    palette = palette_of(_shown(film, look), min(look.colors, MOST))
    if look.dither == "auto":
        look = replace(look, dither=dither_for(_sample(film, look), palette))
    pictures = drawn(_shown(film, look), palette, look.dither)
    with packed(target, palette, film.loop) as packing:
        for indices, (_, delay) in zip(pictures, film.delays, strict=True):
            packing.add(indices, delay)
    return target.stat().st_size, look


def append_comment(target: Path, text: str) -> None:
    """Put `text` into a finished GIF as a comment, before its last byte."""
    if not text:
        return
    data = text.encode("utf-8", "replace")
    blocks = b"".join(
        bytes([len(part := data[at : at + 255])]) + part for at in range(0, len(data), 255)
    )
    with target.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x21\xfe" + blocks + b"\0;")


def _sample(film: PendingFrames, look: GifQuality) -> Iterator[Pixels]:
    """Yield some pictures from all over the film."""
    step = max(1, len(film.delays) // _SAMPLED)
    return islice(_shown(film, look), 0, None, step)


def _shown(film: PendingFrames, look: GifQuality) -> Iterator[Pixels]:
    """Yield the pictures that stay as RGBA, at their size."""
    kept = {number for number, _ in film.delays}
    for number, picture in enumerate(film.spool.pictures()):
        if number not in kept:
            continue
        height = picture.height
        if look.width != picture.width:
            height = max(1, round(height * look.width / picture.width))
        pixels = picture.to_ndarray(
            format="rgba", width=look.width, height=height, interpolation=Interpolation.LANCZOS
        )
        yield np.asarray(pixels, dtype=np.uint8)


_TICK = Fraction(1, 100)


class Packing:
    """A GIF of one palette being written.

    Unchanged pixels can be drawn see-through or as they are: the first is shorter for a thing that
    moves on a still ground, the second for noise. Both are tried for each frame.
    """

    def __init__(self, container: OutputContainer, palette: Palette) -> None:
        self._container = container
        self._stream = container.add_stream("gif", rate=100)
        plain = CodecContext.create("gif", "w")
        plain.options = {"gifflags": "offsetting"}
        self._codecs = (self._stream.codec_context, plain)
        self._table = _table(palette)
        self._clock = 0

    def add(self, indices: Indices, delay: int) -> None:
        """Append a picture (height, width) that is shown for `delay` centiseconds."""
        if self._clock == 0:
            self._set_up(*indices.shape)
        # PyAV takes a pair here, and its types do not say so.
        pair = cast(Indices, (indices, self._table))
        frame = VideoFrame.from_ndarray(pair, format="pal8")
        frame.pts, frame.time_base, frame.duration = self._clock, _TICK, delay
        self._clock += delay
        ways = [codec.encode(frame) for codec in self._codecs]
        for packet in min(ways, key=lambda packets: sum(packet.size for packet in packets)):
            packet.stream, packet.time_base = self._stream, _TICK
            self._container.mux(packet)

    def _set_up(self, height: int, width: int) -> None:
        for codec in self._codecs:
            codec.height, codec.width, codec.pix_fmt = height, width, "pal8"
            codec.time_base, codec.framerate = _TICK, 1 / _TICK
            codec.flags |= int(Flags.frame_duration)


@contextmanager
def packed(target: Path, palette: Palette, loop: int | None) -> Iterator[Packing]:
    """Write `target`; a `loop` of 0 plays for ever, None once."""
    told = {"loop": str(-1 if loop is None else loop)}
    with av.open(str(target.absolute()), "w", format="gif", options=told) as container:
        yield Packing(container, palette)


def _table(palette: Palette) -> npt.NDArray[np.uint8]:
    """The palette as 256 entries of A, R, G, B; the last is see-through."""
    table = np.zeros((MOST + 1, 4), np.uint8)
    table[:MOST, 0] = 255
    table[: len(palette.colors), 1:] = palette.colors
    return table
