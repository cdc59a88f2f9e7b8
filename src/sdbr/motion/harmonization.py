"""Brings the keyframes of a shot together: in color, in place, and in what they agree on.

    drawn → colors of the one before → shift of its own undone → mean with both neighbors
          → brought back to the colors that the keyframes around were drawn in

A model answers each call in colors, places and textures of its own. What the neighbors, fetched
along the source's motion and changed as the source changed, show otherwise is taken in part, in
the middle band alone: what is finer is the picture's own, what is smoother was matched in color.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

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
from sdbr.motion.color_anchor import CoarseColors, anchored, coarse_colors
from sdbr.motion.color_match import (
    NO_CORRECTION,
    SMALL,
    SMOOTH,
    Correction,
    harmonize,
    predict_picture,
    share_known,
    to_lab,
)
from sdbr.motion.flow import View, view, view_size
from sdbr.motion.matching import FlowPair, Link, chain_flows, find_flows, link_views, refine_flows
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
# From keyframe to keyframe colors would wander off: over 280 frames by 40 levels. Those that so
# many keyframes before and after were drawn in are right on the mean: with 12 it still drifts by 2
# levels. So many small views are held, of 1 MB each.
AROUND = 24


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
    frames: Frames,
    pictures: Frames,
    keys: Iterable[int],
    around: int = AROUND,
    fixed: Container[int] = (),
) -> Iterator[Correction]:
    """The corrections of the keyframes of one shot, in order.

    `frames` are the clip's source frames and `pictures` the drawn keyframes, both by number.
    Each correction comes once so many more keys, `around`, are there, or the last one; with 0,
    once the next one is, and in the first picture's colors. `fixed` pictures stay as they are, and
    the others are brought to them. Besides the keyframes every
    `STRIDE`-th frame between them is asked for, oftener where a keyframe is unlike the one before
    it.
    """
    chained = ((key, _colors_of(key, fixed)) for key in _chained(frames, pictures, keys, fixed))
    ahead = deque(islice(chained, max(1, around)))
    offs: deque[Flow] = deque((key.small.off for key, _ in islice(ahead, 1)), maxlen=REMEMBERED + 2)
    colors = deque((own for _, own in ahead), maxlen=2 * around + 1)
    before: _Key | None = None
    while ahead:
        for key, own in islice(chained, 1):
            ahead.append((key, own))
            colors.append(own)
        now, own = ahead.popleft()
        after = ahead[0][0] if ahead else None
        if after is not None:
            offs.append(after.small.off)
        correction = _agreeing(before, now, after, offs)
        if around and len(colors) > 1:
            correction = anchored(correction, now.small.drawn, own, colors)
        stays = now.small.number in fixed
        yield replace(NO_CORRECTION, follow=correction.follow) if stays else correction
        before = now


def _chained(
    frames: Frames, pictures: Frames, keys: Iterable[int], fixed: Container[int]
) -> Iterator[_Key]:
    past: deque[_Key] = deque(maxlen=LOOKED_BACK)
    for key in keys:
        own = _following(frames, past, _small(frames[key], pictures[key], key))
        if key in fixed:
            own = replace(own, correction=NO_CORRECTION, drawn=own.small.drawn)
        past.append(own)
        yield own


def _colors_of(key: _Key, fixed: Container[int]) -> CoarseColors:
    small = key.small
    shown = small.source.color, small.drawn, key.drawn
    return coarse_colors(small.number, shown, fixed=small.number in fixed)


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
    known = share_known(like.small.source, now.source, link)
    for earlier in list(past)[-2::-1] if known < ENOUGH_IN_COMMON else ():
        _, way = _links_between(frames, earlier.small, now)
        if (more := share_known(earlier.small.source, now.source, way)) > known:
            like, link, known = earlier, way, more
    correction = harmonize((like.small.source, like.drawn), (now.source, now.drawn), link)
    return _Key(now, correction, correction.of(now.drawn), back, there)


def _links_between(frames: Frames, before: _Small, now: _Small) -> tuple[Link, Link]:
    """The links from a keyframe to the next and back, by way of frames between."""
    size, preset = size_of(now.source.gray), SMALL.preset_of(now.size)
    between = [view(frames[n], size) for n in range(before.number + STRIDE, now.number, STRIDE)]
    views = [before.source, *between, now.source]
    way: FlowPair | None = None
    for a, b in pairwise(views):
        taken = find_flows(a, b, preset)
        way = refine_flows(chain_flows(way, taken), (views[0], b), preset) if way else taken
    assert way is not None
    return link_views(way, views[0], views[-1]), link_views(way.reverse(), views[-1], views[0])


def _agreeing(
    before: _Key | None, now: _Key, after: _Key | None, offs: Sequence[Flow]
) -> Correction:
    """A keyframe's correction with what its neighbors agree on; without any it stays as it is."""
    near = []
    if before is not None and now.to_before is not None:
        near.append((before, now.to_before))
    if after is not None and after.from_before is not None:
        near.append((after, after.from_before))
    if not near:
        return now.correction
    agreed = _agreed(now, near)
    agreed += spread_out(now.correction.field, size_of(agreed))
    shift = own_shift(offs, now.small.off, now.small.size)
    return replace(now.correction, field=agreed, shift=shift)


def _agreed(now: _Key, near: Sequence[tuple[_Key, Link]]) -> Color:
    """What leads from a picture to its mean with its neighbors, in Lab, in the middle band."""
    own = to_lab(now.drawn)
    apart = np.zeros_like(own)
    weight = np.ones(own.shape[:2], np.float32)
    for key, link in near:
        expected, known = predict_picture((key.small.source, key.drawn), now.small.source, link)
        counts = link.trust * np.float32(known)
        apart += (to_lab(expected) - own) * counts[..., None]
        weight += counts
    apart /= weight[..., None]
    smooth = cv2.GaussianBlur(apart, (0, 0), max(1.0, SMOOTH * own.shape[1]))
    finer = max(FINER, FINER_OF_PICTURE * own.shape[1] / now.small.size[0])
    return as_floats(cv2.GaussianBlur(apart, (0, 0), finer) - smooth)
