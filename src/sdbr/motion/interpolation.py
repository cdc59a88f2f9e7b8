"""Fills the frames between two keyframes.

    source frames → flows between neighbors → links to both keyframes → a picture for each frame

How much of each frame its keyframes explain is known from the links, before any picture is made.
A linked stretch holds some 4 MB a frame for its small views and links, whatever the size of the
clip, and the luma of its frames, one byte a pixel. All of it runs in a few threads, and OpenCV lets
go of Python's lock meanwhile; `limit_threads_and_heaps` in the caller keeps them few.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sdbr.concurrency import side_by_side
from sdbr.motion.arrays import Frame, Frames, Plane, as_floats, luma, shrunk, size_of
from sdbr.motion.flow import FILLING_FLOW, FlowOptions, View, chain, view, view_size
from sdbr.motion.matching import FlowPair, Link, find_flows, flows_from_key, link_views
from sdbr.motion.plan import Stretch
from sdbr.motion.propagation import (
    Keyframe,
    KeyframeLink,
    SourceViews,
    make_key,
    propagate,
    unexplained_share,
)
from sdbr.motion.static_texture import find_texture, remove_texture

# A frame that its keyframes leave unexplained over more than this share is better drawn.
UNEXPLAINED = 0.5
# Threads at work, of as many as there are cores: each holds whole frames, or a flow's pyramids.
THREADS = 4
# What waits is kept in whole parts of a pixel, and of full trust: flow up to 1023 pixels fits.
PARTS = 32.0
TRUST_PARTS = 1024.0

Short = npt.NDArray[np.int16]
Packed = tuple[Short, Short]
"""A link or a step that waits for its turn, in half the memory."""


@dataclass(frozen=True, slots=True)
class InterpolatedFrame:
    """A filled frame, whose picture is made when it is asked for.

    `near` are its keyframes with the links to them and their nearness; `unexplained` is the share
    of it, 0 to 1, that none of them explains.
    """

    number: int
    unexplained: float
    source: SourceViews
    near: Sequence[tuple[Keyframe, Link | Packed, float]]
    texture: Plane | None
    follow: float

    @property
    def better_drawn(self) -> bool:
        """Whether so little of this frame is known from the keyframes that a call is due."""
        return self.unexplained > UNEXPLAINED

    def picture(self) -> Frame:
        """Make the picture. Frames do not need each other: each may have a thread of its own."""
        near = [KeyframeLink(key, _link(packed), nearness) for key, packed, nearness in self.near]
        return propagate(self.source, near, self.texture, self.follow)[0]


def interpolate_stretch(
    frames: Frames,
    stretch: Stretch,
    left: Frame,
    right: Frame | None = None,
    options: FlowOptions = FILLING_FLOW,
    *,
    follow: float = 1.0,
) -> list[InterpolatedFrame]:
    """The frames between a stretch's keyframes, in order.

    `frames` are the clip's source frames by number, all of one size; each is asked for once, from
    several threads. `left` and `right` are the keyframes' pictures, harmonized before (see
    `harmonization.py`), in any one size, which is the size of the results; `right` is not looked at
    where the stretch has no such keyframe. `follow` is the share of a change of the source's
    exposure, 0 to 1, that reaches them: some models draw a scene alike in any light.
    """
    if not stretch.between:
        return []
    last = stretch.end if stretch.right is None else stretch.right + 1
    first = frames[stretch.left]
    preset = options.preset_of(size_of(first))
    others = range(stretch.left + 1, last)
    sources = [_source(first, left, options)]
    sources += side_by_side(lambda number: _source(frames[number], left, options), others, THREADS)
    views = [source.view for source in sources]
    pairs = pairwise(views)
    # A step is only where the search for a link begins.
    quick = replace(options, preset="fast").preset_of(size_of(first))
    steps = list(side_by_side(lambda pair: _pack_flows(find_flows(*pair, quick)), pairs, THREADS))
    if stretch.right is None or right is None:
        texture, keys = None, [make_key(left, sources[0])]
        linked_to: list[Sequence[Link | Packed]] = [list(_links(views, steps, preset))]
    else:
        # Carried from one side alone, E_warp was three times that of both.
        turned = [(back, there) for there, back in reversed(steps)]
        from_left = _links(views[:-1], steps[:-1], preset)
        from_right = map(_pack_link, _links(views[:0:-1], turned[:-1], preset))
        # Taking one from each in turn keeps the threads of both busy.
        taken = list(zip(from_left, from_right, strict=True))
        linked_to = [[one for one, _ in taken], [one for _, one in reversed(taken)]]
        way = chain(_flows(steps[0]).forward, _link(linked_to[1][0]).flow)
        texture = find_texture(left, right, way)
        pictures = remove_texture(left, texture), remove_texture(right, texture)
        keys = [make_key(*pair) for pair in zip(pictures, (sources[0], sources[-1]), strict=True)]
    filled = []
    for place, number in enumerate(stretch.between, start=1):
        nearness = 1 - place / (len(sources) - 1) if len(keys) > 1 else 1.0
        links = (each[place - 1] for each in linked_to)
        near = list(zip(keys, links, (nearness, 1 - nearness), strict=False))
        share = unexplained_share([_trust(link) for _, link, _ in near], size_of(left))
        filled.append(InterpolatedFrame(number, share, sources[place], near, texture, follow))
    return filled


def _source(frame: Frame, picture: Frame, options: FlowOptions) -> SourceViews:
    fine = luma(shrunk(frame, size_of(picture)))
    return SourceViews(view(frame, view_size(size_of(frame), options)), fine)


def _links(views: Sequence[View], steps: Sequence[Packed], preset: str) -> Iterator[Link]:
    """The links from each view but the first to that one, nearest first; one step leads to each."""
    key, *others = views

    def link(item: tuple[View, FlowPair]) -> Link:
        here, way = item
        return link_views(way.reverse(), here, key)

    walk = zip(map(_flows, steps), others, strict=True)
    return side_by_side(link, zip(others, flows_from_key(key, walk, preset), strict=True), THREADS)


def _pack_flows(flows: FlowPair) -> Packed:
    return _to_parts(flows.forward, PARTS), _to_parts(flows.backward, PARTS)


def _flows(packed: Packed) -> FlowPair:
    return FlowPair(_from_parts(packed[0], PARTS), _from_parts(packed[1], PARTS))


def _pack_link(link: Link) -> Packed:
    return _to_parts(link.flow, PARTS), _to_parts(link.trust, TRUST_PARTS)


def _link(packed: Link | Packed) -> Link:
    if isinstance(packed, Link):
        return packed
    return Link(_from_parts(packed[0], PARTS), _trust(packed))


def _trust(packed: Link | Packed) -> Plane:
    return packed.trust if isinstance(packed, Link) else _from_parts(packed[1], TRUST_PARTS)


def _to_parts(array: npt.NDArray[np.float32], parts: float) -> Short:
    return np.asarray(_scaled(array, parts, cv2.CV_16S), np.int16)


def _from_parts(array: Short, parts: float) -> npt.NDArray[np.float32]:
    return as_floats(_scaled(array, 1 / parts, cv2.CV_32F))


def _scaled(array: npt.NDArray[Any], scale: float, kind: int) -> npt.NDArray[Any]:
    # Row by row: of a pair OpenCV would scale the first alone.
    rows = array.reshape(len(array), -1)
    scaled = cv2.addWeighted(rows, scale, rows, 0, 0, dtype=kind)
    return np.asarray(scaled).reshape(array.shape)
