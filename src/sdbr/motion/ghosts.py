"""Measures how well moving things are drawn, where the warp error sees nothing.

Carried from keyframes, a thing that moves by itself becomes half transparent, doubled or a bare
copy of the source, and the warp error leaves out just where that happens: what is hidden. So a
frame is compared with its own source there, by how strongly the source's structure shows in it and
by how much structure the look has added, and both with the same of the drawn pictures.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from sdbr.motion.arrays import Flow, Frame, Luma, Plane, as_floats, luma, shrunk, size_of
from sdbr.motion.flow import FlowOptions, View, find_flow, view_size
from sdbr.motion.plan import join_ranges

GHOST_VIEW = FlowOptions(scale=1.0, longest=480)

# Levels of 255 by which a place differs from the frame before, once the camera's motion is taken
# out. Grain is smoothed before, with this spread in pixels, and what is near counts after.
MOVED_LEVELS = 6.0
GRAIN, NEAR = 1.5, 3.0
GROWTH = (9, 9)
# A thing below this share of the frame is a speck, and so is all of them together.
SPECK = 0.0015
# The camera's motion is an affine one that this many pixels of error agree with, found on every
# eighth pixel each way where there is texture.
AGREED, GRID = 0.7, 8

# Structure is the gradient after this much smoothing, compared over windows of so many pixels.
# With windows of 15 and of 41 the number agreed less with the likeness to the look's own drawing.
SMOOTHING, WINDOW = 1.5, (25, 25)
# Squared levels a pixel below which there is no structure to compare.
NO_STRUCTURE = 0.5
# A drawn picture's moving things tell what to expect; all of it counts so much beside them, for
# where nothing moved at a keyframe.
WHOLE_COUNTS = 0.02
# Where it is not known which frames were drawn, the share of them in which the source shows best
# stands for them: a ghost can add much, yet never shows its source well.
BEST = 0.5
# Drawn pictures on either side that tell what to expect of a frame.
BESIDE = 3

# Lacking more than this share, over three frames, is seen as a ghost. With a neural style network
# on four clips, frames that it drew lack 0.01 to 0.05 of what those beside them have; frames
# carried over 16 lack 0.02 to 0.22 in the mean, and 0.47 where somebody walked half transparent.
MUCH = 0.2
# Passages this few frames apart are one.
APART = 4


@dataclass(frozen=True, slots=True)
class Structure:
    """Sums over a region of a picture beside its source: squared gradients, levels of 255.

    `shown` is what of the picture's structure follows the source, `added` the rest of it,
    `source` the source's own; `area` is the region's, in pixels.
    """

    shown: float
    added: float
    source: float
    area: float

    def __add__(self, other: Self) -> Structure:
        pairs = zip(self.parts, other.parts, strict=True)
        return Structure(*(one + two for one, two in pairs))

    def times(self, weight: float) -> Structure:
        """The sums, each weighted."""
        return Structure(*(weight * part for part in self.parts))

    @property
    def parts(self) -> tuple[float, float, float, float]:
        """The four sums."""
        return self.shown, self.added, self.source, self.area

    @property
    def likeness(self) -> float:
        """How well the picture's structure agrees with its source's: a correlation, 0 to 1."""
        return math.sqrt(self.shown / max(self.shown + self.added, 1e-9))

    @property
    def richness(self) -> tuple[float, float]:
        """How strongly the source shows, and how much is added a pixel."""
        shown = math.sqrt(self.shown / max(self.source, 1e-9))
        return shown, math.sqrt(self.added / max(self.area, 1e-9))


@dataclass(frozen=True, slots=True)
class MovingThings:
    """What moves by itself in a frame, 0 to 1 of it, and how it is drawn there.

    `drawn` is the same of the drawn pictures of this frame and of the one before; None where
    neither was drawn, or where that is not known.
    """

    share: float
    result: Structure
    drawn: Structure | None = None


def shrink_luma(frame: Frame, source: Frame | None = None) -> Luma:
    """A frame as it is compared: its luma, in small; a picture in the size of its `source`'s."""
    like = frame if source is None else source
    return luma(shrunk(frame, view_size(size_of(like), GHOST_VIEW)))


def compare_moving(
    sources: tuple[Luma, Luma], result: Luma, drawn: tuple[Luma | None, Luma | None] = (None, None)
) -> MovingThings | None:
    """What moves between two neighboring source frames, and how the later one's result has it.

    `drawn` are the pictures of the two as they came from the model, where they did. All are as
    `shrink_luma` gives them. None where nothing moves by itself.
    """
    weights = find_own_motion(*sources)
    share = float((weights > 0).mean())
    if share < SPECK:
        return None
    pictures = [
        measure_structure(picture, source, weights + np.float32(WHOLE_COUNTS))
        for picture, source in zip(drawn, sources, strict=True)
        if picture is not None
    ]
    here = measure_structure(result, sources[1], weights)
    return MovingThings(share, here, _add_up(pictures) if pictures else None)


def find_own_motion(before: Luma, now: Luma) -> Plane:
    """What moves by itself, weighted; 0 where nothing does, or the camera alone.

    A thing counts by the root of its area, so that a small one is heard beside a large one.
    """
    ahead = View(np.empty(0, np.uint8), now), View(np.empty(0, np.uint8), before)
    there = fit_camera_motion(find_flow(*ahead, None, "fast"), now)
    way = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(before, there, size_of(now), flags=way, borderMode=cv2.BORDER_REPLICATE)
    apart = cv2.GaussianBlur(as_floats(now) - as_floats(seen), (0, 0), GRAIN)
    moved = cv2.GaussianBlur(np.abs(apart), (0, 0), NEAR) > MOVED_LEVELS
    grown = cv2.dilate(moved.astype(np.uint8), np.ones(GROWTH, np.uint8))
    _, labels, found, _ = cv2.connectedComponentsWithStats(grown)
    areas = as_floats(found[:, cv2.CC_STAT_AREA])
    weights = np.where(areas < SPECK * grown.size, 0, np.sqrt(grown.size / np.maximum(areas, 1)))
    weights[0] = 0  # What does not move.
    return as_floats(as_floats(weights)[labels])


def fit_camera_motion(flow: Flow, now: Luma) -> npt.NDArray[np.float64]:
    """The affine motion, 2 × 3, that most of a flow follows; none where there is no such one."""
    edges = np.abs(_find_gradient(now)).max(axis=0)[GRID // 2 :: GRID, GRID // 2 :: GRID]
    rows, columns = np.nonzero(edges >= np.median(edges))
    points = as_floats(np.stack([columns, rows], axis=1) * GRID + GRID // 2)
    goals = points + flow[GRID // 2 :: GRID, GRID // 2 :: GRID][rows, columns]
    found, _ = cv2.estimateAffine2D(points, goals, method=cv2.RANSAC, ransacReprojThreshold=AGREED)
    # Where there is none OpenCV gives None, which its annotations forget.
    none = np.eye(2, 3)
    return none if found is None else np.asarray(found, np.float64)


def measure_structure(picture: Luma, source: Luma, weights: Plane) -> Structure:
    """How a picture's structure stands to its source's, both of one size, over weighted pixels."""
    drawn, given = _find_gradient(picture), _find_gradient(source)
    both = _average_product(drawn, given)
    whole, own = _average_product(drawn, drawn), _average_product(given, given)
    shown = np.minimum(both * both / (own + np.float32(NO_STRUCTURE)), whole)
    sums = (shown, whole - shown, own, np.ones_like(own))
    return Structure(*(float((plane * weights).sum(dtype=np.float64)) for plane in sums))


def measure_shortfalls(curve: Mapping[int, MovingThings]) -> dict[int, float]:
    """How much of the drawn pictures' structure each frame lacks where things move, 0 to 1.

    By frame number, for the frames in which something moves. What is expected are the structures
    of the drawn pictures, the nearer in time the more; where none is known, the best frames stand
    for them.
    """
    drawn = {number: one.drawn for number, one in curve.items() if one.drawn is not None}
    expected = drawn or _pick_best(curve)
    numbers = sorted(expected)

    def near(number: int) -> Structure:
        place = bisect(numbers, number)
        beside = numbers[max(0, place - BESIDE) : place + BESIDE]
        return _add_up([expected[at].times((1 + abs(at - number)) ** -2) for at in beside])

    return {number: 1 - _share_kept(one.result, near(number)) for number, one in curve.items()}


def find_ghosts(lacking: Mapping[int, float]) -> list[range]:
    """The passages of frames that lack more than `MUCH` where things move, in order.

    `lacking` is by frame number, as `measure_shortfalls` gives it.
    """
    poor: list[range] = []
    for number in sorted(lacking):
        around = [lacking[at] for at in range(number - 1, number + 2) if at in lacking]
        if fmean(around) > MUCH:
            poor.append(range(number, number + 1))
    return join_ranges(poor, APART)


def _share_kept(result: Structure, drawn: Structure) -> float:
    """The share of what is expected that is there: more than that makes up for nothing."""
    pairs = zip(result.richness, drawn.richness, strict=True)
    shown, added = (min(1.0, has / max(wants, 1e-9)) for has, wants in pairs)
    return math.sqrt(shown * added)


def _pick_best(curve: Mapping[int, MovingThings]) -> dict[int, Structure]:
    ranked = sorted(curve, key=lambda number: -curve[number].result.richness[0])
    return {number: curve[number].result for number in ranked[: math.ceil(BEST * len(ranked))]}


def _add_up(structures: Sequence[Structure]) -> Structure:
    return sum(structures[1:], start=structures[0])


def _find_gradient(gray: Luma) -> npt.NDArray[np.float32]:
    """Across and down, 2 × height × width."""
    soft = cv2.GaussianBlur(as_floats(gray), (0, 0), SMOOTHING)
    ways = ((1, 0), (0, 1))
    return np.stack([as_floats(cv2.Sobel(soft, cv2.CV_32F, *way, scale=0.25)) for way in ways])


def _average_product(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> Plane:
    """The mean over each pixel's window of the product of two gradients."""
    product = as_floats(cv2.blur(one[0] * other[0] + one[1] * other[1], WINDOW))
    # A running mean of squares can come out a hair below nothing.
    return np.maximum(product, 0) if one is other else product
