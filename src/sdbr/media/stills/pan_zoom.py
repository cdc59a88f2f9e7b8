"""A camera over a still: zoom, pan and rotation; beyond its edges lies its mirror image."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, cos, radians, sin

import numpy as np
import numpy.typing as npt
from PIL import Image

_AROUND = 3  # Pixels that bicubic sampling reads beyond a point, and one for the rounding.


@dataclass(frozen=True, slots=True)
class Move:
    """How the view changes in one step.

    `zoom` above 1 comes nearer; `right` and `down` pan by so many widths and heights; `turn`
    rotates the picture clockwise, in degrees.
    """

    zoom: float = 1.0
    right: float = 0.0
    down: float = 0.0
    turn: float = 0.0


NO_MOVE = Move()


def pan_and_zoom(image: Image.Image, move: Move, steps: int = 1) -> Image.Image:
    """Return the view after `steps` of `move`, as large as the picture."""
    if move == NO_MOVE or steps == 0:
        return image
    width, height = image.size
    matrix = np.linalg.matrix_power(_matrix(move, width, height), steps)
    left, top, right, bottom = _overhang(matrix, width, height)
    pixels = np.asarray(image)
    rest = ((0, 0),) * (pixels.ndim - 2)
    wide = Image.fromarray(np.pad(pixels, ((top, bottom), (left, right), *rest), "symmetric"))
    shifted = np.array([[1.0, 0.0, left], [0.0, 1.0, top], [0.0, 0.0, 1.0]]) @ matrix
    return wide.transform(
        image.size,
        Image.Transform.AFFINE,
        tuple(float(number) for number in shifted[:2].ravel()),
        Image.Resampling.BICUBIC,
    )


def _matrix(move: Move, width: int, height: int) -> npt.NDArray[np.float64]:
    """From a point of the view to the point of the picture that is seen there, in pixels."""
    across, along = cos(radians(move.turn)) / move.zoom, sin(radians(move.turn)) / move.zoom
    x, y = width / 2, height / 2
    return np.array(
        [
            [across, along, x + move.right * width - across * x - along * y],
            [-along, across, y + move.down * height + along * x - across * y],
            [0.0, 0.0, 1.0],
        ]
    )


def _overhang(
    matrix: npt.NDArray[np.float64], width: int, height: int
) -> tuple[int, int, int, int]:
    """How many pixels beyond the picture the view sees: left, top, right, bottom."""
    corners = np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]], np.float64)
    xs, ys, _ = matrix @ corners
    beyond = (-xs.min(), -ys.min(), xs.max() - width, ys.max() - height)
    left, top, right, bottom = (max(0, ceil(float(side))) + _AROUND for side in beyond)
    return left, top, right, bottom
