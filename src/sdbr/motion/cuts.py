"""Where a clip cuts from one shot to the next.

A cut shows in two ways at once: the frame cannot be made from the one before by any motion, and
its colors differ. Both are measured on small views; see `survey.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import cv2
import numpy as np

from sdbr.motion.arrays import Frame, Luma, Plane, as_bytes, as_floats, luma
from sdbr.motion.exposure import match_exposure
from sdbr.motion.flow import View, warp
from sdbr.motion.matching import FlowPair

# Levels of 255 that motion leaves unexplained at a cut.
LEAST_ERROR = 9.0
CERTAIN_ERROR = 25.0
# How far above its neighbors' median a cut stands.
ABOVE_NEIGHBORS = 3.0
NEIGHBORS = 12
# Distance of the histograms, 0 to 1, that a cut between those two errors has as well.
LEAST_COLOR_CHANGE = 0.12

# The picture may be back after so many frames: then it was a flash and no cut.
LONGEST_FLASH = 4

# A scene that is lit otherwise is the same where no more of the error than this is left once
# exposure is evened out.
SAME_SCENE = 0.4
# Mean brightness below which a scene is dark, or all but black, and the most by which the dark is
# made up for.
DARK, BLACK, MOST_DARKNESS = 40.0, 8.0, 3.0

HISTOGRAM_BINS = (16, 8, 8)


@dataclass(frozen=True, slots=True)
class Change:
    """What came between a frame and the one before it.

    `error` is the mean luma error after following the motion, in levels of 255, more in the dark
    and without what another exposure does to the same scene; `color` the
    distance of the two HSV histograms, 0 to 1; `motion` the mean length of the flow as a share
    of the frame's longer side. `flash` is how many frames before this one were but a flash:
    without them it goes on from the frame before those.
    """

    error: float
    color: float
    motion: float
    flash: int = 0

    @property
    def may_be_cut(self) -> bool:
        """Whether the two frames alone look like a cut, whatever the neighbors say."""
        return self.error > LEAST_ERROR and (
            self.color > LEAST_COLOR_CHANGE or self.error > CERTAIN_ERROR
        )


NO_CHANGE = Change(0.0, 0.0, 0.0)


def change(before: View, after: View, flows: FlowPair) -> Change:
    """What came between two neighboring views, given the flows between them."""
    error = _error(before, after, flows)
    length = np.linalg.norm(flows.backward, axis=2).mean() / max(flows.backward.shape)
    colors = cv2.compareHist(
        histogram(before.color), histogram(after.color), cv2.HISTCMP_BHATTACHARYYA
    )
    return Change(error, float(colors), float(length))


def _error(before: View, after: View, flows: FlowPair) -> float:
    dark, light = sorted(float(view.gray.mean()) for view in (before, after))
    left = _left_over(as_bytes(warp(before.gray, flows.backward)), after)
    if dark < BLACK:
        # Into black and out of it goes a fade, unless the other frame is at full light at once.
        return min(left, LEAST_ERROR) if light < DARK else left
    error = left * min(MOST_DARKNESS, max(1.0, DARK / light))
    if error <= LEAST_ERROR:
        return error
    seen = match_exposure(as_bytes(warp(before.color, flows.backward)), after.color)
    share = _left_over(luma(seen), after) / left
    return error * share if share < SAME_SCENE and error * share < LEAST_ERROR else error


def _left_over(seen: Luma, wanted: View) -> float:
    return float(cv2.absdiff(wanted.gray, seen).mean())


def histogram(picture: Frame) -> Plane:
    """The HSV histogram of a picture, its bins adding up to 1."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
    counts = cv2.calcHist([hsv], [0, 1, 2], None, list(HISTOGRAM_BINS), [0, 180, 0, 256, 0, 256])
    return as_floats(counts / max(1.0, float(counts.sum())))


def find_cuts(changes: Sequence[Change]) -> tuple[int, ...]:
    """The numbers of the frames, counted from 0, that begin a new shot; 0 is not among them.

    `changes[i]` is what came between frame i - 1 and frame i; the first is not looked at.
    """
    flashes = {
        number - back
        for number, change in enumerate(changes)
        for back in range(change.flash + 1)
        if change.flash
    }
    return tuple(i for i in range(1, len(changes)) if i not in flashes and is_cut(changes, i))


def is_cut(changes: Sequence[Change], number: int) -> bool:
    """Whether a frame begins a new shot; looks at `NEIGHBORS` changes on either side."""
    if not changes[number].may_be_cut:
        return False
    first = max(1, number - NEIGHBORS)
    around = [c.error for c in changes[first : number + NEIGHBORS + 1]]
    error = changes[number].error
    del around[number - first]
    if error <= ABOVE_NEIGHBORS * ((median(around) if around else 0.0) + 1.0):
        return False
    nearest = changes[max(1, number - 1) : number + 2]
    return error >= max(c.error for c in nearest)
