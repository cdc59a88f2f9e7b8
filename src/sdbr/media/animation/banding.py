"""Which dither a film needs: as much as hides the bands in its smooth parts, and no more."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from sdbr.media.animation.census import opaque
from sdbr.media.animation.dither import drawn
from sdbr.media.animation.nearest import Indices
from sdbr.media.animation.palette import MOST, Palette
from sdbr.media.clip import Pixels

Plane = npt.NDArray[np.float64]

_WINDOW = 5
_SMOOTH = 4.0
"""Variance in a window below which bands would be seen"""
_SHARE = 0.1
_VISIBLE, _INVISIBLE = 2.0, 1.28
"""Levels of 255 that windows are off, root mean square: 42 and 46 dB"""


def dither_for(pictures: Iterable[Pixels], palette: Palette) -> str:
    """Return the dither for a film of which these RGBA pictures are a sample.

    Flat art that the palette holds, and anything that shows no bands, needs none; smooth parts
    that band need floyd; textures hide most bands, so bayer will do, which costs fewer bytes.
    """
    if palette.exact:
        return "none"
    sample = [_seen(picture) for picture in pictures]
    errors, smooth = _windows(sample, drawn(sample, palette, "none"), palette)
    gradients = smooth.mean() >= _SHARE
    off = np.sqrt(errors[smooth].mean() if gradients else errors.mean())
    if off < _INVISIBLE:
        return "none"
    return "floyd" if gradients and off > _VISIBLE else "bayer"


def _windows(
    sample: list[Pixels], indices: Iterable[Indices], palette: Palette
) -> tuple[Plane, npt.NDArray[np.bool_]]:
    """Of all windows: the squared error of their mean colour as drawn, and which are smooth."""
    table = np.zeros((MOST + 1, 3), np.uint8)
    table[: len(palette.colours)] = palette.colours
    errors, smooth = [], []
    for picture, drawing in zip(sample, indices, strict=True):
        wanted = [picture[..., channel].astype(np.float64) for channel in range(3)]
        shown = [table[drawing, channel].astype(np.float64) for channel in range(3)]
        squares = [_mean(a - b) ** 2 for a, b in zip(wanted, shown, strict=True)]
        errors.append(np.mean(squares, axis=0).ravel())
        grey = np.mean(wanted, axis=0)
        smooth.append((_mean(grey**2) - _mean(grey) ** 2 < _SMOOTH).ravel())
    return np.concatenate(errors), np.concatenate(smooth)


def _seen(picture: Pixels) -> Pixels:
    """The picture on black, where it is see-through: such parts cannot band."""
    return np.where(opaque(picture)[..., None], picture, np.array([0, 0, 0, 255], np.uint8))


def _mean(plane: Plane) -> Plane:
    """The mean of each whole window; of the whole plane where it is smaller than one."""
    side = min(_WINDOW, *plane.shape)
    total = np.pad(plane, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    inner = total[side:, side:] - total[:-side, side:] - total[side:, :-side]
    return np.asarray((inner + total[:-side, :-side]) / side**2)
