"""Brings the keyframes of a shot back to the colors that those around them were drawn in.

From keyframe to keyframe colors would wander off; the mean of many calls does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

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
# What sources as near as this in Lab show otherwise counts as far as it is more than chance (James
# and Stein, "Estimation with Quadratic Loss", 1961): this many times the quarter quantile of what
# neighbors differ by, squared, which a flash does not raise. That is 3 times the mean.
NEAR = 12.0
NO_CHANCE = 8.0
# Squared changes of the mean color, in sum, that tell how far a model follows its source: with
# less, it is taken to follow.
DOUBT = 8.0
# Lightness has a share of its own, what is left of Lab one for both.
LIGHT_AND_HUE = np.array([[1, 0, 0], [0, 1, 1], [0, 1, 1]])
# How colors change within pictures is told from this up to this power of their lightness: over a
# fade to black, a straight line was 9 levels off for a look with a gamma of 0.6, a cubic 3.5.
POWERS = (2, 3)
# Squared levels a cell that say nothing of how colors change.
FLAT = 0.1
# Sources whose mean colors differ by so much in Lab say nothing of each other's pictures.
UNLIKE = 30.0
# What clips at the ends of the scale is made up for in so many rounds; a third changes nothing.
MEAN_ROUNDS = 2
# Colors over the whole picture, on a grid so many cells wide.
COLOR_CELLS = 32


@dataclass(frozen=True, slots=True)
class CoarseColors:
    """The coarse colors of a keyframe in Lab: of its source, as drawn, and in those of the one
    before it; `mean` is the mean color as drawn. Those of a `fixed` one lead."""

    number: int
    fixed: bool
    mean: Color
    source: Color
    drawn: Color
    chained: Color


def coarse_colors(
    number: int, shown: tuple[Frame, Frame, Frame], *, fixed: bool = False
) -> CoarseColors:
    """The colors of a keyframe by its number, from what `CoarseColors` has, all of one size."""
    size = size_of(shown[0])
    grid = cell_grid(size, max(1, size[0] // COLOR_CELLS))
    coarse = (cell_means(to_lab(each), grid) for each in shown)
    return CoarseColors(number, fixed, mean_color(shown[1]), *coarse)


def mean_color(picture: Frame) -> Color:
    """The mean of red, green and blue, in Lab: a mean of Lab would be darker, by the contrast."""
    mean = np.array(cv2.mean(picture)[:3], np.float32)
    return as_floats(to_lab(mean[None, None])[0, 0])


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
        missing = mean - mean_color(result.of(picture))
        result = replace(result, offset=result.offset + missing)
    return result


def _expected_mean(own: CoarseColors, around: Sequence[CoarseColors]) -> tuple[Color, float]:
    """The mean color, in Lab, in which a picture would be drawn if calls did not differ, and the
    share of a change of the source's exposure that the look follows, 0 to 1.

    Were the look a table of colors, the mean would change with the source's as that table says. How
    far it does is a share for lightness and one for hue: with a slope for each channel on each, the
    differences from call to call left the keyframes of one scene 3 apart in Lab. Calls far off
    count less.
    """
    given = [_with_powers(colors.source) for colors in around]
    change = np.stack([_mean(each) for each in given]) - _mean(_with_powers(own.source))
    followed = change @ _slope(given, [colors.drawn for colors in around])
    drawn = np.stack([colors.mean for colors in around])
    weight = np.ones(len(drawn))
    for _ in range(ROUNDS):
        apart, wanted = (
            each - np.average(each, axis=0, weights=weight) for each in (followed, drawn)
        )
        agreed, in_all = (weight @ (apart * each) @ LIGHT_AND_HUE for each in (wanted, apart))
        shares = np.clip((agreed + DOUBT) / (in_all + DOUBT), 0, 1)
        means = drawn - shares * followed
        mean = np.average(means, axis=0, weights=weight)
        miss = np.linalg.norm(means - mean, axis=1)
        weight = np.minimum(1, CALL_SPREAD / np.maximum(miss, 1e-3))
    # In a flash that is all white, the share tells nothing.
    far = np.linalg.norm(change[:, :3], axis=1) / NEAR
    near = (1 - np.minimum(1, far) ** 3) ** 3
    left = np.average(means - mean, axis=0, weights=near * weight)
    steps = (np.diff(means, axis=0) ** 2).sum(axis=1) / 2
    chance = NO_CHANCE * float(np.quantile(steps, 0.25)) / near.sum() if len(steps) else 0.0
    left *= max(0.0, 1 - chance / max(float(left @ left), 1e-9))
    return as_floats(mean + left), float(shares[0])


def _with_powers(colors: Color) -> Color:
    """Colors in Lab with powers of their lightness beside them, each of up to 100 as well."""
    light = colors[..., :1] / 100
    return as_floats(np.concatenate([colors, *(100 * light**power for power in POWERS)], axis=2))


def _slope(given: Sequence[Color], drawn: Sequence[Color]) -> npt.NDArray[np.float64]:
    """How colors within the pictures change with those within their sources, 5 x 3."""
    sides = (
        np.concatenate([(each - _mean(each)).reshape(-1, each.shape[2]) for each in side])
        for side in (given, drawn)
    )
    source, picture = (side.astype(np.float64) for side in sides)
    doubt = FLAT * len(source) * np.eye(source.shape[1])
    return np.asarray(np.linalg.solve(source.T @ source + doubt, source.T @ picture))


def _mean(colors: Color) -> Color:
    return as_floats(colors.mean(axis=(0, 1)))
