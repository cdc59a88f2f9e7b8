"""Steadies a shot of which every frame is drawn: by a filter over time, or by feedback.

Each picture takes on the colors of the one before it; then each is mixed with the pictures
around it, fetched along the source's flow, so that what differs from call to call averages out.
What is new in the source comes in, and detail is brought back to strength, as between keyframes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from sdbr.motion.arrays import Frame, as_bytes, luma, shrunk, size_of, spread_out
from sdbr.motion.color_match import SMALL, harmonize
from sdbr.motion.flow import FlowOptions, View, resize_flow, view, view_size, warp
from sdbr.motion.matching import FlowPair, Link, chain_flows, find_flows, link_views, measure_trust
from sdbr.motion.propagation import Keyframe, KeyframeLink, SourceViews, make_key, propagate

# A mean over three on either side left 0.43 of the sharpness before detail was brought back.
WINDOW = 2
# Between neighbors half the size is enough: what moves fast is drawn in each frame anyway.
FILTERING_FLOW = FlowOptions()


@dataclass(frozen=True, slots=True)
class _DrawnFrame:
    """A drawn frame in its window: its source, the step to it, and its picture as a keyframe."""

    source: SourceViews
    flows: FlowPair | None
    key: Keyframe


def filter_over_time(
    pairs: Iterable[tuple[Frame, Frame]],
    window: int = WINDOW,
    options: FlowOptions = FILTERING_FLOW,
) -> Iterator[Frame]:
    """The filtered pictures of one shot, in order.

    `pairs` are source frames, all of one size, with the pictures drawn for them, all of one
    size. `window` is how many neighbors on either side count, 0 and up; 0 matches colors
    alone. Twice `window` and one frames are held.
    """
    held: deque[_DrawnFrame] = deque(maxlen=2 * window + 1)
    waiting = 0
    for drawn in _followed(_harmonized(pairs), options):
        held.append(drawn)
        waiting += 1
        if waiting > window:
            yield _filtered(held, len(held) - 1 - window)
            waiting -= 1
    for left in range(waiting, 0, -1):
        yield _filtered(held, len(held) - left)


def _harmonized(pairs: Iterable[tuple[Frame, Frame]]) -> Iterator[tuple[Frame, Frame]]:
    """The pairs with each picture in the colors of the one before it."""
    before: tuple[View, Frame] | None = None
    for frame, picture in pairs:
        source = view(frame, view_size(size_of(frame), SMALL))
        small, fitting = shrunk(picture, size_of(source.gray)), picture
        if before is not None:
            taken = find_flows(before[0], source, SMALL.preset)
            link = link_views(taken.reverse(), source, before[0])
            correction = harmonize(before, (source, small), link)
            small, fitting = correction.of(small), correction.of(picture)
        yield frame, fitting
        before = source, small


def _followed(pairs: Iterable[tuple[Frame, Frame]], options: FlowOptions) -> Iterator[_DrawnFrame]:
    before: View | None = None
    for frame, picture in pairs:
        small = view(frame, view_size(size_of(frame), options))
        source = SourceViews(small, luma(shrunk(frame, size_of(picture))))
        preset = options.preset_of(size_of(frame))
        taken = find_flows(before, small, preset) if before else None
        yield _DrawnFrame(source, taken, make_key(picture, source))
        before = small


def _filtered(held: Sequence[_DrawnFrame], place: int) -> Frame:
    here = held[place]
    nowhere = np.zeros((*here.source.view.gray.shape, 2), np.float32)
    itself = KeyframeLink(here.key, Link(nowhere, np.ones_like(nowhere[..., 0])), 1.0)
    picture, _ = propagate(here.source, [itself, *_before(held, place), *_after(held, place)])
    return picture


def _before(held: Sequence[_DrawnFrame], place: int) -> Iterator[KeyframeLink]:
    """The pictures before one in its window, nearest first."""
    steps = [held[number].flows for number in range(place, 0, -1)]
    others = [held[number] for number in range(place - 1, -1, -1)]
    return _neighbors(held[place], others, [taken.reverse() for taken in steps if taken])


def _after(held: Sequence[_DrawnFrame], place: int) -> Iterator[KeyframeLink]:
    """The pictures after one in its window, nearest first."""
    others = [held[number] for number in range(place + 1, len(held))]
    return _neighbors(held[place], others, [other.flows for other in others if other.flows])


def _neighbors(
    here: _DrawnFrame, others: Sequence[_DrawnFrame], steps: Sequence[FlowPair]
) -> Iterator[KeyframeLink]:
    """Each of the others as seen from here; `steps` lead away, from neighbor to neighbor."""
    way: FlowPair | None = None
    for other, taken in zip(others, steps, strict=True):
        # Over a few frames chained flow has not drifted yet.
        way = chain_flows(way, taken) if way else taken
        yield KeyframeLink(other.key, link_views(way, here.source.view, other.source.view), 1.0)


# Of the result; the rest is the source, so that what a result got wrong fades from the init images:
# three frames on 0.3 cubed of it is left, 3 %.
SHARE = 0.3


def feed_back(
    before: tuple[Frame, Frame],
    frame: Frame,
    share: float = SHARE,
    options: FlowOptions = FILTERING_FLOW,
) -> Frame:
    """The init image for a source frame, in that frame's size.

    `before` is the source frame before it and that frame's result, which may have another size;
    `share`, 0 to 1, is how much of the result comes in where the flow is trusted. Across a cut
    do not call it: there the frame alone is the init image.
    """
    size = view_size(size_of(frame), options)
    then, now = view(before[0], size), view(frame, size)
    whole = size_of(frame)
    taken = find_flows(then, now, options.preset_of(whole))
    # Flow is sought on small views and grown; the pictures are fetched at their whole size.
    fetched = as_bytes(warp(shrunk(before[1], whole), resize_flow(taken.backward, whole)))
    part = spread_out(measure_trust(taken.backward, taken.forward, now, then), whole) * np.float32(
        share
    )
    return as_bytes(cv2.blendLinear(frame, fetched, 1 - part, part))
