"""Packs indexed pictures into a GIF file, each frame in the fewer bytes of two ways."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import numpy.typing as npt
from av import VideoFrame
from av.codec.context import CodecContext, Flags
from av.container import OutputContainer

from sdbr.media.animation.nearest import Indices
from sdbr.media.animation.palette import MOST, Palette

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
    table[: len(palette.colours), 1:] = palette.colours
    return table
