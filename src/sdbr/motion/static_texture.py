"""Finds what a look puts at one place of every picture, whatever moves there: paper, canvas, grain.

Such texture stays where it is while the scene moves behind it. Carried along the motion it would
drift, and two pictures of it would cancel each other out. In two drawn keyframes it shows as
detail that agrees in place, beyond what agreement along the motion explains; it is taken out of
both before they are carried and laid over each filled frame.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from sdbr.motion.arrays import (
    Flow,
    Frame,
    Plane,
    WidthHeight,
    as_bytes,
    as_floats,
    cell_grid,
    luma,
    product_means,
    size_of,
    spread_out,
)
from sdbr.motion.flow import resize_flow, warp

# Bands of detail, each half as fine as the one before; what is coarser moves with the scene.
BANDS = 3
LEAST_SIDE = 8
# Agreement is measured over cells of so many pixels of its band, in windows of so many cells.
CELL = 8
WINDOW = 5
# Agreement up to this is chance.
CHANCE = 0.03
# Where both ways lead to the same detail, nothing is known of which one it takes.
LIKE_WAYS = 0.05
# Variance in levels of 255 that is taken as no detail at all.
NOTHING = 0.25


def find_texture(left: Frame, right: Frame, flow: Flow) -> Plane:
    """The texture that both pictures have in place, in levels of 255 around 0, height x width.

    `flow` leads from the left picture to the right one, in the pixels of any smaller grid.
    """
    along = as_bytes(warp(luma(right), resize_flow(flow, size_of(right))))
    a, b, moved = (_bands(as_floats(each)) for each in (luma(left), luma(right), along))
    texture: Plane | None = None
    for at in range(len(a) - 1, -1, -1):
        share = spread_out(_share(a[at], b[at], moved[at]), size_of(a[at]))
        common = as_floats(cv2.multiply(cv2.add(a[at], b[at]), share, scale=0.5))
        if texture is not None:
            common += _grown(texture, size_of(common))
        texture = common
    return np.zeros(left.shape[:2], np.float32) if texture is None else as_floats(texture)


def remove_texture(picture: Frame, texture: Plane) -> Frame:
    """The picture with this texture taken out of each channel."""
    return as_bytes(cv2.subtract(picture, cv2.merge([texture] * 3), dtype=cv2.CV_8U))


def _bands(plane: Plane) -> Sequence[Plane]:
    """Details of a plane from the finest on, each on a grid of half the last one's size."""
    bands: list[Plane] = []
    while len(bands) < BANDS and min(plane.shape) >= LEAST_SIDE:
        coarse = as_floats(cv2.pyrDown(plane))
        bands.append(as_floats(cv2.subtract(plane, _grown(coarse, size_of(plane)))))
        plane = coarse
    return bands


def _grown(plane: Plane, size: WidthHeight) -> Plane:
    return as_floats(cv2.pyrUp(plane, dstsize=size))


def _share(a: Plane, b: Plane, moved: Plane) -> Plane:
    """How much of the mean of two details is texture that sticks, 0 to 1, cell by cell.

    `a` is taken as a sum of `b` in place and of `b` along the motion, by least squares.
    """
    energy = [_window(each, each) + NOTHING for each in (a, b, moved)]
    place = _window(a, b) / np.sqrt(energy[0] * energy[1])
    along = _window(a, moved) / np.sqrt(energy[0] * energy[2])
    ways = _window(b, moved) / np.sqrt(energy[1] * energy[2])
    stays = (place - ways * along) / (1 - ways * ways + LIKE_WAYS)
    stays = np.clip((stays - CHANCE) / (1 - CHANCE), 0, 1)
    # Of the mean of two, what differs between them is half as much.
    return as_floats(2 * stays / (1 + stays))


def _window(one: Plane, other: Plane) -> Plane:
    """Means of a product around each cell."""
    means = product_means(one, other, cell_grid(size_of(one), CELL))
    return as_floats(cv2.blur(means, (WINDOW, WINDOW)))
