"""Brings the keyframes of a shot together: in color, in place, and in what they agree on.

    drawn → colors of the one before → shift of its own undone → mean with both neighbors
          → what the shot's first few would have had in colors, on the mean

A model answers each call in colors, places and textures of its own. What the neighbors, fetched
along the source's motion and changed as the source changed, show otherwise is taken in part, in
the middle band alone: what is finer is the picture's own, what is smoother was matched in color.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, pairwise

import cv2
import numpy as np

from sdbr.motion.arrays import (
    Color,
    Flow,
    Frame,
    Frames,
    WidthHeight,
    as_floats,
    shrunk,
    size_of,
    spread_out,
)
from sdbr.motion.color_match import (
    NO_CORRECTION,
    NO_FIELD,
    SMALL,
    SMOOTH,
    Correction,
    expectation,
    harmonized,
    in_common,
    lab,
)
from sdbr.motion.flow import View, view, view_size
from sdbr.motion.matching import Link, Step, joined, linked, sought, step
from sdbr.motion.registration import displacement, own_shift

# Flow between keyframes goes by way of every so many frames.
STRIDE = 4
# A keyframe's place is compared with that of so many before it, and of the one after it.
REMEMBERED = 8
# Finer than this, in pixels of the small view and of the picture, a picture keeps what it has.
FINER, FINER_OF_PICTURE = 1.5, 2.5
# Where less is known of a keyframe's colors from the one before it, so many earlier ones are
# looked at as well.
ENOUGH_IN_COMMON, LOOKED_BACK = 0.5, 4
# A shot takes the mean of the colors that its first so many keyframes came in: the first one's
# alone would be an accident of one call.
AGREEING = 4


@dataclass(frozen=True, slots=True)
class _Small:
    """A keyframe in small: its number, its source, how it is drawn, and how far off its place."""

    number: int
    source: View
    drawn: Frame
    size: WidthHeight
    off: Flow


@dataclass(frozen=True, slots=True)
class _Key:
    """A keyframe in the colors of its shot; `to_before` leads to the one before it, if any,
    and `from_before` from there to it."""

    small: _Small
    correction: Correction
    drawn: Frame
    to_before: Link | None = None
    from_before: Link | None = None


def corrections(
    frames: Frames, pictures: Frames, keys: Iterable[int], agreeing: int = AGREEING
) -> Iterator[Correction]:
    """The corrections of the keyframes of one shot, in order, each once the next key is there.

    `frames` are the clip's source frames and `pictures` the drawn keyframes, both by number.
    The first so many keys, `agreeing`, are waited for and settle the shot's colors; with 1 they
    are the first picture's. Besides the keyframes every `STRIDE`-th frame between them is asked
    for, oftener where a keyframe is unlike the one before it; a few small views are held.
    """
    following = _following_each_other(frames, pictures, keys)
    first = list(islice(following, agreeing))
    common = _common(first)
    offs: deque[Flow] = deque(maxlen=REMEMBERED + 2)
    before: _Key | None = None
    now: _Key | None = None
    for after in chain(first, following):
        offs.append(after.small.off)
        if now is not None:
            yield _settled(before, now, after, offs, common)
        before, now = now, after
    if now is not None:
        yield _settled(before, now, None, offs, common)


def _following_each_other(frames: Frames, pictures: Frames, keys: Iterable[int]) -> Iterator[_Key]:
    past: deque[_Key] = deque(maxlen=LOOKED_BACK)
    for key in keys:
        past.append(_following(frames, past, _small(frames[key], pictures[key], key)))
        yield past[-1]


def _common(keys: Sequence[_Key]) -> Color:
    """What leads from the first picture's colors to the mean of all of theirs, in Lab, smooth."""
    if len(keys) < 2:
        return NO_FIELD
    apart = as_floats(np.mean([lab(key.small.drawn) - lab(key.drawn) for key in keys], axis=0))
    return as_floats(cv2.GaussianBlur(apart, (0, 0), max(1.0, SMOOTH * apart.shape[1])))


def _small(frame: Frame, picture: Frame, number: int) -> _Small:
    source = view(frame, view_size(size_of(frame), SMALL))
    drawn = shrunk(picture, size_of(source.gray))
    return _Small(number, source, drawn, size_of(picture), displacement(frame, picture))


def _following(frames: Frames, past: Sequence[_Key], now: _Small) -> _Key:
    """A keyframe in the colors of the one before it, or of an earlier one that is more like it:
    after a flash the colors are those from before."""
    if not past:
        return _Key(now, NO_CORRECTION, now.drawn)
    there, back = _links_between(frames, past[-1].small, now)
    like, link = past[-1], back
    known = in_common(like.small.source, now.source, link)
    for earlier in list(past)[-2::-1] if known < ENOUGH_IN_COMMON else ():
        _, way = _links_between(frames, earlier.small, now)
        if (more := in_common(earlier.small.source, now.source, way)) > known:
            like, link, known = earlier, way, more
    correction = harmonized((like.small.source, like.drawn), (now.source, now.drawn), link)
    return _Key(now, correction, correction.of(now.drawn), back, there)


def _links_between(frames: Frames, before: _Small, now: _Small) -> tuple[Link, Link]:
    """The links from a keyframe to the next and back, by way of frames between."""
    size, preset = size_of(now.source.gray), SMALL.preset_of(now.size)
    between = [view(frames[n], size) for n in range(before.number + STRIDE, now.number, STRIDE)]
    views = [before.source, *between, now.source]
    way: Step | None = None
    for a, b in pairwise(views):
        taken = step(a, b, preset)
        way = sought(joined(way, taken), (views[0], b), preset) if way else taken
    assert way is not None
    return linked(way, views[0], views[-1]), linked(way.turned(), views[-1], views[0])


def _settled(
    before: _Key | None, now: _Key, after: _Key | None, offs: Sequence[Flow], common: Color
) -> Correction:
    """A keyframe's whole correction; without neighbors it stays as it is."""
    near = []
    if before is not None and now.to_before is not None:
        near.append((before, now.to_before))
    if after is not None and after.from_before is not None:
        near.append((after, after.from_before))
    if not near:
        return now.correction
    agreed = _agreed(now, near)
    for smooth in (now.correction.field, common):
        agreed += spread_out(smooth, size_of(agreed))
    shift = own_shift(offs, now.small.off, now.small.size)
    return replace(now.correction, field=agreed, shift=shift)


def _agreed(now: _Key, near: Sequence[tuple[_Key, Link]]) -> Color:
    """What leads from a picture to its mean with its neighbors, in Lab, in the middle band."""
    own = lab(now.drawn)
    apart = np.zeros_like(own)
    weight = np.ones(own.shape[:2], np.float32)
    for key, link in near:
        expected, known = expectation((key.small.source, key.drawn), now.small.source, link)
        counts = link.trust * np.float32(known)
        apart += (lab(expected) - own) * counts[..., None]
        weight += counts
    apart /= weight[..., None]
    smooth = cv2.GaussianBlur(apart, (0, 0), max(1.0, SMOOTH * own.shape[1]))
    finer = max(FINER, FINER_OF_PICTURE * own.shape[1] / now.small.size[0])
    return as_floats(cv2.GaussianBlur(apart, (0, 0), finer) - smooth)
