"""A local model of how the look changes colors, which lets in what is new in the source.

Around each place the drawn colors are taken as an affine function of the source's colors there,
fitted by weighted least squares. A moving shadow, a light, lips that open: what changed in the
source passes through that function and arrives in the look's own colors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from sdbr.motion.arrays import (
    Color,
    Frame,
    Plane,
    as_floats,
    cell_grid,
    cell_means,
    shrunk,
    size_of,
    spread_out,
)

# A cell is this many pixels of the view a side, and sees a window of so many cells a side.
CELL = 8
WINDOW = 9
# The fit is made on views shrunk so many times.
COARSER = 2
# Variance, in colors of 0 to 1, below which a color says nothing of its own.
RIDGE = 0.002
LEAST_WEIGHT = 1e-3
# Colors stay within what is shown this share of the longer side around a place,
SHOWN_AROUND = 1 / 10
# and so many levels beyond.
BEYOND = 4
LEVELS = np.float32(255)

Moments = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ColorModel:
    """Drawn color = `matrix` · source color + `offset`, cell by cell.

    `matrix` is 9 x rows x columns (the matrix row by row), `offset` 3 x rows x columns, in
    levels of 255.
    """

    matrix: Moments
    offset: Moments

    def of_change(self, change: Color) -> Color:
        """The change of drawn colors that a change of source colors brings."""
        size = size_of(change)
        channels = cv2.split(change)
        rows = []
        for row in range(0, 9, 3):
            weights = [spread_out(plane, size) for plane in self.matrix[row : row + 3]]
            parts = [cv2.multiply(a, c) for a, c in zip(weights, channels, strict=True)]
            rows.append(cv2.add(cv2.add(parts[0], parts[1]), parts[2]))
        return as_floats(cv2.merge(rows))

    def of_color(self, color: Color) -> Color:
        """The drawn colors that the source's colors stand for."""
        offset = cv2.merge([spread_out(plane, size_of(color)) for plane in self.offset])
        return as_floats(cv2.add(self.of_change(color), offset))


def fit_colors(source: Frame, drawn: Frame, weight: Plane) -> ColorModel:
    """The model that leads from a source view to the same view as drawn.

    Both are height x width x 3 bytes of one size; `weight` says, 0 to 1 a pixel, what counts.
    """
    coarse = cell_grid(size_of(source), COARSER)
    given, wanted = (as_floats(shrunk(each, coarse)) / LEVELS for each in (source, drawn))
    means = _window_means(given, wanted, cell_means(weight, coarse) + LEAST_WEIGHT)
    x, y, xx, xy = means[..., :3], means[..., 3:6], means[..., 6:15], means[..., 15:]
    grid = means.shape[:2]
    spread = xx.reshape(*grid, 3, 3) - x[..., :, None] * x[..., None, :]
    together = xy.reshape(*grid, 3, 3) - x[..., :, None] * y[..., None, :]
    spread += RIDGE * np.eye(3, dtype=np.float32)
    together += RIDGE * np.eye(3, dtype=np.float32)
    matrix = np.swapaxes(np.linalg.solve(spread, together), -1, -2)
    offset = y - np.einsum("...ij,...j->...i", matrix, x)
    planes = np.moveaxis(matrix.reshape(*grid, 9), -1, 0), np.moveaxis(offset * 255, -1, 0)
    return ColorModel(*(np.ascontiguousarray(each, np.float32) for each in planes))


def bound_colors(color: Color, shown: Sequence[Frame]) -> Color:
    """The colors with both color differences (YCrCb) kept within those that the pictures show
    around each place; all have one size. Brightness is left: a flash comes in.

    Beyond what it was fitted on a model goes on in a straight line, to colors that neither picture
    has.
    """
    side = 2 * max(1, round(SHOWN_AROUND / 2 * max(size_of(color)))) + 1
    kernel = np.ones((side, side), np.uint8)
    planes = [np.asarray(cv2.cvtColor(each, cv2.COLOR_RGB2YCrCb))[..., 1:] for each in shown]
    low = as_floats(cv2.erode(np.minimum.reduce(planes), kernel))
    high = as_floats(cv2.dilate(np.maximum.reduce(planes), kernel))
    kept = as_floats(cv2.cvtColor(color / LEVELS, cv2.COLOR_RGB2YCrCb))
    kept[..., 1:] = np.clip(kept[..., 1:], (low - BEYOND) / LEVELS, (high + BEYOND) / LEVELS)
    return as_floats(cv2.cvtColor(kept, cv2.COLOR_YCrCb2RGB)) * LEVELS


def _window_means(x: Color, y: Color, weight: Plane) -> Moments:
    """Weighted means of x, y, and the products x·x and x·y, over each cell's window."""
    across, down = (max(1, side * COARSER // CELL) for side in size_of(weight))
    of_x, of_y = cv2.split(x), cv2.split(y)
    weighted = [as_floats(cv2.multiply(each, weight)) for each in of_x]
    planes = [weight, *weighted, *(cv2.multiply(each, weight) for each in of_y)]
    planes += [cv2.multiply(a, b) for a in weighted for b in of_x]
    planes += [cv2.multiply(a, b) for a in weighted for b in of_y]
    cells = (cell_means(as_floats(plane), (across, down)) for plane in planes)
    sums = np.stack([cv2.blur(each, (WINDOW, WINDOW)) for each in cells], axis=-1)
    return as_floats(sums[..., 1:] / sums[..., :1])
