"""The arrays that the motion files hand to each other, and how they change size."""

from __future__ import annotations

from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from sdbr.concurrency import share_heaps

Frame = npt.NDArray[np.uint8]
"""A picture, height x width x 3, RGB, 0 to 255."""

Color = npt.NDArray[np.float32]
"""A picture or a difference of pictures, height x width x 3, RGB in levels of 255."""

Plane = npt.NDArray[np.float32]
"""One number a pixel, height x width."""

Luma = npt.NDArray[np.uint8]
"""Brightness a pixel, height x width, 0 to 255."""

Flow = npt.NDArray[np.float32]
"""Where each pixel went, height x width x 2: x and y in pixels of this array's own size."""

WidthHeight = tuple[int, int]
"""A size as OpenCV takes it: width, then height, in pixels."""


class Frames(Protocol):
    """The frames of a clip by number; they may be read from disk when asked for."""

    def __getitem__(self, number: int, /) -> Frame: ...


def size_of(array: npt.NDArray[Any]) -> WidthHeight:
    """Width and height of an array of pixels."""
    return array.shape[1], array.shape[0]


def luma(picture: Frame) -> Luma:
    """Brightness as the eye weighs it (BT.601), height x width, 0 to 255."""
    return as_bytes(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))


def shrunk(picture: Frame, size: WidthHeight) -> Frame:
    """The picture at another size, each pixel the mean of what it covers."""
    if size == size_of(picture):
        return picture
    grows = size[0] > picture.shape[1] or size[1] > picture.shape[0]
    way = cv2.INTER_LINEAR if grows else cv2.INTER_AREA
    return as_bytes(cv2.resize(picture, size, interpolation=way))


def cell_means(plane: npt.NDArray[Any], size: WidthHeight) -> npt.NDArray[np.float32]:
    """The means of a plane, or of each of its channels, over a grid of cells."""
    return as_floats(cv2.resize(plane, size, interpolation=cv2.INTER_AREA))


def cell_grid(size: WidthHeight, cell: int) -> WidthHeight:
    """How many whole cells of so many pixels a side fit in a size, one at least."""
    return max(1, size[0] // cell), max(1, size[1] // cell)


def product_means(one: Plane, other: Plane, grid: WidthHeight) -> Plane:
    """The means of the product of two planes over a grid of cells."""
    return cell_means(as_floats(cv2.multiply(one, other)), grid)


def spread_out(plane: npt.NDArray[Any], size: WidthHeight) -> npt.NDArray[np.float32]:
    """A coarse plane, or each of its channels, drawn smoothly over a finer grid."""
    if size == size_of(plane):
        return as_floats(plane)
    return as_floats(cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR))


def as_bytes(array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """The same numbers as unsigned bytes; no copy where they are that already."""
    return np.asarray(array, dtype=np.uint8)


def as_floats(array: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """The same numbers as 32-bit floats; no copy where they are that already."""
    return np.asarray(array, dtype=np.float32)


def version() -> str:
    """OpenCV's version; importing it is the proof that it can be loaded."""
    return str(cv2.__version__)


def limit_threads_and_heaps() -> None:
    """Keep OpenCV from starting threads of its own, in this whole process, and let threads share
    heaps (see `share_heaps`).

    Where as many calls run side by side as there are cores, OpenCV's threads cost a sixth more
    processor time and save none.
    """
    cv2.setNumThreads(1)
    share_heaps()
