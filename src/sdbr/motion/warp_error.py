"""Measures how steady a clip is: the warp error of Lai et al., and its sharpness.

E_warp ("Learning Blind Video Temporal Consistency", ECCV 2018) follows the source's motion from
each frame to the next and counts what differs where that motion is seen. What is covered or
uncovered, and the edges of what moves, are left out after Ruder et al., "Artistic Style Transfer
for Videos", 2016. The source's own error is the floor: grain and light are in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import fmean

import cv2
import numpy as np
import numpy.typing as npt

from sdbr.motion.arrays import Flow, Frame, Plane, as_floats, luma, shrunk, size_of
from sdbr.motion.flow import FlowOptions, View, view, view_size, warp
from sdbr.motion.matching import FlowPair, find_flows

# Another flow than the one that fills: finer, so that a method is not judged by its own error.
MEASURING_FLOW = FlowOptions(scale=1.0, preset="medium")

# Ruder et al. 2016, equations 5 and 6.
RETURN_SHARE, RETURN_PIXELS = 0.01, 0.5
EDGE_SHARE, EDGE_PIXELS = 0.01, 0.002


@dataclass(frozen=True, slots=True)
class Steadiness:
    """How one frame follows from the one before it.

    `error` is E_warp of the result and `floor` that of the source: squared differences summed
    over the channels (0 to 1 each), mean over what is seen in both frames. `sharpness` is the
    result's Laplacian energy, levels of 255 squared.
    """

    result_error: float
    source_error: float
    sharpness: float


def steadiness(pairs: Iterable[tuple[Frame, Frame]]) -> Iterator[Steadiness]:
    """The curve of a clip: one value for each frame but the first.

    `pairs` are the source's frames with the result's, in order; a result may have another size.
    Two frames of each are held. Cuts are not known here: leave their pairs out, or measure
    shot by shot.
    """
    before: tuple[View, Frame, Frame] | None = None
    for source, result in pairs:
        size = view_size(size_of(source), MEASURING_FLOW)
        now = view(source, size), shrunk(source, size), shrunk(result, size)
        if before is not None:
            taken = find_flows(before[0], now[0], MEASURING_FLOW.preset)
            seen = visible(taken)
            error = warp_error(before[2], now[2], taken.backward, seen)
            floor = warp_error(before[1], now[1], taken.backward, seen)
            yield Steadiness(error, floor, sharpness(result))
        before = now


def warp_error(before: Frame, now: Frame, flow: Flow, seen: npt.NDArray[np.bool_]) -> float:
    """E_warp of a pair: mean squared difference over the pixels seen (Lai et al. 2018, eq. 9).

    `flow` leads from now to before. 0 where nothing is seen in both.
    """
    if not seen.any():
        return 0.0
    apart = as_floats(cv2.subtract(as_floats(now), as_floats(warp(as_floats(before), flow))))
    error = cv2.mean(cv2.multiply(apart, apart), seen.view(np.uint8))
    return sum(error[:3]) / 255**2


def visible(taken: FlowPair) -> npt.NDArray[np.bool_]:
    """What is seen in both frames and is no edge of motion, on the later frame's grid."""
    there, back = as_floats(warp(taken.forward, taken.backward)), taken.backward
    length = _squared(back)
    gap, room = _squared(as_floats(cv2.add(there, back))), _squared(there) + length
    hidden = gap > RETURN_SHARE * room + RETURN_PIXELS
    edge = _slope(back) > EDGE_SHARE * length + EDGE_PIXELS
    return np.asarray(~(hidden | edge))


def sharpness(picture: Frame) -> float:
    """Laplacian energy: mean square of the luma's Laplacian, in levels of 255 squared."""
    edges = as_floats(cv2.Laplacian(luma(picture), cv2.CV_32F))
    return float((edges * edges).mean())


def mean_error(curve: Iterable[Steadiness]) -> tuple[float, float]:
    """Mean E_warp of a result and of its source, over a curve; 0 for an empty one."""
    values = [(each.result_error, each.source_error) for each in curve]
    if not values:
        return 0.0, 0.0
    return fmean(value[0] for value in values), fmean(value[1] for value in values)


def _squared(flow: Flow) -> Plane:
    x, y = cv2.split(flow)
    return as_floats(cv2.add(cv2.multiply(x, x), cv2.multiply(y, y)))


def _slope(flow: Flow) -> Plane:
    """How steeply a flow changes: its central differences squared, summed over both axes."""
    whole = np.zeros(flow.shape[:2], np.float32)
    for across, down in ((1, 0), (0, 1)):
        # Half of what lies on either side; at the frame's own edge both are the same, so 0.
        change = cv2.Sobel(flow, cv2.CV_32F, across, down, None, 1, 0.5)
        whole += _squared(as_floats(change))
    return whole
