"""Links frames to a keyframe: the flow from each of them to it, and how far to trust it.

A flow over a distance is chained from the flows of neighboring frames and then sought once
more from that start: chaining alone drifts, and seeking alone loses fast things.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from sdbr.motion.arrays import Flow, Frame, Luma, Plane, as_bytes, as_floats, luma, size_of
from sdbr.motion.exposure import find_exposure, match_exposure
from sdbr.motion.flow import View, chain, find_flow, warp

# There and back may miss by this many pixels, and by this share of the way.
RETURN_PIXELS = 0.7
RETURN_SHARE = 0.04
# Levels of 255 by which the two ends may differ.
LIKENESS_LEVELS = 11.0
# From about so many on, no neighbor makes up for the difference.
UNLIKE_LEVELS = 40.0
# Grain is smoothed over this many pixels before the two ends are compared.
_GRAIN_KERNEL = (3, 3)
KERNEL = (7, 7)
# (difference / LIKENESS_LEVELS) squared, for every difference in bytes.
_UNLIKENESS = as_floats((np.arange(256) / LIKENESS_LEVELS) ** 2)
_NO_OTHER_THING = as_floats(np.exp(-((np.arange(256) / UNLIKE_LEVELS) ** 4)))

# Ground is plain where brightness stays within so many levels of 255, over so many pixels.
PLAIN_LEVELS = 6
AROUND = (9, 9)
# Levels by which the same place may differ between two frames. With 3, a sky that grows paler to
# the side was torn in a fast pan: part of it stayed, part went along a flow that nothing shows.
SAME_LEVELS = 8
# Grain is smoothed over this many pixels before.
_GROUND_KERNEL = (5, 5)


@dataclass(frozen=True, slots=True)
class FlowPair:
    """The flows between two neighboring frames: from the first to the second, and back."""

    forward: Flow
    backward: Flow

    def reverse(self) -> FlowPair:
        """The same step taken from the other end."""
        return FlowPair(self.backward, self.forward)


@dataclass(frozen=True, slots=True)
class Link:
    """The flow from a frame to a keyframe, and the trust in it, 0 to 1 a pixel."""

    flow: Flow
    trust: Plane


def find_flows(first: View, second: View, preset: str) -> FlowPair:
    """The flows between two neighboring views, both ways."""
    return FlowPair(find_flow(first, second, None, preset), find_flow(second, first, None, preset))


def chain_flows(first: FlowPair, then: FlowPair) -> FlowPair:
    """The flows between the start of one pair of flows and the end of the next, as they follow."""
    return FlowPair(chain(first.forward, then.forward), chain(then.backward, first.backward))


def refine_flows(way: FlowPair, ends: tuple[View, View], preset: str) -> FlowPair:
    """The flows between two views, sought once more from a first guess."""
    there = find_flow(*ends, way.forward, preset)
    back = find_flow(*ends[::-1], way.backward, preset)
    return FlowPair(there, back)


def link_views(way: FlowPair, here: View, there: View) -> Link:
    """The link from one view to another; plain ground that is the same in both stays in place."""
    sure, still = (
        measure_trust(way.forward, way.backward, here, there),
        find_static_ground(here, there),
    )
    if not still.any():
        return Link(way.forward, sure)
    moves = 1 - still
    flow = as_floats(cv2.multiply(way.forward, cv2.merge([moves, moves])))
    return Link(flow, as_floats(np.maximum(sure, still)))


def flows_from_key(
    key: View, others: Iterable[tuple[FlowPair, View]], preset: str
) -> Iterator[FlowPair]:
    """The flows between a keyframe and the frames that it lies beside, nearest first.

    `others` are those frames' views, each with the flows between it and the one before.
    """
    way: FlowPair | None = None
    for taken, view in others:
        # Over 8 frames, chained flow alone left 1.9 to 4.1 levels of error; sought again, 0.75 to
        # 1.5. With every second link sought again, lines of a woodcut flickered by an eighth more.
        way = refine_flows(chain_flows(way, taken) if way else taken, (key, view), preset)
        yield way


def find_static_ground(here: View, there: View) -> Plane:
    """How far each place is plain ground that is the same in both views, 0 to 1, smooth."""
    plain = _plain(here.gray) & _plain(there.gray)
    if not plain.any():
        return np.zeros(plain.shape, np.float32)
    other = _smooth(there.color)
    # In a flash the ground is the same as well.
    light = find_exposure(other, here.color)
    if light is not None and light.is_strong(other):
        other = light.of(other)
    apart = luma(as_bytes(cv2.absdiff(_smooth(here.color), other)))
    same = (apart <= SAME_LEVELS) & plain
    kernel = np.ones(AROUND, np.uint8)
    inner = cv2.erode(same.astype(np.uint8), kernel, borderType=cv2.BORDER_REPLICATE)
    return as_floats(cv2.blur(as_floats(inner), AROUND))


def _plain(gray: Luma) -> npt.NDArray[np.bool_]:
    smooth, kernel = cv2.blur(gray, _GROUND_KERNEL), np.ones(AROUND, np.uint8)
    spread = cv2.subtract(cv2.dilate(smooth, kernel), cv2.erode(smooth, kernel))
    return np.asarray(spread <= PLAIN_LEVELS)


def _smooth(picture: Frame) -> Frame:
    return as_bytes(cv2.blur(picture, _GROUND_KERNEL))


def measure_trust(out: Flow, back: Flow, here: View, there: View) -> Plane:
    """How far the flow `out` from `here` to `there` can be trusted, 0 to 1, height x width.

    `back` is the flow from `there` to `here`. A change of exposure between the two views does
    not count against it.
    """
    doubt = misses(out, back)
    seen = match_exposure(as_bytes(warp(there.color, out)), here.color, doubt)
    doubt += unlikeness(here.color, seen)
    np.negative(doubt, out=doubt)
    sure = as_floats(cv2.exp(doubt))
    sure[~inside(out)] = 0
    apart = luma(as_bytes(cv2.absdiff(here.color, seen)))
    return as_floats(cv2.multiply(cv2.blur(sure, KERNEL), cv2.LUT(apart, _NO_OTHER_THING)))


def misses(out: Flow, back: Flow) -> Plane:
    """How badly a flow fails to return, squared: 1 where it misses by just as much as it may."""
    x, y = cv2.split(cv2.add(out, warp(back, out)))
    room = as_floats(cv2.magnitude(*cv2.split(out)))
    room *= RETURN_SHARE
    room += RETURN_PIXELS
    missed = as_floats(cv2.divide(cv2.magnitude(x, y), room))
    return as_floats(cv2.multiply(missed, missed))


def unlikeness(here: Frame, seen: Frame) -> Plane:
    """How much a view differs from another one warped to it, squared: 1 at `LIKENESS_LEVELS`."""
    wanted, given = (as_bytes(cv2.blur(each, _GRAIN_KERNEL)) for each in (here, seen))
    return as_floats(cv2.LUT(luma(as_bytes(cv2.absdiff(wanted, given))), _UNLIKENESS))


def inside(flow: Flow) -> npt.NDArray[np.bool_]:
    """Where the flow's goal lies inside the frame."""
    width, height = size_of(flow)
    x = flow[..., 0] + np.arange(width, dtype=np.float32)
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    return np.asarray((x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1))
