"""Frees a comparison from a change of exposure: fades, flashes, a camera that adapts itself."""

from __future__ import annotations

from dataclasses import dataclass

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
GAIN = (0.25, 4.0)
CLEARLY_MORE = 1.05
# From so many levels of 255 on it is one of the whole picture: a flash, a strobe.
STRONG = 12.0
# Lights are the pixels above this percentile.
LIGHTS = 98
GRAIN_VARIANCE = 1.0

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Exposure:
    """A change of exposure: level after = `gain` · level before + `offset`, for each channel."""

    gain: Samples
    offset: Samples

    def of(self, picture: Frame) -> Frame:
        """The picture with its exposure changed so."""
        return as_bytes(cv2.transform(picture, np.column_stack([np.diag(self.gain), self.offset])))

    def is_strong(self, picture: Frame) -> bool:
        """Whether it changes a picture by more than `STRONG` levels, on the mean."""
        # No pixel changes by more than black or white does, and rounding.
        most = np.abs([self.offset, 255 * (self.gain - 1) + self.offset]).max() + 0.5
        return bool(most > STRONG) and self.levels(picture) > STRONG

    def levels(self, picture: Frame) -> float:
        """How many levels of 255 it changes a picture by, on the mean."""
        return float(cv2.absdiff(self.of(picture), picture).mean())

    def in_part(self, share: float) -> Exposure:
        """This share of the change, 0 to 1."""
        part = np.float32(share)
        return Exposure(1 + part * (self.gain - 1), part * self.offset)

    def within_white(self, picture: Frame) -> Exposure:
        """The change with no more gain than leaves the picture's lights their differences."""
        lights = float(np.percentile(picture[::STRIDE, ::STRIDE].max(axis=2), LIGHTS))
        highest = (255 - self.offset) / np.float32(max(lights, 1))
        fits = as_floats(np.minimum(self.gain, np.maximum(highest.min(), np.minimum(1, self.gain))))
        return Exposure(fits, self.offset)


def match_exposure(seen: Frame, wanted: Frame, returns: Plane | None = None) -> Frame:
    """`seen` in the exposure of `wanted`; as it is where that is not known. See `find_exposure`."""
    exposure = find_exposure(seen, wanted, returns)
    return seen if exposure is None else exposure.of(seen)


def find_exposure(seen: Frame, wanted: Frame, returns: Plane | None = None) -> Exposure | None:
    """What leads from the exposure of `seen` to that of `wanted`.

    `returns` is how badly the flow between them fails to return, 0 and up; only pixels that
    return are asked, or all without it. None with too few of them, or where one picture has hardly
    any contrast left beside the other: in white or black nothing shows the exposure.
    """
    few = [each[::STRIDE, ::STRIDE] for each in (seen, wanted)]
    pick = ... if returns is None else returns[::STRIDE, ::STRIDE] < FARTHEST_RETURN
    x, y = (as_floats(each[pick].reshape(-1, 3)) for each in few)
    if len(x) < FEWEST:
        return None
    spread_x, spread_y = as_floats(x.std(axis=0)), as_floats(y.std(axis=0))
    if not GAIN[0] < (spread_y.mean() + 1) / (spread_x.mean() + 1) < GAIN[1]:
        return None
    return _fit(x, y, as_floats(spread_y / np.maximum(spread_x, 1)))


def _fit(x: Samples, y: Samples, contrast: Samples) -> Exposure:
    """What leads from the samples x to y, whose spreads differ by this factor in each channel;
    things that moved are left out."""
    same = _agreeing(y - x)
    # A strong change of light is no shift: then more pixels agree on a gain.
    gain = np.clip(contrast, *GAIN)
    scaled = _agreeing(y - gain * x)
    same = np.where(scaled.sum(axis=0) > CLEARLY_MORE * same.sum(axis=0), scaled, same)
    count = np.maximum(same.sum(axis=0), 1)
    mean_x, mean_y = (x * same).sum(axis=0) / count, (y * same).sum(axis=0) / count
    off_x, off_y = (x - mean_x) * same, (y - mean_y) * same
    # One level of grain keeps flat pictures from asking for any gain.
    grain = count * GRAIN_VARIANCE
    gain = ((off_x * off_y).sum(axis=0) + grain) / ((off_x * off_x).sum(axis=0) + grain)
    gain = as_floats(np.clip(gain, *GAIN))
    return Exposure(gain, as_floats(mean_y - gain * mean_x))


def _agreeing(change: Samples) -> npt.NDArray[np.bool_]:
    return np.asarray(np.abs(change - np.median(change, axis=0)) < SAME_CHANGE)
