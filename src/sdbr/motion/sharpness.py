"""Keeps filled frames as sharp as the keyframes they are made from.

Fetching pixels between pixels and mixing two pictures both soften. The strength of the finest
detail is measured cell by cell and brought towards the keyframes', unless the source itself
lost it there, as in motion blur.
"""

from __future__ import annotations

import cv2
import numpy as np

from sdbr.motion.arrays import (
    Flow,
    Luma,
    Plane,
    WidthHeight,
    as_floats,
    product_means,
    size_of,
    spread_out,
)
from sdbr.motion.flow import resized, warped

# Detail is what a blur of this kernel takes away.
KERNEL = (5, 5)
# Cells over the longer side of the picture, each of so many pixels a side at least: of fewer a
# variance says nothing.
CELLS = 80
LEAST_CELL = 4.0
LEAST_GAIN, MOST_GAIN = 0.5, 2.0
# The source's own change of detail counts within these bounds.
SOURCE_CHANGE = (0.3, 1.3)
# Of the detail added only a part counts as detail again.
OVERSHOOT = 2.0
# Of the source's detail a look keeps no more than this; learnt over so many cells a side.
MOST_KEPT = 1.5
KEPT_WINDOW = 15
# Variance in levels of 255 that is taken as no detail at all.
NOTHING = 1.0


def finest(luma: Luma) -> Plane:
    """The finest detail of a picture's luma, in levels of 255 around 0."""
    gray = as_floats(luma)
    return as_floats(cv2.subtract(gray, cv2.GaussianBlur(gray, KERNEL, 0)))


def strength(detail: Plane) -> Plane:
    """Variance of the detail in each cell of a coarse grid."""
    return product_means(detail, detail, grid_of(size_of(detail)))


def kept(drawn: Plane, given: Plane) -> Plane:
    """How much of a source's detail is found again in the picture drawn from it, 0 to `MOST_KEPT`.

    A wide mean on the coarse grid: it is asked where nothing is known of the place itself.
    """
    grid = grid_of(size_of(given))

    def around(one: Plane, other: Plane) -> Plane:
        return as_floats(cv2.blur(product_means(one, other, grid), (KEPT_WINDOW, KEPT_WINDOW)))

    return as_floats(np.clip(around(drawn, given) / (around(given, given) + NOTHING), 0, MOST_KEPT))


def grid_of(size: WidthHeight) -> WidthHeight:
    """How many cells there are across and down for a picture of this size."""
    cell = max(LEAST_CELL, max(size) / CELLS)
    return max(1, round(size[0] / cell)), max(1, round(size[1] / cell))


def carried(cells: Plane, flow: Flow) -> Plane:
    """A coarse grid of values as it looks from where the flow starts."""
    return as_floats(warped(cells, resized(flow, size_of(cells))))


def gain(now: Plane, keyframes: Plane, source_now: Plane, source_keyframes: Plane) -> Plane:
    """By how much to strengthen the finest detail, or to weaken it where the source lost its own:
    `LEAST_GAIN` to `MOST_GAIN`, on the coarse grid."""
    change = np.clip((source_now + NOTHING) / (source_keyframes + NOTHING), *SOURCE_CHANGE)
    wanted = np.sqrt((keyframes * change + NOTHING) / (now + NOTHING))
    return as_floats(cv2.blur(np.clip(wanted, LEAST_GAIN, MOST_GAIN), (3, 3)))


def strengthening(detail: Plane, more: Plane) -> Plane:
    """What to add to each channel for a gain of 1 + `more`, given on the coarse grid."""
    whole = more * np.float32(OVERSHOOT)
    return as_floats(cv2.multiply(detail, spread_out(whole, size_of(detail))))
