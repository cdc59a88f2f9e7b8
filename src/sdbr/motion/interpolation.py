"""Fills the frames between two keyframes.

While it is filled a stretch holds some 4 MB a frame for its small views and flows, whatever the
size of the clip, and the luma of its frames, one byte a pixel. Stretches do not need each other:
several may be filled in as many threads, and OpenCV lets go of Python's lock while it works.
With as many such threads as cores, `cv2.setNumThreads(1)` in the caller saves those that OpenCV
would start for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sdbr.motion.arrays import Frame, Frames, as_floats, luma, shrunk, size_of
from sdbr.motion.flow import FILLING_FLOW, FlowOptions, chained, view, view_size
from sdbr.motion.matching import Link, Step, links, step
from sdbr.motion.plan import Stretch
from sdbr.motion.propagation import KeyframeLink, SourceViews, make_key, propagate
from sdbr.motion.static_texture import sticking, without

# A frame that its keyframes leave unexplained over more than this share is better drawn.
UNEXPLAINED = 0.5
# What waits is kept in whole parts of a pixel, and of full trust: flow up to 1023 pixels fits.
PARTS = 32.0
TRUST_PARTS = 1024.0

Short = npt.NDArray[np.int16]
Packed = tuple[Short, Short]
"""A link or a step that waits for its turn, in half the memory."""


@dataclass(frozen=True, slots=True)
class InterpolatedFrame:
    """A filled frame: its number, its picture, and the share of it that no keyframe explains."""

    number: int
    picture: Frame
    unexplained: float

    @property
    def better_drawn(self) -> bool:
        """Whether so little of this frame is known from the keyframes that a call is due."""
        return self.unexplained > UNEXPLAINED


def fill(
    frames: Frames,
    stretch: Stretch,
    left: Frame,
    right: Frame | None = None,
    options: FlowOptions = FILLING_FLOW,
    *,
    follow: float = 1.0,
) -> Iterator[InterpolatedFrame]:
    """The pictures of the frames between a stretch's keyframes, in order.

    `frames` are the clip's source frames by number, all of one size; each is asked for once.
    `left` and `right` are the keyframes' pictures, harmonized before (see `harmonization.py`), in
    any one size, which is the size of the results; `right` is not looked at where the stretch has
    no such keyframe. `follow` is the share of a change of the source's exposure, 0 to 1, that
    reaches them: some models draw a scene alike in any light.
    """
    last = stretch.end if stretch.right is None else stretch.right + 1
    first = frames[stretch.left]
    preset = options.preset_of(size_of(first))
    others = (frames[number] for number in range(stretch.left + 1, last))
    sources = [_source(frame, left, options) for frame in chain((first,), others)]
    steps = [_packed_step(step(a.view, b.view, preset)) for a, b in pairwise(sources)]
    key, other, texture = make_key(left, sources[0]), None, None
    # Carried from one side alone, E_warp was three times that of both.
    from_right: list[Packed] = []
    if stretch.right is not None and right is not None:
        from_right = _from_right(sources, steps, preset)
        way = _step(steps[0]).there
        if from_right:
            way = chained(way, _link(from_right[-1]).flow)
        texture = sticking(left, right, way)
        key = make_key(without(left, texture), sources[0])
        other = make_key(without(right, texture), sources[-1])
    walk = zip(map(_step, steps), (source.view for source in sources[1:]), strict=True)
    near = links(sources[0].view, walk, preset)
    for place, (number, link) in enumerate(zip(stretch.between, near, strict=False), start=1):
        nearness = 1 - place / (len(sources) - 1) if other else 1.0
        near_keys = [KeyframeLink(key, link, nearness)]
        if other:
            near_keys.append(KeyframeLink(other, _link(from_right[-place]), 1 - nearness))
        yield InterpolatedFrame(number, *propagate(sources[place], near_keys, texture, follow))


def _source(frame: Frame, picture: Frame, options: FlowOptions) -> SourceViews:
    fine = luma(shrunk(frame, size_of(picture)))
    return SourceViews(view(frame, view_size(size_of(frame), options)), fine)


def _from_right(
    sources: Sequence[SourceViews], steps: Sequence[Packed], preset: str
) -> list[Packed]:
    """The links to the last source, from the nearest to it on; the first source has none."""
    turned = (_step(packed).turned() for packed in steps[:0:-1])
    views = (source.view for source in sources[-2:0:-1])
    walk = zip(turned, views, strict=True)
    return [_packed_link(link) for link in links(sources[-1].view, walk, preset)]


def _packed_step(step: Step) -> Packed:
    return _short(step.there, PARTS), _short(step.back, PARTS)


def _step(packed: Packed) -> Step:
    return Step(_long(packed[0], PARTS), _long(packed[1], PARTS))


def _packed_link(link: Link) -> Packed:
    return _short(link.flow, PARTS), _short(link.trust, TRUST_PARTS)


def _link(packed: Packed) -> Link:
    return Link(_long(packed[0], PARTS), _long(packed[1], TRUST_PARTS))


def _short(array: npt.NDArray[np.float32], parts: float) -> Short:
    return np.asarray(_scaled(array, parts, cv2.CV_16S), np.int16)


def _long(array: Short, parts: float) -> npt.NDArray[np.float32]:
    return as_floats(_scaled(array, 1 / parts, cv2.CV_32F))


def _scaled(array: npt.NDArray[Any], scale: float, kind: int) -> npt.NDArray[Any]:
    # Row by row: of a pair OpenCV would scale the first alone.
    rows = array.reshape(len(array), -1)
    scaled = cv2.addWeighted(rows, scale, rows, 0, 0, dtype=kind)
    return np.asarray(scaled).reshape(array.shape)
