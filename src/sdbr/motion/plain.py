"""Finds plain ground that stays the same: a wall, a sky, paper behind a thing that moves.

Where there is no structure every flow fits, and what the search finds is led astray by whatever
moves nearby. What looks the same at the same place is best taken from the same place.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from sdbr.motion.arrays import Frame, Luma, Plane, as_bytes, as_floats, luma
from sdbr.motion.flow import View

# Ground is plain where brightness stays within so many levels of 255, over so many pixels.
PLAIN_LEVELS = 6
AROUND = (9, 9)
# Levels by which the same place may differ between two frames.
SAME_LEVELS = 3
# Grain is smoothed over this many pixels before.
GRAIN_KERNEL = (5, 5)


def plain_and_same(here: View, there: View) -> Plane:
    """How far each place is plain ground that is the same in both views, 0 to 1, smooth."""
    apart = luma(as_bytes(cv2.absdiff(_smooth(here.colour), _smooth(there.colour))))
    same = (apart <= SAME_LEVELS) & _plain(here.grey) & _plain(there.grey)
    kernel = np.ones(AROUND, np.uint8)
    inner = cv2.erode(same.astype(np.uint8), kernel, borderType=cv2.BORDER_REPLICATE)
    return as_floats(cv2.blur(as_floats(inner), AROUND))


def _plain(grey: Luma) -> npt.NDArray[np.bool_]:
    smooth, kernel = cv2.blur(grey, GRAIN_KERNEL), np.ones(AROUND, np.uint8)
    spread = cv2.subtract(cv2.dilate(smooth, kernel), cv2.erode(smooth, kernel))
    return np.asarray(spread <= PLAIN_LEVELS)


def _smooth(picture: Frame) -> Frame:
    return as_bytes(cv2.blur(picture, GRAIN_KERNEL))
