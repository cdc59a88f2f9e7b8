"""Finds the palette entries for colors; what was asked once is remembered."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sdbr.media.animation.palette import (
    Codes,
    Floats,
    Palette,
    centers_of,
    codes_of,
    nearest_centers,
)

Indices = npt.NDArray[np.uint8]

_NEAR = 24
_AT_ONCE = 16384
LEVELS = 64
"""Steps of a share: as many as a Bayer matrix of 8 × 8 tells apart."""


class Nearest:
    """The nearest entry to each color.

    Colors are told apart by 7 bits a channel, which costs less than 0.01 dB; by all 8 where the
    palette is exact.
    """

    def __init__(self, palette: Palette) -> None:
        self.centers: Floats = palette.colors.astype(np.float32)
        self.bits = 8 if palette.exact else 7
        self._known = np.zeros(1 << 3 * self.bits, np.bool_)
        self._entries = np.zeros(1 << 3 * self.bits, np.uint8)

    def entries(self, pixels: npt.NDArray[np.uint8]) -> Indices:
        """The index of the entry nearest to each color (…, 3 or more)."""
        return self._entries[self._codes(pixels)]

    def _codes(self, pixels: npt.NDArray[np.uint8]) -> Codes:
        """The codes of colors, all of them known from now on."""
        codes = codes_of(pixels, self.bits)
        unknown = codes[~self._known[codes]]
        if unknown.size:
            self._learn(np.unique(unknown))
        return codes

    def _learn(self, codes: Codes) -> None:
        self._entries[codes] = nearest_centers(centers_of(codes, self.bits), self.centers)
        self._known[codes] = True


class Pairs(Nearest):
    """Two entries for each color, and what share of its pixels is to show the second.

    The pair makes |color − mixture|² + grain × share × (1 − share) × |first − second|² the
    least: `grain` (0 to 1) is what visible dots cost against a mixture that is off; at 1 the first
    is alone, which is the nearest.
    """

    def __init__(self, palette: Palette, grain: float) -> None:
        super().__init__(palette)
        self._grain = grain
        self._seconds, self._shares = np.zeros_like(self._entries), np.zeros_like(self._entries)
        apart = ((self.centers[:, None] - self.centers) ** 2).sum(axis=2)
        self._around = np.argsort(apart, axis=1, kind="stable")[:, 1 : _NEAR + 1]

    def mixed(self, pixels: npt.NDArray[np.uint8], thresholds: npt.NDArray[np.uint8]) -> Indices:
        """The first or the second entry for each color, by thresholds of 0 to LEVELS − 1."""
        codes = self._codes(pixels)
        return np.where(
            thresholds < self._shares[codes], self._seconds[codes], self._entries[codes]
        )

    def _learn(self, codes: Codes) -> None:
        super()._learn(codes)
        if not self._around.size:
            return
        for at in range(0, len(codes), _AT_ONCE):
            self._pair(codes[at : at + _AT_ONCE])

    def _pair(self, codes: Codes) -> None:
        first = self._entries[codes]
        around = self._around[first]
        step = self.centers[around] - self.centers[first][:, None]
        off = (centers_of(codes, self.bits) - self.centers[first])[:, None]
        length, along = (step**2).sum(axis=2), (off * step).sum(axis=2)
        grain = self._grain
        share = ((2 * along - grain * length) / (2 * (1 - grain) * length)).clip(0, 0.5)
        cost = share * (share * length - 2 * along + grain * (1 - share) * length)
        best = np.arange(len(codes)), cost.argmin(axis=1)
        self._seconds[codes] = around[best]
        self._shares[codes] = (share[best] * LEVELS).round()
