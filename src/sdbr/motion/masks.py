"""Masks of regions: soft edges, compositing, and masks that move with what they cover.

A mask is a plane of bytes, height x width: 255 is inside the region, 0 outside.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from sdbr.motion.arrays import Frame, Luma, WidthHeight, as_bytes, as_floats, size_of
from sdbr.motion.flow import FlowOptions, View, view, view_size
from sdbr.motion.matching import FlowPair, Link, find_flows, flows_from_key, link_views

Affine = npt.NDArray[np.float64]
"""A 2 x 3 matrix that takes (x, y, 1) to a point, in pixels."""

FEATHER = 1 / 100
"""How far a soft edge reaches, as a share of the frame's longer side."""
MASK_FLOW = FlowOptions(scale=1.0, longest=320)
_PRESET = "medium"
# Parts of a mask that lie closer than this share of the longer side, as letters do, move as one.
_NEAR = 1 / 40
# Flow counts from this trust on. A part stays where it was unless this share of it is trusted, and
# this share of that moves as a whole.
_TRUST, _TRUSTED, _WHOLE = 0.5, 0.2, 0.5
_FEWEST, _MOST = 12, 2000
_MISS_PIXELS = 1.0


def feather(mask: Luma) -> Luma:
    """The mask with a soft edge beyond its own: what was 255 stays 255."""
    reach = max(1, round(FEATHER * max(mask.shape)))
    around = (2 * reach + 1, 2 * reach + 1)
    grown = cv2.dilate(mask, np.ones(around, np.uint8))
    return as_bytes(cv2.max(mask, cv2.GaussianBlur(grown, around, 0)))


def resize_mask(mask: Luma, size: WidthHeight) -> Luma:
    """The mask over a frame of another size."""
    return as_bytes(cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR))


def enlarge(picture: Frame, size: WidthHeight) -> Frame:
    """The picture, of any number of channels, at a size that is no smaller."""
    if size == size_of(picture):
        return picture
    return as_bytes(cv2.resize(picture, size, interpolation=cv2.INTER_LANCZOS4))


def composite(source: Frame, result: Frame, kept: Luma) -> Frame:
    """The source where `kept` is 255, the result where it is 0, a mixture between.

    Both have one size and 3 channels, or 4 with straight alpha.
    """
    weight = as_floats(as_floats(kept) / np.float32(255))
    rest = as_floats(1 - weight)
    if source.shape[2] == 3:
        return as_bytes(cv2.blendLinear(source, result, weight, rest))
    (above, above_alpha), (below, below_alpha) = map(_split, (source, result))
    # A color counts by its weight and by how opaque it is.
    shares = weight * above_alpha, rest * below_alpha
    mixed = cv2.blendLinear(above, below, as_floats(shares[0]), as_floats(shares[1]))
    return as_bytes(np.dstack([mixed, cv2.blendLinear(above_alpha, below_alpha, weight, rest)]))


def _split(picture: Frame) -> tuple[Frame, Luma]:
    """The colors of an RGBA picture and its alpha."""
    return np.ascontiguousarray(picture[..., :3]), np.ascontiguousarray(picture[..., 3])


@dataclass(slots=True)
class _Part:
    """A connected part of a mask: in full, over the views, and where it has moved to."""

    mask: Luma
    inside: npt.NDArray[np.bool_]
    move: Affine


def follow_mask(mask: Luma, frames: Iterable[Frame], starts: Collection[int]) -> Iterator[Luma]:
    """The mask for each frame, each of its parts moved as what it covered in the shot's first.

    The mask has the frames' size; `starts` are the numbers of the frames that begin a shot, in
    which it lies as it was drawn. A part turns, grows and shifts as a whole, by optical flow; it
    stays where it last was while too little of it is recognized.
    """
    shot: list[View] = []
    frames_of: list[tuple[FlowPair, View]] = []
    parts: Sequence[_Part] = ()
    ways: Iterator[FlowPair] = iter(())
    for number, frame in enumerate(frames):
        now = view(frame, view_size(size_of(frame), MASK_FLOW))
        if number in starts or not shot:
            shot, parts = [now, now], _parts(mask, size_of(now.gray))
            frames_of = []
            ways = flows_from_key(now, _taken(frames_of), _PRESET)
            yield mask
            continue
        frames_of.append((find_flows(shot[1], now, _PRESET), now))
        shot[1] = now
        link = link_views(next(ways), shot[0], now)
        for part in parts:
            part.move = _move(part, link)
        yield _moved(parts, mask)


def _taken(queue: list[tuple[FlowPair, View]]) -> Iterator[tuple[FlowPair, View]]:
    """What is put into the queue, each just before it is asked for."""
    while queue:
        yield queue.pop(0)


def _parts(mask: Luma, view_size: WidthHeight) -> list[_Part]:
    near = max(3, round(_NEAR * max(mask.shape)))
    joined = cv2.dilate(mask, np.ones((near, near), np.uint8))
    count, labels = cv2.connectedComponents((joined > 0).astype(np.uint8))
    parts = []
    for label in range(1, count):
        alone = as_bytes(np.where(labels == label, mask, 0))
        small = cv2.resize(alone, view_size, interpolation=cv2.INTER_AREA)
        parts.append(_Part(alone, np.asarray(small > 127), np.eye(2, 3)))
    return parts


def _move(part: _Part, link: Link) -> Affine:
    """Where the part has moved to, in pixels of the views."""
    sure = part.inside & (link.trust > _TRUST)
    rows, columns = np.nonzero(sure)
    if len(rows) < max(_FEWEST, _TRUSTED * part.inside.sum()):
        return part.move
    some = slice(None, None, 1 + len(rows) // _MOST)
    rows, columns = rows[some], columns[some]
    start = np.stack([columns, rows], axis=1).astype(np.float32)
    end = start + link.flow[rows, columns]
    found, fits = cv2.estimateAffinePartial2D(start, end, ransacReprojThreshold=_MISS_PIXELS)
    if found is None or fits.mean() < _WHOLE:
        return part.move
    return np.asarray(found, np.float64)


def _moved(parts: Sequence[_Part], mask: Luma) -> Luma:
    moved = np.zeros_like(mask)
    for part in parts:
        scale = np.array(size_of(mask), float) / size_of(part.inside)
        turn = part.move[:, :2] * scale[:, None] / scale
        matrix = np.column_stack([turn, part.move[:, 2] * scale])
        there = cv2.warpAffine(part.mask, matrix, size_of(mask))
        moved = as_bytes(cv2.max(moved, there))
    return moved
