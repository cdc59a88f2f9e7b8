"""Encodes spooled pictures as a GIF with given colours, width and dither; finds what fits."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from av.video.reformatter import Interpolation

from sdbr.media.animation.banding import dither_for
from sdbr.media.animation.dither import drawn
from sdbr.media.animation.gif_packing import packed
from sdbr.media.animation.palette import MOST, palette_of
from sdbr.media.clip import Pixels
from sdbr.media.spool import Spool

_FEWEST_COLOURS = 64
_NARROWEST = 48
_DIFFUSED = ("floyd", "sierra")
_SAMPLED = 3


@dataclass(frozen=True, slots=True)
class Look:
    """What a GIF spends its bytes on: colours in the palette, width in pixels, dither."""

    colours: int
    width: int
    dither: str
    """auto, or one of those that `drawn` knows"""


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
    if look.width <= _NARROWEST:
        return None
    shrink = min(0.9, math.sqrt(limit / size) * 0.97)
    return replace(look, width=max(_NARROWEST, int(look.width * shrink)))


def encode(film: Film, look: Look, target: Path) -> tuple[int, Look]:
    """Write the film to `target`; return the file's size in bytes, and the look without "auto"."""
    palette = palette_of(_shown(film, look), min(look.colours, MOST))
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


def _sample(film: Film, look: Look) -> Iterator[Pixels]:
    """Yield some pictures from all over the film."""
    step = max(1, len(film.delays) // _SAMPLED)
    return islice(_shown(film, look), 0, None, step)


def _shown(film: Film, look: Look) -> Iterator[Pixels]:
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
