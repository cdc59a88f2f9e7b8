"""One palette for a whole animation: the colors with the least squared error over its pixels.

The cells of the color cube are split where that takes away most of the error (Wu, "Color
quantization by dynamic programming and principal analysis", 1992), then the colors are moved to
the means of what is drawn with them (Lloyd, "Least squares quantization in PCM", 1982). Distance
is that of plain RGB, as in PSNR.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sdbr.media.clip import Pixels

Floats = npt.NDArray[np.float32]
Weights = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]

MOST = 255
"""Opaque colors; the last of 256 entries is see-through: unchanged pixels are drawn with it."""

# Pixels are counted by 6 bits a channel, and the colors themselves up to so many distinct ones.
_BITS = 6
_CELLS = 1 << 3 * _BITS
_DISTINCT = 20_000
# Alpha from which a pixel is shown.
_OPAQUE = 128
# Boxes are split and first fitted over cells of so many bits a channel; over all colors where
# these are fewer than that.
_COARSE_BITS = 5
_ENOUGH_CELLS = 4000
# Rounds of k-means. More than these 15 gave 0.05 dB for three times the time.
_COARSE_STEPS = 10
_FINE_STEPS = 5
# Colors compared with all centers in one piece.
_AT_ONCE = 8192


@dataclass(frozen=True, slots=True)
class ColorHistogram:
    """Colors (n, 3) of 0 to 255, and the number of pixels (n,) of each.

    `exact` says that these are the film's own colors, not the means of cells.
    """

    colors: Floats
    weights: Weights
    exact: bool


@dataclass(frozen=True, slots=True)
class Palette:
    """Opaque colors (n, 3), n from 1 to 255; `exact` where the film has no others.

    `error` is how many levels of 255 the film's colors are off, root mean square.
    """

    colors: npt.NDArray[np.uint8]
    exact: bool
    error: float = 0.0


def palette_of(pictures: Iterable[Pixels], colors: int) -> Palette:
    """Return the best palette of at most `colors` (1 to 255) for all RGBA pictures together."""
    histogram = count_colors(pictures)
    if histogram.exact and len(histogram.colors) <= colors:
        own = histogram.colors if len(histogram.colors) else np.zeros((1, 3))
        return Palette(own.astype(np.uint8), True)
    start = coarser(histogram, _COARSE_BITS)
    if len(start.colors) < _ENOUGH_CELLS:
        start = histogram
    centers = _fit_centers(_split(start, colors), start, _COARSE_STEPS)
    centers = _fit_centers(centers, histogram, _FINE_STEPS)
    off = histogram.colors - centers[nearest_centers(histogram.colors, centers)]
    error = np.sqrt(np.average((off**2).mean(axis=1), weights=histogram.weights))
    return Palette(np.unique(centers.round().astype(np.uint8), axis=0), False, float(error))


def nearest_centers(colors: Floats, centers: Floats) -> Codes:
    """Return for each color (n, 3) the index of the center nearest to it."""
    found = np.empty(len(colors), np.intp)
    squares = (centers**2).sum(axis=1)
    for at in range(0, len(colors), _AT_ONCE):
        # |color − center|² without the part that is the same for all centers.
        part = colors[at : at + _AT_ONCE]
        found[at : at + _AT_ONCE] = (squares - 2 * part @ centers.T).argmin(axis=1)
    return found


def _split(histogram: ColorHistogram, count: int) -> Floats:
    """The means of `count` boxes of cells, or of fewer where there are no more cells."""
    boxes = [np.arange(len(histogram.colors))]
    errors = [_error(histogram, boxes[0])]
    while len(boxes) < count and max(errors) > 0:
        worst = int(np.argmax(errors))
        halves = _halves(histogram, boxes[worst])
        boxes[worst : worst + 1] = halves
        errors[worst : worst + 1] = [_error(histogram, half) for half in halves]
    return np.stack([_mean(histogram, box) for box in boxes])


def _halves(histogram: ColorHistogram, box: Codes) -> list[Codes]:
    """A box cut across its longest axis, where the least error is left."""
    colors, weights = histogram.colors[box], histogram.weights[box]
    away = colors - _mean(histogram, box)
    axis = np.linalg.eigh((away * weights[:, None]).T @ away)[1][:, -1]
    along = away @ axis
    order = np.argsort(along)
    below = np.cumsum(weights[order])[:-1]
    sums = np.cumsum(weights[order] * along[order])[:-1]
    # The sums of both sides are opposite, as the mean is the origin.
    gain = sums**2 / below + sums**2 / (weights.sum() - below)
    cut = int(np.argmax(gain)) + 1
    return [box[order[:cut]], box[order[cut:]]]


def _mean(histogram: ColorHistogram, box: Codes) -> Floats:
    mean = np.average(histogram.colors[box], axis=0, weights=histogram.weights[box])
    return np.asarray(mean, dtype=np.float32)


def _error(histogram: ColorHistogram, box: Codes) -> float:
    """The squared error of a box drawn in its mean; 0 where it cannot be cut."""
    if len(box) < 2:
        return 0.0
    away = histogram.colors[box] - _mean(histogram, box)
    return float((histogram.weights[box, None] * away**2).sum())


def _fit_centers(centers: Floats, histogram: ColorHistogram, steps: int) -> Floats:
    for _ in range(steps):
        own = nearest_centers(histogram.colors, centers)
        share = np.bincount(own, histogram.weights, len(centers))
        totals = [
            np.bincount(own, histogram.weights * histogram.colors[:, channel], len(centers))
            for channel in range(3)
        ]
        used = share > 0
        centers[used] = (np.stack(totals, axis=1)[used] / share[used, None]).astype(np.float32)
    return centers


def count_colors(pictures: Iterable[Pixels]) -> ColorHistogram:
    """Count the opaque pixels of RGBA pictures of one film."""
    known: Codes = np.zeros(0, np.intp)
    numbers: Weights = np.zeros(0)
    counts, sums = np.zeros(_CELLS), np.zeros((3, _CELLS))
    for picture in pictures:
        pixels = picture[opaque(picture)][:, :3]
        if len(known) <= _DISTINCT:
            known, numbers = _merge(known, numbers, codes_of(pixels, 8))
        cells = codes_of(pixels, _BITS)
        counts += np.bincount(cells, minlength=_CELLS)
        for channel in range(3):
            sums[channel] += np.bincount(cells, pixels[:, channel], _CELLS)
    if len(known) <= _DISTINCT:
        return ColorHistogram(centers_of(known, 8), numbers, True)
    return _means(counts, sums)


def coarser(histogram: ColorHistogram, bits: int) -> ColorHistogram:
    """Return the same pixels in cells of `bits` a channel."""
    codes = codes_of(histogram.colors.astype(np.uint8), bits)
    counts, *sums = (
        np.bincount(codes, weights, 1 << 3 * bits).astype(np.float64)
        for weights in (histogram.weights, *(histogram.weights * histogram.colors.T))
    )
    return _means(counts, np.stack(sums))


def opaque(picture: Pixels) -> npt.NDArray[np.bool_]:
    """Which pixels (height, width) of an RGBA picture are shown: a GIF knows no half."""
    return picture[..., 3] >= _OPAQUE


def codes_of(pixels: npt.NDArray[np.uint8], bits: int) -> Codes:
    """Each color (…, 3) as one number of `bits` a channel."""
    high = (pixels >> 8 - bits).astype(np.intp)
    return high[..., 0] << 2 * bits | high[..., 1] << bits | high[..., 2]


def centers_of(codes: Codes, bits: int) -> Floats:
    """The colors (n, 3) in the middle of the cells that codes of `bits` a channel name."""
    mask, side = (1 << bits) - 1, 1 << 8 - bits
    corners = np.stack([codes >> 2 * bits, codes >> bits & mask, codes & mask], axis=1)
    return (corners * side + (side - 1) / 2).astype(np.float32)


def _merge(known: Codes, numbers: Weights, codes: Codes) -> tuple[Codes, Weights]:
    fresh, times = np.unique(codes, return_counts=True)
    merged, places = np.unique(np.concatenate([known, fresh]), return_inverse=True)
    totals = np.bincount(places, np.concatenate([numbers, times]), len(merged))
    return merged, totals.astype(np.float64)


def _means(counts: Weights, sums: Weights) -> ColorHistogram:
    used = np.flatnonzero(counts)
    means = (sums[:, used] / counts[used]).T.astype(np.float32)
    return ColorHistogram(means, counts[used], False)
