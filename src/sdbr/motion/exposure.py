"""Frees a comparison from a change of exposure: fades, flashes, a camera that adapts itself."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from sdbr.motion.arrays import Frame, Plane, as_bytes, as_floats

# One pixel of this many in each direction is enough to see the exposure.
STRIDE = 6
# Flow that misses the way back by more than this tells nothing of the exposure.
FARTHEST_RETURN = 1.0
# Pixels farther from the common change than this are things that moved, not exposure.
SAME_CHANGE = 24.0
FEWEST = 24
GAIN = (0.5, 2.0)
GRAIN_VARIANCE = 1.0

Samples = npt.NDArray[np.float32]


def match_exposure(seen: Frame, wanted: Frame, returns: Plane) -> Frame:
    """`seen` with the gain and offset per channel that bring it to the exposure of `wanted`.

    `returns` is how badly the flow between them fails to return, 0 and up; only pixels that
    return are asked. With too few of them `seen` comes back as it is.
    """
    pick = returns[::STRIDE, ::STRIDE] < FARTHEST_RETURN
    x, y = (as_floats(each[::STRIDE, ::STRIDE][pick]) for each in (seen, wanted))
    if len(x) < FEWEST:
        return seen
    gain, offset = fit_exposure(x, y)
    return as_bytes(cv2.transform(seen, np.column_stack([np.diag(gain), offset])))


def fit_exposure(x: Samples, y: Samples) -> tuple[Samples, Samples]:
    """Gain and offset per channel that lead from the samples x to y, things that moved left out."""
    change = y - x
    same = np.abs(change - np.median(change, axis=0)) < SAME_CHANGE
    count = np.maximum(same.sum(axis=0), 1)
    mean_x, mean_y = (x * same).sum(axis=0) / count, (y * same).sum(axis=0) / count
    off_x, off_y = (x - mean_x) * same, (y - mean_y) * same
    # One level of grain keeps flat pictures from asking for any gain.
    grain = count * GRAIN_VARIANCE
    gain = ((off_x * off_y).sum(axis=0) + grain) / ((off_x * off_x).sum(axis=0) + grain)
    gain = as_floats(np.clip(gain, *GAIN))
    return gain, as_floats(mean_y - gain * mean_x)
