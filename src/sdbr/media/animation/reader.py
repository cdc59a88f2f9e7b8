"""Frames of animated GIF, WebP and APNG files, composited as a browser shows them."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import imageio.v3 as iio
import numpy as np
from imageio.plugins.pillow import PillowPlugin
from PIL import Image

from sdbr.errors import InputProblem
from sdbr.media.animation.index import Index, index_of
from sdbr.media.clip import Clip, FrameTiming, Pixels, TimedFrame
from sdbr.media.stills.pixels import array_in_srgb
from sdbr.media.video.probe import refuse_giants
from sdbr.request import Size

# An APNG gives each delay as a fraction of its own; 90000 holds those of all usual rates.
_TICKS = {"gif": Fraction(1, 100), "webp": Fraction(1, 1000), "apng": Fraction(1, 90000)}
_UNDECODABLE = (OSError, SyntaxError, ValueError, EOFError, IndexError)


def probe(kind: str, path: Path) -> Clip:
    """Describe an animation; `kind` is gif, webp or apng.

    Raises InputProblem where no frame can be decoded or the canvas is too large.
    """
    index = index_of(kind, path)
    if not index.lengths:
        raise _unreadable(path)
    with closing(_open(path, index)) as file:
        try:
            height, width = file.read(index=index.skipped, mode="RGB").shape[:2]
            has_alpha = _has_alpha(file, index, kind)
        except _UNDECODABLE as error:
            raise _unreadable(path) from error
    cut = "The file is truncated."
    return Clip(
        kind=kind,
        path=path,
        size=Size(width, height),
        timing=_timing(kind, index.lengths),
        frames=len(index.lengths),
        duration=sum(index.lengths, Fraction(0)),
        has_alpha=has_alpha,
        loop=index.loop,
        cut=not index.whole,
        notes=() if index.whole else (cut,),
        paths=(path,),
    )


def frames(
    clip: Clip, start: Fraction, end: Fraction | None, note: Callable[[str], None]
) -> Iterator[TimedFrame]:
    """Yield the frames whose `at` is in [start, end), in seconds; `note` takes what was odd."""
    index = index_of(clip.kind, clip.path)
    at = Fraction(0)
    with closing(_open(clip.path, index)) as file:
        for number, lasts in enumerate(index.lengths):
            if end is not None and at >= end:
                return
            try:
                pixels = _in_srgb(file, number + index.skipped, clip.has_alpha)
            except _UNDECODABLE as error:
                if number == 0:
                    raise _unreadable(clip.path) from error
                note(
                    f"Only {number} of {clip.frames} frames can be decoded; the rest is damaged "
                    "or missing."
                )
                return
            if at >= start:
                yield TimedFrame(pixels, at, lasts)
            at += lasts


def _in_srgb(file: PillowPlugin, number: int, alpha: bool) -> Pixels:
    pixels = np.asarray(file.read(index=number, mode="RGBA" if alpha else "RGB"), np.uint8)
    said = file.metadata(index=number)
    if not said.keys() & {"icc_profile", "gamma", "chromaticity"}:
        return pixels
    return array_in_srgb(pixels, {str(name): value for name, value in said.items()})


def _open(path: Path, index: Index) -> PillowPlugin:
    source = path if index.whole or not index.end else _mend(path, index.end)
    try:
        file = iio.imopen(source, "r", plugin="pillow")
    except OSError as error:
        if isinstance(error.__cause__, Image.DecompressionBombError):
            raise InputProblem(
                f"{path} declares more pixels than sdbr can open. Scale it down."
            ) from None
        raise _unreadable(path) from error
    assert isinstance(file, PillowPlugin)
    height, width = file.properties(index=0).shape[:2]
    refuse_giants(path, width, height)
    return file


def _mend(path: Path, end: int) -> io.BytesIO:
    """Return the whole chunks of a cut WebP as a file; libwebp reads none that is cut."""
    with path.open("rb") as file:
        data = bytearray(file.read(end))
    data[4:8] = struct.pack("<I", len(data) - 8)
    return io.BytesIO(data)


def _unreadable(path: Path) -> InputProblem:
    return InputProblem(f"{path} contains no frame that can be decoded. Copy or download it again.")


def _has_alpha(file: PillowPlugin, index: Index, kind: str) -> bool:
    """Whether anything is transparent and anything shown; later frames are looked at if needed."""
    if kind == "webp":
        # Its decoder makes black of colors that are not shown.
        return file.properties(index=0).shape[2:] == (4,)
    transparent = shown = False
    for number in range(index.skipped, len(index.lengths) + index.skipped):
        alpha = file.read(index=number, mode="RGBA")[..., 3]
        transparent, shown = transparent or alpha.min() < 255, shown or bool(alpha.any())
        if shown and (transparent or not index.clears):
            break
    return transparent and shown


def _timing(kind: str, lengths: Sequence[Fraction]) -> FrameTiming:
    tick = _TICKS[kind]
    if len(set(lengths)) > 1:
        return FrameTiming(len(lengths) / sum(lengths, Fraction(0)), tick, variable=True)
    if kind == "apng":
        tick = Fraction(1, lengths[0].denominator)
    return FrameTiming(1 / lengths[0], tick)
