"""The colours of a film and how many pixels have each; counted in cells where they are many."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sdbr.media.clip import Pixels

Floats = npt.NDArray[np.float32]
Weights = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]

_BITS = 6
_CELLS = 1 << 3 * _BITS
_DISTINCT = 20_000
_OPAQUE = 128


@dataclass(frozen=True, slots=True)
class Census:
    """Colours (n, 3) of 0 to 255, and the number of pixels (n,) of each.

    `exact` says that these are the film's own colours, not the means of cells.
    """

    colours: Floats
    weights: Weights
    exact: bool


def counted(pictures: Iterable[Pixels]) -> Census:
    """Count the opaque pixels of RGBA pictures of one film."""
    known: Codes = np.zeros(0, np.intp)
    numbers: Weights = np.zeros(0)
    counts, sums = np.zeros(_CELLS), np.zeros((3, _CELLS))
    for picture in pictures:
        pixels = picture[opaque(picture)][:, :3]
        if len(known) <= _DISTINCT:
            known, numbers = _merged(known, numbers, codes_of(pixels, 8))
        cells = codes_of(pixels, _BITS)
        counts += np.bincount(cells, minlength=_CELLS)
        for channel in range(3):
            sums[channel] += np.bincount(cells, pixels[:, channel], _CELLS)
    if len(known) <= _DISTINCT:
        return Census(centres_of(known, 8), numbers, True)
    return _means(counts, sums)


def coarser(census: Census, bits: int) -> Census:
    """Return the same pixels in cells of `bits` a channel."""
    codes = codes_of(census.colours.astype(np.uint8), bits)
    counts, *sums = (
        np.bincount(codes, weights, 1 << 3 * bits).astype(np.float64)
        for weights in (census.weights, *(census.weights * census.colours.T))
    )
    return _means(counts, np.stack(sums))


def opaque(picture: Pixels) -> npt.NDArray[np.bool_]:
    """Which pixels (height, width) of an RGBA picture are shown: a GIF knows no half."""
    return picture[..., 3] >= _OPAQUE


def codes_of(pixels: npt.NDArray[np.uint8], bits: int) -> Codes:
    """Each colour (…, 3) as one number of `bits` a channel."""
    high = (pixels >> 8 - bits).astype(np.intp)
    return high[..., 0] << 2 * bits | high[..., 1] << bits | high[..., 2]


def centres_of(codes: Codes, bits: int) -> Floats:
    """The colours (n, 3) in the middle of the cells that codes of `bits` a channel name."""
    mask, side = (1 << bits) - 1, 1 << 8 - bits
    corners = np.stack([codes >> 2 * bits, codes >> bits & mask, codes & mask], axis=1)
    return (corners * side + (side - 1) / 2).astype(np.float32)


def _merged(known: Codes, numbers: Weights, codes: Codes) -> tuple[Codes, Weights]:
    fresh, times = np.unique(codes, return_counts=True)
    merged, places = np.unique(np.concatenate([known, fresh]), return_inverse=True)
    totals = np.bincount(places, np.concatenate([numbers, times]), len(merged))
    return merged, totals.astype(np.float64)


def _means(counts: Weights, sums: Weights) -> Census:
    used = np.flatnonzero(counts)
    means = (sums[:, used] / counts[used]).T.astype(np.float32)
    return Census(means, counts[used], False)
