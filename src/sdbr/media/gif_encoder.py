"""Encodes spooled pictures as a GIF with given colours, width and dither; finds what fits."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
from av import VideoFrame
from av.codec.context import Flags
from av.video.reformatter import Interpolation

from sdbr.media.palette import drawn, palette_of
from sdbr.media.palette_refining import refined
from sdbr.media.spool import Spool

_TICK = Fraction(1, 100)
_FEWEST_COLOURS = 64
_NARROWEST = 48
_DIFFUSED = ("floyd", "sierra")


@dataclass(frozen=True, slots=True)
class Look:
    """What a GIF spends its bytes on: colours in the palette, width in pixels, dither."""

    colours: int
    width: int
    dither: str


@dataclass(frozen=True, slots=True)
class Film:
    """The spooled pictures to be shown: (index, delay in centiseconds) pairs, and the loop."""

    spool: Spool
    delays: tuple[tuple[int, int], ...]
    loop: int | None


def smaller(look: Look, size: int, limit: int) -> Look | None:
    """Return what to try after `look` gave `size` bytes, more than `limit`; None at the end.

    Dither goes first, then colours down to 64, then width by about what is too much.
    """
    if look.dither in _DIFFUSED:
        return replace(look, dither="bayer")
    if look.colours > _FEWEST_COLOURS:
        return replace(look, colours=max(_FEWEST_COLOURS, look.colours // 2))
    shrink = min(0.9, math.sqrt(limit / size) * 0.97)
    width = int(look.width * shrink)
    return replace(look, width=width) if width >= _NARROWEST else None


def encode(film: Film, look: Look, target: Path) -> int:
    """Write the film to `target` and return the file's size in bytes."""
    palette = palette_of(_shown(film, look), look.colours)
    palette = refined(palette, _shown(film, look))
    palette.pts, palette.time_base = 0, _TICK
    loop = -1 if film.loop is None else film.loop
    with av.open(
        str(target.absolute()), "w", format="gif", options={"loop": str(loop)}
    ) as container:
        stream = container.add_stream("gif", rate=100)
        stream.pix_fmt = "pal8"
        stream.codec_context.time_base = _TICK
        stream.codec_context.flags |= int(Flags.frame_duration)
        for frame, (_, delay) in zip(
            drawn(_shown(film, look), palette, look.dither), film.delays, strict=True
        ):
            if not stream.codec_context.is_open:
                stream.width, stream.height = frame.width, frame.height
            frame.duration = delay
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.stat().st_size


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


def _shown(film: Film, look: Look) -> Iterator[VideoFrame]:
    """Yield the pictures that stay, at their size and time."""
    delays, clock = dict(film.delays), 0
    for number, picture in enumerate(film.spool.pictures()):
        if number not in delays:
            continue
        if look.width != picture.width:
            height = max(1, round(picture.height * look.width / picture.width))
            picture = picture.reformat(look.width, height, interpolation=Interpolation.LANCZOS)
        picture.pts, picture.time_base = clock, _TICK
        clock += delays[number]
        yield picture
