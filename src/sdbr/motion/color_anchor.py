"""Brings the keyframes of a shot back to the colors that those around them were drawn in.

From keyframe to keyframe colors would wander off; the mean of many calls does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from sdbr.motion.arrays import (
    Color,
    Frame,
    as_floats,
    cell_grid,
    cell_means,
    size_of,
    spread_out,
)
from sdbr.motion.color_match import GAIN, SMOOTH, Correction, to_lab

# The mean color differs so much from call to call, in Lab. Calls that are farther off are weighted
# down in so many rounds.
CALL_SPREAD = 1.6
ROUNDS = 8
# Squared changes of the mean color of sources, in sum, that tell how a model follows them, for each
# channel of Lab: brightness may change in a fade, the others hardly do.
DOUBT = (8.0, 64.0, 64.0)
# Colors within a picture that follow the source's less than this tell nothing of a fade.
LEAST_SLOPE = 0.2
# Sources whose mean colors differ by so much in Lab say nothing of each other's pictures.
UNLIKE = 30.0
# What clips at the ends of the scale is made up for in so many rounds; a third changes nothing.
MEAN_ROUNDS = 2
# Colors over the whole picture, on a grid so many cells wide.
COLOR_CELLS = 32


@dataclass(frozen=True, slots=True)
class CoarseColors:
    """The coarse colors of a keyframe in Lab: of its source, as drawn, and in those of the one
    before it. Those of a `fixed` one lead."""

    number: int
    fixed: bool
    source: Color
    drawn: Color
    chained: Color


def coarse_colors(
    number: int, shown: tuple[Frame, Frame, Frame], *, fixed: bool = False
) -> CoarseColors:
    """The colors of a keyframe by its number, from what `CoarseColors` has, all of one size."""
    size = size_of(shown[0])
    grid = cell_grid(size, max(1, size[0] // COLOR_CELLS))
    return CoarseColors(number, fixed, *(cell_means(to_lab(each), grid) for each in shown))


def _leading(own: CoarseColors, around: Sequence[CoarseColors]) -> Sequence[CoarseColors]:
    """The nearest fixed one of a like source, whose colors lead; all where there is none."""
    fixed = [
        each
        for each in around
        if each.fixed and np.linalg.norm(_mean(each.source) - _mean(own.source)) < UNLIKE
    ]
    return [min(fixed, key=lambda each: abs(each.number - own.number))] if fixed else around


def anchored(
    correction: Correction, picture: Frame, own: CoarseColors, around: Sequence[CoarseColors]
) -> Correction:
    """The correction of a small picture to the colors that those around were drawn in, on the mean.

    Their spread and what differs smoothly over the picture are those of the mean of them all; their
    mean is what the source's brightness and colors make of it in those pictures.
    """
    around = _leading(own, around)
    drawn = np.stack([colors.drawn - _mean(colors.drawn) for colors in around])
    chained = np.stack([colors.chained - _mean(colors.chained) for colors in around])
    spreads = [as_floats(each.std(axis=(1, 2)).mean(axis=0)) for each in (drawn, chained)]
    gain = as_floats(np.clip((spreads[0] + 1) / (spreads[1] + 1), *GAIN))
    apart = as_floats((drawn - chained * gain).mean(axis=0))
    smooth = as_floats(cv2.GaussianBlur(apart, (0, 0), max(1.0, SMOOTH * apart.shape[1])))
    field = correction.field * gain + spread_out(smooth, size_of(correction.field))
    mean, follow = _expected_mean(own, around)
    gain, offset = correction.gain * gain, correction.offset * gain
    result = replace(correction, gain=gain, offset=offset, field=field, follow=follow)
    # What neighbors agree on, a shift and the ends of the scale move the mean as well.
    for _ in range(MEAN_ROUNDS):
        missing = mean - _mean(to_lab(result.of(picture)))
        result = replace(result, offset=result.offset + missing)
    return result


def _expected_mean(own: CoarseColors, around: Sequence[CoarseColors]) -> tuple[Color, float]:
    """The mean color, in Lab, in which a picture would be drawn if calls did not differ, and the
    share of a change of the source's brightness that the look follows, 0 to 1.

    It changes with the source's mean color as colors change within the pictures, unless those
    around tell otherwise, by least squares: a fade is followed as far as the model follows it.
    Calls that are far off count less.
    """
    off = np.stack([_mean(colors.source) - _mean(own.source) for colors in around])
    within = _slope(around)
    wanted = np.stack([_mean(colors.drawn) for colors in around]) - off @ within
    given = np.column_stack([np.ones(len(off), np.float32), off])
    doubt = np.diag(np.array([0, *DOUBT], np.float32))
    # Sources as bright as its own tell most (Cleveland, "Robust Locally Weighted Regression and
    # Smoothing Scatterplots", 1979).
    apart = np.minimum(1, np.linalg.norm(off, axis=1, keepdims=True) / UNLIKE)
    near = weight = as_floats((1 - apart**3) ** 3)
    for _ in range(ROUNDS):
        normal = given.T @ (given * weight) + doubt
        found = np.linalg.solve(normal, given.T @ (wanted * weight))
        miss = np.linalg.norm(wanted - given @ found, axis=1, keepdims=True)
        weight = near * np.minimum(1, CALL_SPREAD / np.maximum(miss, 1e-3))
    follow = 1 + float(found[1, 0]) / max(float(within[0, 0]), LEAST_SLOPE)
    return as_floats(found[0]), min(1.0, max(0.0, follow))


def _slope(around: Sequence[CoarseColors]) -> Color:
    """How colors within the pictures change with those within their sources, 3 x 3, in Lab."""
    given, wanted = (
        np.concatenate([(each - _mean(each)).reshape(-1, 3) for each in side])
        for side in ([c.source for c in around], [c.drawn for c in around])
    )
    doubt = len(given) * np.eye(3, dtype=np.float32)
    return as_floats(np.linalg.solve(given.T @ given + doubt, given.T @ wanted))


def _mean(colors: Color) -> Color:
    return as_floats(colors.mean(axis=(0, 1)))
