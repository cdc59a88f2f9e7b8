"""Makes one frame from the keyframes beside it.

The keyframes' pictures are fetched along the flow and mixed by trust and by nearness; what is
new in the source comes in through a local color model; where no keyframe is trusted the model
alone draws; the finest detail is brought back to strength.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from sdbr.motion.arrays import (
    Color,
    Frame,
    Luma,
    Plane,
    WidthHeight,
    as_bytes,
    as_floats,
    cell_means,
    luma,
    shrunk,
    size_of,
    spread_out,
)
from sdbr.motion.color_model import bound_colors, fit_colors
from sdbr.motion.exposure import STRONG, Exposure, find_exposure
from sdbr.motion.flow import View, warp_by_planes
from sdbr.motion.matching import Link
from sdbr.motion.sharpness import (
    detail_energy,
    detail_to_add,
    finest_detail,
    goal_energy,
    share_of_detail_kept,
    warp_cells,
)

# A keyframe that is not trusted at all still weighs this much beside another such one.
LEAST_WEIGHT = 0.01
# This share of the weight is given to all keyframes alike, however near they are: what differs from
# call to call is less in a mean.
ALIKE = 0.2
# Up to the first trust the color model draws alone, from the second the pictures do.
TRUST_STEP = (0.08, 0.40)
# Pixels over the longer side in which news is let in at most: a look keeps less of finer things.
FINEST_NEWS = 320
# Levels of 255 by which the mean color may be off.
MOST_OFF = 1.0
# A look of high contrast follows the source's brightness by more than that changes.
MOST_FOLLOWED = 1.5
# Levels of 255 that a change of exposure comes to. Up to the first the local color model lets it
# in, from the second on the whole picture changes as the source did.
STRONG_LIGHT = (STRONG, 30.0)
# Below this share of untrusted area the model need not draw.
HARDLY_ANY = 0.002

MeanColor = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Keyframe:
    """A keyframe: its picture as drawn, its source, how strong their finest detail is, how much of
    the source's the look keeps, 0 and up, and the mean colors of both, for the whole picture."""

    picture: Frame
    source: View
    picture_detail: Plane
    source_detail: Plane
    kept_detail: Plane
    mean: MeanColor
    source_mean: MeanColor


@dataclass(frozen=True, slots=True)
class KeyframeLink:
    """A keyframe as one frame sees it: the link to it, and its nearness in time, 0 to 1."""

    key: Keyframe
    link: Link
    nearness: float


@dataclass(frozen=True, slots=True)
class SourceViews:
    """A source frame: its small view, and its whole luma in the size of the pictures."""

    view: View
    luma: Luma


def make_key(picture: Frame, source: SourceViews) -> Keyframe:
    """A keyframe from its drawn picture and its source frame."""
    drawn, given = finest_detail(luma(picture)), finest_detail(source.luma)
    own, of_source = detail_energy(drawn), detail_energy(given)
    means = _mean_color(picture), _mean_color(source.view.color)
    return Keyframe(
        picture, source.view, own, of_source, share_of_detail_kept(drawn, given), *means
    )


def propagate(
    now: SourceViews,
    near: Sequence[KeyframeLink],
    texture: Plane | None = None,
    follow: float = 1.0,
) -> tuple[Frame, float]:
    """The picture of a source frame, and the share of it, 0 to 1, that no keyframe explains.

    `near` are the keyframes, one or more, whose pictures have the size of the result. `follow` is
    the share of a change of exposure, 0 to 1, that reaches it.
    """
    weights = [_weight(each) for each in near]
    trusted = _trusted([each.link.trust for each in near])
    pictures = [_fetched(each.key.picture, each.link) for each in near]
    picture = _mixed(pictures, weights)
    seen = _mixed((_fetched(each.key.source.color, each.link) for each in near), weights)
    size = _size_of_news(size_of(picture), size_of(seen))
    small, seen, here = (shrunk(each, size) for each in (picture, seen, now.view.color))
    trusted = cell_means(trusted, size)
    shown = [shrunk(each, size) for each in pictures]
    if (light := find_exposure(seen, here, 1 - trusted)) is not None:
        here = _less_exposed(here, seen, light, 1 - follow)
        light = _strong_part(light.in_part(follow), seen)
        if light is not None:
            drawn_light = light.within_white(small)
            seen = light.of(seen)
            picture, small, *shown = map(drawn_light.of, (picture, small, *shown))
    model = fit_colors(seen, small, trusted)
    new = model.of_change(as_floats(cv2.subtract(here, seen, dtype=cv2.CV_32F)))
    gray = luma(picture)
    added = np.zeros(gray.shape, np.float32)
    untrusted = 1.0 - float(trusted.mean())
    if untrusted > HARDLY_ANY:
        alone = model.of_color(as_floats(here))
        new = as_floats(cv2.blendLinear(new, alone - as_floats(small), trusted, 1 - trusted))
        share = spread_out(np.mean([p.key.kept_detail for p in near], axis=0), size_of(gray))
        other = share * _finer(now.luma, luma(here)) - _finer(gray, luma(small))
        added = as_floats(other * spread_out(1 - trusted, size_of(gray)))
    detail = finest_detail(as_floats(cv2.add(gray, added, dtype=cv2.CV_32F)))
    finer = added + detail_to_add(detail, _goal(now.luma, near, weights))
    color = bound_colors(as_floats(small) + new, shown)
    new = color + _mean_shift(color, now, near, follow) - as_floats(small)
    if texture is not None:
        finer += texture
    return _finished(picture, new, finer), untrusted


def _mean_shift(
    color: Color, now: SourceViews, near: Sequence[KeyframeLink], follow: float
) -> Color:
    """What brings the mean color near to that of the keyframes, as they are mixed, in levels.

    It may be farther by as much as the source's is from its keyframes', as far as the look follows
    that: where little is trusted, in a dissolve, the model alone was 7 levels off.
    """
    shares = [_share(each) for each in near]
    drawn = np.average([each.key.mean for each in near], axis=0, weights=shares)
    given = np.average([each.key.source_mean for each in near], axis=0, weights=shares)
    off = _mean_color(color) - drawn
    change = np.abs(_mean_color(now.view.color) - given).max()
    most = MOST_OFF + MOST_FOLLOWED * follow * change
    return as_floats(np.clip(off, -most, most) - off)


def _mean_color(picture: Frame | Color) -> MeanColor:
    return np.array(cv2.mean(picture)[:3])


def _less_exposed(here: Frame, seen: Frame, light: Exposure, share: float) -> Frame:
    """The source with this share of its change of exposure undone."""
    if not share:
        return here
    change = cv2.subtract(light.of(seen), seen, dtype=cv2.CV_32F)
    return as_bytes(np.clip(here - np.float32(share) * change, 0, 255))


def _strong_part(light: Exposure, seen: Frame) -> Exposure | None:
    """How far a change of exposure is one of the whole picture; None where it is weak.

    The local color model would carry its straight lines far beyond what it was fitted on.
    """
    levels, (low, high) = light.levels(seen), STRONG_LIGHT
    if levels <= low:
        return None
    return light.in_part(min(1.0, (levels - low) / (high - low)))


def _weight(each: KeyframeLink) -> Plane:
    # With its root a keyframe that is trusted in part counts for more: that is a mean as well.
    sure = as_floats(cv2.sqrt(np.maximum(each.link.trust, 0)))
    return as_floats((sure + LEAST_WEIGHT) * np.float32(_share(each)))


def _share(each: KeyframeLink) -> float:
    return ALIKE / 2 + (1 - ALIKE) * each.nearness


def unexplained_share(trusts: Sequence[Plane], picture: WidthHeight) -> float:
    """The share of a frame, 0 to 1, that none of its keyframes explains, by the trust in the link
    to each of them; its picture is to have this size."""
    trusted = _trusted(trusts)
    return 1.0 - float(cell_means(trusted, _size_of_news(picture, size_of(trusted))).mean())


def _trusted(trusts: Sequence[Plane]) -> Plane:
    most = np.maximum.reduce(trusts)
    low, high = TRUST_STEP
    part = np.clip((most - low) / (high - low), 0, 1)
    return as_floats(part * part * (3 - 2 * part))


def _fetched(picture: Frame, link: Link) -> Frame:
    if not link.flow.any():
        return picture
    # Cubic takes three times as long and, once detail is strengthened, is no nearer the look.
    # With a fourth channel beside its three a picture is fetched in half the time.
    four = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA))
    return as_bytes(cv2.cvtColor(warp_by_planes(four, link.flow), cv2.COLOR_RGBA2RGB))


def _mixed(pictures: Iterable[Frame], weights: Sequence[Plane]) -> Frame:
    """The weighted mean of pictures, asked for one after the other."""
    mixed, total = None, None
    for picture, weight in zip(pictures, weights, strict=True):
        own = spread_out(weight, size_of(picture))
        if mixed is None or total is None:
            mixed, total = picture, own
        else:
            mixed, total = as_bytes(cv2.blendLinear(mixed, picture, total, own)), total + own
    assert mixed is not None
    return mixed


def _size_of_news(picture: WidthHeight, seen: WidthHeight) -> WidthHeight:
    """News is let in no finer than half the picture: what is finer is the keyframes' own."""
    share = min(0.5, FINEST_NEWS / max(picture))
    width, height = (max(1, round(side * share)) for side in picture)
    return min(width, seen[0]), min(height, seen[1])


def _finer(whole: Luma, coarse: Luma) -> Plane:
    """What a picture's luma has that a coarse copy of it has not."""
    smooth = cv2.resize(coarse, size_of(whole), interpolation=cv2.INTER_LINEAR)
    return as_floats(cv2.subtract(whole, smooth, dtype=cv2.CV_32F))


def _goal(fine: Luma, near: Sequence[KeyframeLink], weights: Sequence[Plane]) -> Plane:
    """The strength that the finest detail should have, cell by cell."""
    grid = size_of(near[0].key.picture_detail)
    parts = [cell_means(weight, grid) for weight in weights]
    drawn = _mean([warp_cells(p.key.picture_detail, p.link.flow) for p in near], parts)
    before = _mean([warp_cells(p.key.source_detail, p.link.flow) for p in near], parts)
    return goal_energy(drawn, detail_energy(finest_detail(fine)), before)


def _mean(planes: Sequence[Plane], weights: Sequence[Plane]) -> Plane:
    return as_floats(np.average(planes, axis=0, weights=np.asarray(weights)))


def _finished(picture: Frame, new: Color, detail: Plane) -> Frame:
    """The picture, a change of its colors on any coarser grid, and detail for each channel.

    Whole levels take half the time of floats here, and the result has no more.
    """
    change = cv2.resize(_levels(new), size_of(picture), interpolation=cv2.INTER_LINEAR)
    whole = cv2.add(change, cv2.merge([_levels(detail)] * 3))
    return as_bytes(cv2.add(picture, whole, dtype=cv2.CV_8U))


def _levels(array: npt.NDArray[np.float32]) -> npt.NDArray[np.int16]:
    return np.asarray(cv2.addWeighted(array, 1, array, 0, 0, dtype=cv2.CV_16S), np.int16)
