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
    Frame,
    Luma,
    Plane,
    WidthHeight,
    as_bytes,
    as_floats,
    luma,
    product_means,
    size_of,
    spread_out,
)
from sdbr.motion.flow import resize_flow, warp

# Detail is what a blur of this kernel takes away.
KERNEL = (5, 5)
# Cells over the longer side of the picture, each of so many pixels a side at least: of fewer a
# variance says nothing.
CELLS = 80
LEAST_CELL = 4.0
# Of a picture's finest detail at most so many times is added to it; all of it may be taken away.
# Adding up to 3 times left 0.74 of the sharpness of the look with the finest grain; with 16, lines
# that hardly move flickered by a sixth more.
MOST_ADDED = 6.0
# Fetched half a pixel off, as a shifted keyframe is, a fine grid loses more than half its strength.
MOST_RESTORED = 16.0
# The source's own change of detail counts within these bounds.
SOURCE_CHANGE = (0.3, 1.3)
# Of the source's detail a look keeps no more than this; learnt over so many cells a side.
MOST_KEPT = 1.5
KEPT_WINDOW = 15
# Variance in levels of 255 that is taken as no detail at all.
NOTHING = 1.0


def finest_detail(luma: Luma | Plane) -> Plane:
    """The finest detail of a picture's luma, in levels of 255 around 0."""
    gray = as_floats(luma)
    return as_floats(cv2.subtract(gray, cv2.GaussianBlur(gray, KERNEL, 0)))


def detail_energy(detail: Plane) -> Plane:
    """Variance of the detail in each cell of a coarse grid."""
    return product_means(detail, detail, grid_of(size_of(detail)))


def share_of_detail_kept(drawn: Plane, given: Plane) -> Plane:
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


def warp_cells(cells: Plane, flow: Flow) -> Plane:
    """A coarse grid of values as it looks from where the flow starts."""
    return as_floats(warp(cells, resize_flow(flow, size_of(cells))))


def goal_energy(keyframes: Plane, source_now: Plane, source_keyframes: Plane) -> Plane:
    """The strength that a frame's finest detail should have, on the coarse grid: the keyframes',
    less where the source lost its own."""
    change = np.clip((source_now + NOTHING) / (source_keyframes + NOTHING), *SOURCE_CHANGE)
    return as_floats(keyframes * change)


def detail_to_add(detail: Plane, goal: Plane, most: float = MOST_ADDED) -> Plane:
    """What to add to each channel, so that the finest detail comes to this strength.

    Of detail that is added times m only what its own blur leaves counts again as detail, so with d
    the detail and e the detail of d, var(d + m e) = goal is solved for m in each cell.
    """
    again = finest_detail(detail)
    grid = size_of(goal)
    both, own = product_means(detail, again, grid), product_means(again, again, grid) + NOTHING / 4
    now = detail_energy(detail)
    root = np.sqrt(np.maximum(0, both * both - own * (now - goal)))
    more = np.clip((root - both) / own, -1.0, most)
    return as_floats(cv2.multiply(detail, spread_out(cv2.blur(more, (3, 3)), size_of(detail))))


def restore_detail(picture: Frame, like: Frame) -> Frame:
    """The picture with its finest detail as strong as that of another one of the same places."""
    goal = detail_energy(finest_detail(luma(like)))
    detail = detail_to_add(finest_detail(luma(picture)), goal, MOST_RESTORED)
    added = cv2.merge([detail] * 3)
    return as_bytes(cv2.add(picture, added, dtype=cv2.CV_8U))
