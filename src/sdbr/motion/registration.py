"""How far a drawn picture lies off its source: a model shifts things a little in each call.

The displacement is smooth and small, so it is found by least squares over large windows (Lucas
and Kanade, "An Iterative Image Registration Technique", 1981), between the picture and its source
as seen through the look's own colors.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    cell_grid,
    luma,
    product_means,
    shrunk,
    size_of,
)
from sdbr.motion.color_model import fit_colors
from sdbr.motion.flow import FlowOptions, resize_flow, view_size, warp

ALIGNING = FlowOptions(scale=1.0, longest=640)
# The displacement is linearized in each round, so later ones mend what earlier ones left.
ROUNDS = 3
# Structure is what lies between these two blurs, in pixels.
FINE, COARSE = 1.2, 4.0
# Sums are taken over cells of so many pixels, and over a window of this share of the longer side.
CELL = 8
WINDOW = 1 / 12
# Levels beyond which a difference is another reading, not a shift.
MOST_DIFFERENCE = 20.0
# Displacements are of the order of this share of the longer side, which bounds wild ones.
USUAL = 1 / 1000
DOUBT = 0.03
# Displacement in pixels of the picture below which fetching it anew costs more than it mends.
NOT_WORTH = 0.2


def displacement(source: Frame, picture: Frame) -> Flow:
    """Where each place of the source lies in the picture, on a grid of cells, in the grid's pixels.

    Both show the same frame; they may have different sizes.
    """
    size = view_size(size_of(picture), ALIGNING)
    small, drawn = shrunk(source, size), shrunk(picture, size)
    model = fit_colors(small, drawn, np.ones(small.shape[:2], np.float32))
    wanted = _structure(luma(as_bytes(np.clip(model.of_color(as_floats(small)), 0, 255))))
    grid = cell_grid(size, CELL)
    gray, moved = luma(drawn), np.zeros((grid[1], grid[0], 2), np.float32)
    for _ in range(ROUNDS):
        seen = _structure(as_bytes(warp(gray, resize_flow(as_floats(moved / CELL), size))))
        moved = moved + _shift(wanted, seen, grid)
    return as_floats(moved / CELL)


def own_shift(displacements: Sequence[Flow], own: Flow, size: WidthHeight) -> Flow | None:
    """What a picture of this size is shifted beyond the mean of its like; None if little.

    The look moves some edges in every picture, and that is how it draws; what differs from call
    to call is not. The mean counts as far as it is larger than chance would make it (James and
    Stein 1961). All displacements are on one grid, the picture's own among them.
    """
    every = np.asarray(displacements)
    if len(every) < 2:
        return None
    mean = every.mean(axis=0)
    chance = float(every.var(axis=0, ddof=1).mean()) / len(every)
    shift = own - as_floats(mean * max(0.0, 1 - chance / (float((mean * mean).mean()) + 1e-9)))
    pixels = shift * np.float32(size[0] / shift.shape[1])
    squared = (pixels * pixels).sum(axis=2, keepdims=True)
    worth = np.maximum(0, 1 - NOT_WORTH**2 / (squared + 1e-6))
    return as_floats(shift * worth) if worth.any() else None


def unshifted(picture: Frame, shift: Flow) -> Frame:
    """The picture with each pixel fetched from where the shift took it."""
    flow, way = resize_flow(shift, size_of(picture)), cv2.INTER_CUBIC | cv2.WARP_RELATIVE_MAP
    fetched = cv2.remap(picture, flow, None, way, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
    return as_bytes(fetched)


def _structure(gray: Luma) -> Plane:
    soft = cv2.GaussianBlur(as_floats(gray), (0, 0), FINE)
    return as_floats(cv2.subtract(soft, cv2.GaussianBlur(soft, (0, 0), COARSE)))


def _shift(wanted: Plane, seen: Plane, grid: WidthHeight) -> Flow:
    """The shift of each cell, in pixels, that leads from what is wanted to what is seen."""
    both = cv2.add(wanted, seen)
    across = as_floats(cv2.Sobel(both, cv2.CV_32F, 1, 0, scale=1 / 16))
    down = as_floats(cv2.Sobel(both, cv2.CV_32F, 0, 1, scale=1 / 16))
    apart = as_floats(np.clip(cv2.subtract(wanted, seen), -MOST_DIFFERENCE, MOST_DIFFERENCE))

    def summed(one: Plane, other: Plane) -> Plane:
        sigma = max(0.5, WINDOW * max(grid))
        return as_floats(cv2.GaussianBlur(product_means(one, other, grid), (0, 0), sigma))

    doubt = DOUBT * summed(apart, apart) / np.float32((USUAL * max(wanted.shape)) ** 2) + 1e-3
    xx, yy = summed(across, across) + doubt, summed(down, down) + doubt
    xy = summed(across, down)
    x, y = summed(across, apart), summed(down, apart)
    whole = xx * yy - xy * xy
    return as_floats(np.dstack([(yy * x - xy * y) / whole, (xx * y - xy * x) / whole]))
