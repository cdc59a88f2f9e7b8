"""Draws the pictures of a film in the colors of its palette, and chooses the dither for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import tee

import numpy as np
import numpy.typing as npt

from sdbr.media.animation.nearest import Indices, Nearest, Pairs
from sdbr.media.animation.palette import MOST, Palette, opaque
from sdbr.media.clip import Pixels

Plane = npt.NDArray[np.float64]
ErrorShare = tuple[int, int, float]
"""How far right, how far down, and the share of the error that goes there"""

DITHERS = ("auto", "none", "bayer", "floyd", "sierra")
# Floyd and Steinberg 1976, and Sierra's Filter Lite.
_DIFFUSIONS: dict[str, tuple[ErrorShare, ...]] = {
    "floyd": ((1, 0, 7 / 16), (-1, 1, 3 / 16), (0, 1, 5 / 16), (1, 1, 1 / 16)),
    "sierra": ((1, 0, 2 / 4), (-1, 1, 1 / 4), (0, 1, 1 / 4)),
}
# Of the error. All of it makes 2 dB more noise and 7 % more bytes, and gradients no smoother.
_PASSED_ON = 0.7
# Fronts that an error reaches at most, its own among them: x + 2y of the farthest step, and one.
_FRONTS = 4
# Pixels that are drawn in step: many make the steps cheap, few keep them in little memory.
_TOGETHER = 1 << 20
# What dots cost in `bayer`: little dither where the palette is dense, more where it is not.
_GRAIN = 0.5
# Levels of 255 that a pixel may change and still stays, but no more than the palette is off: in
# clips 8 to 30 % of the bytes for 0.1 dB.
_TOLERANCE = 2

# Bands are looked for in windows of so many pixels a side whose variance is below this, where
# these are at least a share of all.
_WINDOW = 5
_SMOOTH = 4.0
_SHARE = 0.1
# Levels of 255 that windows are off, root mean square: 42 and 46 dB.
_VISIBLE, _INVISIBLE = 2.0, 1.28


def draw_indices(pictures: Iterable[Pixels], palette: Palette, dither: str) -> Iterator[Indices]:
    """Yield RGBA pictures of one size as palette indices (height, width); 255 is see-through.

    `dither` is none, bayer, floyd or sierra. A pixel that stays as it was keeps its entry: neither
    the noise of a codec nor dots that crawl over still parts are worth their bytes.
    """
    tolerance = min(_TOLERANCE, int(palette.error))
    seen, to_draw = tee(pictures)
    held: tuple[Pixels, Indices] | None = None
    for picture, indices in zip(seen, _as_indices(to_draw, palette, dither), strict=True):
        if held is not None:
            changes = np.maximum(picture, held[0]) - np.minimum(picture, held[0])
            stays = np.asarray((changes <= tolerance).all(axis=2))
            indices = np.where(stays, held[1], indices)
            picture = np.where(stays[..., None], held[0], picture)
        held = picture, indices
        yield np.where(opaque(picture), indices, np.uint8(MOST))


def _as_indices(pictures: Iterable[Pixels], palette: Palette, dither: str) -> Iterator[Indices]:
    if dither in _DIFFUSIONS:
        lookup = Nearest(palette)
        for film in _group(pictures):
            yield from _diffuse(film, lookup, _DIFFUSIONS[dither])
    elif dither == "bayer":
        pairs, matrix = Pairs(palette, _GRAIN), _bayer()
        for picture in pictures:
            height, width = picture.shape[:2]
            tiles = np.tile(matrix, (height // 8 + 1, width // 8 + 1))[:height, :width]
            yield pairs.mixed(picture, tiles)
    else:
        yield from map(Nearest(palette).entries, pictures)


def _bayer() -> npt.NDArray[np.uint8]:
    """The 8 × 8 matrix of thresholds 0 to 63 (Bayer 1973)."""
    matrix = np.zeros((1, 1), np.uint8)
    for _ in range(3):
        matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
    return matrix


def _group(pictures: Iterable[Pixels]) -> Iterator[Pixels]:
    group: list[Pixels] = []
    for picture in pictures:
        group.append(picture)
        if len(group) * picture[..., 0].size >= _TOGETHER:
            yield np.stack(group)
            group.clear()
    if group:
        yield np.stack(group)


def _diffuse(film: Pixels, lookup: Nearest, steps: tuple[ErrorShare, ...]) -> Indices:
    """Indices (frames, height, width) of RGBA pictures (frames, height, width, 4).

    All pixels with the same x + 2y depend on earlier ones alone, so they are drawn at once.
    """
    count, height, width = film.shape[:3]
    shown = opaque(film)
    found = np.zeros((count, height, width), np.uint8)
    errors = np.zeros((_FRONTS, height + 1, count, 3), np.float32)
    for front in range(width + 2 * (height - 1)):
        rows = slice(max(0, (front - width + 2) // 2), min(height - 1, front // 2) + 1)
        y = np.arange(rows.start, rows.stop)
        x = front - 2 * y
        here = errors[front % _FRONTS]
        wanted = (film[:, y, x, :3].swapaxes(0, 1) + here[rows]).clip(0, 255)
        here[:] = 0
        entries = lookup.entries((wanted + 0.5).astype(np.uint8))
        found[:, y, x] = entries.T
        off = (wanted - lookup.centers[entries]) * np.float32(_PASSED_ON)
        off[~shown[:, y, x].T] = 0  # a see-through pixel passes nothing on
        for right, down, share in steps:
            later = errors[(front + right + 2 * down) % _FRONTS]
            later[rows.start + down : rows.stop + down] += off * share
    return found


def dither_for(pictures: Iterable[Pixels], palette: Palette) -> str:
    """Return the dither for a film of which these RGBA pictures are a sample.

    Flat art that the palette holds, and anything that shows no bands, needs none; smooth parts
    that band need floyd; textures hide most bands, so bayer will do, which costs fewer bytes.
    """
    if palette.exact:
        return "none"
    sample = [_lay_on_black(picture) for picture in pictures]
    errors, smooth = _windows(sample, draw_indices(sample, palette, "none"), palette)
    gradients = smooth.mean() >= _SHARE
    off = np.sqrt(errors[smooth].mean() if gradients else errors.mean())
    if off < _INVISIBLE:
        return "none"
    return "floyd" if gradients and off > _VISIBLE else "bayer"


def _windows(
    sample: list[Pixels], indices: Iterable[Indices], palette: Palette
) -> tuple[Plane, npt.NDArray[np.bool_]]:
    """Of all windows: the squared error of their mean color as drawn, and which are smooth."""
    table = np.zeros((MOST + 1, 3), np.uint8)
    table[: len(palette.colors)] = palette.colors
    errors, smooth = [], []
    for picture, drawing in zip(sample, indices, strict=True):
        wanted = [picture[..., channel].astype(np.float64) for channel in range(3)]
        shown = [table[drawing, channel].astype(np.float64) for channel in range(3)]
        squares = [_mean(a - b) ** 2 for a, b in zip(wanted, shown, strict=True)]
        errors.append(np.mean(squares, axis=0).ravel())
        gray = np.mean(wanted, axis=0)
        smooth.append((_mean(gray**2) - _mean(gray) ** 2 < _SMOOTH).ravel())
    return np.concatenate(errors), np.concatenate(smooth)


def _lay_on_black(picture: Pixels) -> Pixels:
    """The picture on black, where it is see-through: such parts cannot band."""
    return np.where(opaque(picture)[..., None], picture, np.array([0, 0, 0, 255], np.uint8))


def _mean(plane: Plane) -> Plane:
    """The mean of each whole window; of the whole plane where it is smaller than one."""
    side = min(_WINDOW, *plane.shape)
    total = np.pad(plane, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    inner = total[side:, side:] - total[:-side, side:] - total[side:, :-side]
    return np.asarray((inner + total[:-side, :-side]) / side**2)
