"""Looks once over a clip, in small, and notes what the placing of keyframes needs to know.

The clip streams past: no more than the last few small views are held, and a few numbers a frame
are kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise

import cv2
import numpy as np
import numpy.typing as npt

from sdbr.concurrency import side_by_side
from sdbr.motion.arrays import Frame, Plane, as_bytes, cell_means, size_of
from sdbr.motion.cuts import CERTAIN_ERROR, LONGEST_FLASH, NO_CHANGE, Change, change
from sdbr.motion.flow import FlowOptions, View, view, view_size
from sdbr.motion.matching import FlowPair, chain_flows, find_flows, link_views, refine_flows

SURVEY_FLOW = FlowOptions(scale=1.0, longest=256)
# Frames are compared with others that lie this far before them.
DISTANCES = (1, 2, 3, 4, 6, 8, 12)
# Past this the farther ones are taken as unexplained without a look.
MOST_UNEXPLAINED = 0.9
# A region is this part of the frame's width and height. One that is not explained at all counts as
# much as this share of the frame.
REGIONS = 5
REGION_COUNTS = 0.3
# What differs from a neighboring frame by so many levels moves; less of a frame is grain.
MOVING_LEVELS = 8
LEAST_MOVING = 0.004
# Around what moves this much belongs to it, in pixels of the view.
_MOVING_KERNEL = np.ones((5, 5), np.uint8)
_GRAIN_KERNEL = (3, 3)
# What moves counts as much as this share of the frame, however small it is: it is what one looks
# at. With it people are drawn every 4 frames, flowers in a light wind every 8.
MOVING_COUNTS = 0.75

Trust = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FrameSurvey:
    """What the survey says of one frame.

    `change` is what came between it and the frame before. `pair[d]` is the share of this frame
    that the frames d before and d after it cannot explain together; `alone[d]` the share of the
    frame d after it that this one cannot explain; 0 to 1, d one of `DISTANCES`. Both end with
    the clip, at most cuts, and where hardly anything is explained any more. `light` is the mean
    luma, in levels of 255.
    """

    change: Change
    pair: dict[int, float]
    alone: dict[int, float]
    light: float = 0.0


@dataclass(frozen=True, slots=True)
class ViewedFrame:
    """A frame just seen, the flows between it and the frame before, what changed, and where:
    255 or 0 a pixel."""

    view: View
    flows: FlowPair
    change: Change
    moved: Trust


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two frames compared: the trust in the earlier one seen from the later, and the reverse; and
    the share of the later one that the earlier cannot explain."""

    distance: int
    back: Trust
    forth: Trust
    alone: float


def survey(frames: Iterable[Frame], compare: bool = True) -> list[FrameSurvey]:
    """The survey of each frame of a clip, in order.

    Frames are looked at side by side, as many as there are cores. Without `compare` only what
    the cuts need is looked at, several times as fast.
    """
    seen = view_frames(frames)
    if not compare:
        return [FrameSurvey(one.change, {}, {}, one.view.light) for one in seen]
    windows = _windows(seen)
    return list(_noted(side_by_side(lambda past: (past[-1], _compared(past)), windows)))


def view_frames(frames: Iterable[Frame]) -> Iterator[ViewedFrame]:
    """Each frame in small with the step to it, flashes told from cuts."""
    before: View | None = None
    suspect: View | None = None  # the frame before what may have been a cut, or a flash
    ago = 0
    views = side_by_side(lambda each: view(each, view_size(size_of(each), SURVEY_FLOW)), frames)
    pairs = pairwise(chain((None,), views))
    for seen in side_by_side(_stepped, pairs):
        now, came = seen.view, seen.change
        if suspect is not None and ago < LONGEST_FLASH:
            ago += 1
            back = change(suspect, now, find_flows(suspect, now, SURVEY_FLOW.preset))
            if not back.may_be_cut:
                came, suspect = replace(came, flash=ago), None
        else:
            suspect, ago = before if came.may_be_cut else None, 0
        yield replace(seen, change=came)
        before = now


def _stepped(pair: tuple[View | None, View | None]) -> ViewedFrame:
    before, now = pair
    assert now is not None  # only the first frame has none before it
    taken = find_flows(before or now, now, SURVEY_FLOW.preset)
    came = change(before, now, taken) if before else NO_CHANGE
    return ViewedFrame(now, taken, came, find_moving(now, before or now))


def _windows(seen: Iterable[ViewedFrame]) -> Iterator[tuple[ViewedFrame, ...]]:
    """Each frame, last, after those before it that it is compared with."""
    past: deque[ViewedFrame] = deque(maxlen=max(DISTANCES) + 1)
    for now in seen:
        past.append(now)
        yield tuple(past)


def _compared(window: Sequence[ViewedFrame]) -> list[_Pair]:
    """A frame compared with those `DISTANCES` before it, as far as anything is explained."""
    pairs: list[_Pair] = []
    now = window[-1].view
    for distance, way in flows_back(window, DISTANCES):
        then = window[-1 - distance].view
        back = pack_trust(link_views(way.reverse(), now, then).trust)
        forth = pack_trust(link_views(way, then, now).trust)
        pairs.append(_Pair(distance, back, forth, unexplained_score(back, window[-1].moved)))
        if pairs[-1].alone > MOST_UNEXPLAINED:
            break
    return pairs


def flows_back(
    window: Sequence[ViewedFrame], distances: Collection[int]
) -> Iterator[tuple[int, FlowPair]]:
    """The flows between the frames at these distances before the last and it, nearest first.

    Each is chained from the flows of neighbors and sought once more; a certain cut ends them.
    """
    now, way = window[-1], window[-1].flows
    for distance in range(1, len(window)):
        after = window[-distance]
        if distance > 1:
            way = chain_flows(after.flows, way)
        if after.change.error > CERTAIN_ERROR:
            return
        if distance in distances:
            ends = window[-1 - distance].view, now.view
            yield distance, refine_flows(way, ends, SURVEY_FLOW.preset) if distance > 1 else way


def _noted(compared: Iterable[tuple[ViewedFrame, list[_Pair]]]) -> Iterator[FrameSurvey]:
    """The surveys; what two frames explain together is known once the later one was compared."""
    past: deque[tuple[FrameSurvey, Trust, dict[int, Trust]]] = deque(maxlen=max(DISTANCES) + 1)
    for now, pairs in compared:
        if past:
            # What moves in a frame differs from the one before it or from this one after it.
            np.maximum(past[-1][1], now.moved, out=past[-1][1])
        own = FrameSurvey(now.change, {}, {}, now.view.light)
        backs = {pair.distance: pair.back for pair in pairs}
        past.append((own, now.moved.copy(), backs))
        for pair in pairs:
            middle, moving, before = past[-1 - pair.distance]
            middle.alone[pair.distance] = pair.alone
            if pair.distance in before:
                together = np.maximum(before[pair.distance], pair.forth)
                middle.pair[pair.distance] = unexplained_score(together, moving)
        yield own


def pack_trust(trusted: Plane) -> Trust:
    """Trust in bytes: 255 is full trust."""
    return as_bytes(np.rint(trusted * 255))


def find_moving(now: View, other: View) -> Trust:
    """Where a view differs from its neighbor, and a little around it: 255 or 0 a pixel."""
    grays = (cv2.blur(each.gray, _GRAIN_KERNEL) for each in (now, other))
    apart = cv2.absdiff(*grays) > MOVING_LEVELS
    return as_bytes(cv2.dilate(as_bytes(apart * np.uint8(255)), _MOVING_KERNEL))


def unexplained_score(trusted: Trust, moving: Trust) -> float:
    """The share of a frame, 0 to 1, that is not trusted; more where one region of it is not, or
    what moves in it, unless that is hardly any of the frame."""
    cells = cell_means(trusted, (2 * REGIONS, 2 * REGIONS))
    regions = (cells[:-1, :-1] + cells[1:, :-1] + cells[:-1, 1:] + cells[1:, 1:]) / 4
    shares = [1 - float(trusted.mean()) / 255, REGION_COUNTS * (1 - float(regions.min()) / 255)]
    if float(moving.mean()) > 255 * LEAST_MOVING:
        shares.append(MOVING_COUNTS * (1 - cv2.mean(trusted, moving)[0] / 255))
    return max(shares)
