"""Matches the colors of a keyframe to those of the one before it.

A model answers each call in colors of its own. Where two keyframes show the same things, their
colors are compared in small: mean and spread per channel in CIE Lab (Reinhard et al., "Color
Transfer between Images", 2001), then what differs smoothly over the picture. What changed in the
source in between, a fade or a light, is no difference and stays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from sdbr.motion.arrays import (
    Color,
    Flow,
    Frame,
    Plane,
    as_bytes,
    as_floats,
    cell_grid,
    cell_means,
    size_of,
    spread_out,
)
from sdbr.motion.color_model import fit_colors
from sdbr.motion.flow import FlowOptions, View, warp
from sdbr.motion.matching import Link
from sdbr.motion.registration import unshifted
from sdbr.motion.sharpness import restore_detail

SMALL = FlowOptions(scale=1.0, longest=256)

# Statistics are taken over cells of this many pixels of the view a side.
CELL = 8
# Wider, and contrast would decay from keyframe to keyframe.
GAIN = (0.9, 1.11)
# Spread in levels below which a channel says nothing of contrast.
LEAST_SPREAD = 2.0
# The smooth difference, as a share of the picture's width.
SMOOTH = 1 / 14
# Trust in the smooth difference where nothing was seen.
LEAST_TRUST = 0.02
# With less than this share of the picture in common only mean and spread are matched, in part.
COMMON = 0.05
PART = 0.7
# Share of a correction that is made: with all of it a long shot's colors wander off.
KEPT = 0.95
# Where the source itself changed by so many levels, little is known of the colors due.
CHANGED = 25.0


@dataclass(frozen=True, slots=True)
class Correction:
    """What brings a picture to the colors of its shot: Lab · gain + offset + field.

    `gain` and `offset` have three numbers each; `field` is a coarse height x width x 3 that is
    spread over the picture. `shift` says where each place went, on a coarse grid, or None. `follow`
    is the share of a change of the source's brightness, 0 to 1, that the shot's pictures follow.
    """

    gain: Color
    offset: Color
    field: Color
    shift: Flow | None = None
    follow: float = 1.0

    @property
    def changes(self) -> bool:
        """Whether a picture comes out other than it was."""
        moved = self.shift is not None or self.offset.any() or self.field.any()
        return bool(moved or (self.gain != 1).any())

    def of(self, picture: Frame) -> Frame:
        """The picture, of any size, with its colors corrected."""
        if not self.changes:
            return picture
        placed = picture
        if self.shift is not None:
            # Fetched between pixels a picture loses a tenth of its finest detail.
            placed = restore_detail(unshifted(picture, self.shift), picture)
        corrected = to_lab(placed) * self.gain + self.offset
        corrected += spread_out(self.field, size_of(picture))
        rgb = cv2.cvtColor(corrected, cv2.COLOR_LAB2RGB)
        return as_bytes(np.rint(np.clip(rgb * 255, 0, 255)))

    def in_part(self, share: float) -> Correction:
        """The way from no correction to this one, as far as the share, 0 to 1, says."""
        part = np.float32(share)
        return Correction(1 + (self.gain - 1) * part, self.offset * part, self.field * part)


NO_FIELD = as_floats(np.zeros((1, 1, 3)))
NO_CORRECTION = Correction(as_floats(np.ones(3)), as_floats(np.zeros(3)), NO_FIELD)


def harmonize(before: tuple[View, Frame], now: tuple[View, Frame], link: Link) -> Correction:
    """The correction of a picture, so that it goes on from one drawn before.

    Both are source view and drawn picture of one small size; `link` leads from now to before.
    """
    if float(link.trust.mean()) < COMMON:
        return _by_statistics(before, now)
    expected, known = predict_picture(before, now[0], link)
    wanted, given = to_lab(expected), to_lab(now[1])
    gain, offset = _match(wanted, given, link.trust)
    field = _smooth(wanted - (given * gain + offset), link.trust)
    return Correction(gain, offset, field).in_part(KEPT * known)


def share_known(before: View, now: View, link: Link) -> float:
    """How much of a view's colors is known from one before it, 0 to 1; `link` leads there."""
    *_, known = _news(before, now, link)
    return float(link.trust.mean()) * known


def predict_picture(before: tuple[View, Frame], now: View, link: Link) -> tuple[Frame, float]:
    """How a view should be drawn after one drawn before, and how much is known of that, 0 to 1.

    The picture before is fetched along the motion; what the source changed comes in.
    """
    seen, new, known = _news(before[0], now, link)
    carried = as_bytes(warp(before[1], link.flow))
    change = fit_colors(seen, carried, link.trust).of_change(new)
    return as_bytes(cv2.add(carried, change, dtype=cv2.CV_8U)), known


def _news(before: View, now: View, link: Link) -> tuple[Frame, Color, float]:
    """The view before as seen from now, what is new, and how much is known after it, 0 to 1."""
    seen = as_bytes(warp(before.color, link.flow))
    new = as_floats(cv2.subtract(now.color, seen, dtype=cv2.CV_32F))
    levels = np.average(np.abs(new).mean(axis=2), weights=link.trust + LEAST_TRUST)
    return seen, new, _known(float(levels))


def _known(levels: float) -> float:
    """How much is known of a picture's colors after such a change of the source's."""
    return math.exp(-((levels / CHANGED) ** 2))


def _match(wanted: Color, given: Color, trust: Plane) -> tuple[Color, Color]:
    """Gain and offset that give one picture's cells the mean and spread of the other's."""
    mean_wanted, spread_wanted = _statistics(wanted, trust)
    mean_given, spread_given = _statistics(given, trust)
    gain = as_floats(np.clip(spread_wanted / spread_given, *GAIN))
    return gain, as_floats(mean_wanted - mean_given * gain)


def _statistics(lab: Color, trust: Plane) -> tuple[Color, Color]:
    """Weighted mean and spread per channel over the cells of a picture."""
    grid = cell_grid(size_of(lab), CELL)
    cells, weight = cell_means(lab, grid), cell_means(trust, grid)[..., None]
    weight = weight / max(float(weight.sum()), 1e-6)
    mean = (cells * weight).sum(axis=(0, 1))
    variance = ((cells - mean) ** 2 * weight).sum(axis=(0, 1))
    return as_floats(mean), as_floats(np.sqrt(variance + LEAST_SPREAD**2))


def _smooth(difference: Color, trust: Plane) -> Color:
    """What differs smoothly, where it is seen, and nothing far from there."""
    sigma = max(1.0, SMOOTH * difference.shape[1])
    weighted = cv2.GaussianBlur(difference * trust[..., None], (0, 0), sigma)
    weight = cv2.GaussianBlur(trust, (0, 0), sigma) + LEAST_TRUST
    return as_floats(weighted / weight[..., None])


def _by_statistics(before: tuple[View, Frame], now: tuple[View, Frame]) -> Correction:
    """Mean and spread alone, moved on as the source's moved, in part."""
    everywhere = np.ones(now[1].shape[:2], np.float32)
    source_mean, source_spread = _statistics(to_lab(before[0].color), everywhere)
    mean, spread = _statistics(to_lab(before[1]), everywhere)
    new_mean, new_spread = _statistics(to_lab(now[0].color), everywhere)
    drawn_mean, drawn_spread = _statistics(to_lab(now[1]), everywhere)
    gain = np.clip(spread * new_spread / (source_spread * drawn_spread), *GAIN)
    offset = mean + new_mean - source_mean - drawn_mean * gain
    levels = np.abs(now[0].color.mean(axis=(0, 1)) - before[0].color.mean(axis=(0, 1))).mean()
    whole = Correction(as_floats(gain), as_floats(offset), NO_FIELD)
    return whole.in_part(PART * _known(float(levels)))


def to_lab(picture: Frame | Color) -> Color:
    """The picture in CIE Lab: lightness 0 to 100, the others around 0."""
    return as_floats(cv2.cvtColor(as_floats(picture) / np.float32(255), cv2.COLOR_RGB2LAB))
