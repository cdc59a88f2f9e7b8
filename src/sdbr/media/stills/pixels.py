"""Small steps on one RGB or RGBA image that several writers share."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from PIL import Image

from sdbr.media.clip import Pixels
from sdbr.media.stills.color import in_srgb, rgb_of

# Every reader here compares the declared size with its own, lower limit before it decodes.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class Box(NamedTuple):
    """A part of a picture: left and top corner, width and height, in pixels."""

    x: int
    y: int
    width: int
    height: int


def encode_png(image: Pixels, level: int = 1) -> bytes:
    """Return an RGB or RGBA image as a PNG file; level 1 is fast, 9 is small."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", compress_level=level)
    return buffer.getvalue()


def with_channels(image: Pixels, channels: int) -> Pixels:
    """Return the image as RGB (3, transparent parts on white) or RGBA (4)."""
    if image.shape[2] == channels:
        return image
    if channels == 3:
        return flatten(image)
    opaque = np.full((*image.shape[:2], 1), 255, np.uint8)
    return np.concatenate([image, opaque], axis=2)


def array_in_srgb(pixels: Pixels, said: Mapping[str, object]) -> Pixels:
    """Return RGB or RGBA pixels in sRGB, by what their file says of its colors (Pillow's info)."""
    image = Image.fromarray(pixels)
    image.info.update(said)
    return np.array(in_srgb(image)[0].convert(image.mode), np.uint8)


def flatten(image: Pixels, background: str = "white") -> Pixels:
    """Lay an RGBA image on a color: RGB, row after row; an RGB image is returned as it is.

    Raises UsageProblem for an unknown color.
    """
    if image.shape[2] == 3:
        return np.ascontiguousarray(image)
    alpha = image[..., 3:].astype(np.uint16)
    below = np.array(rgb_of(background), np.uint16)
    mixed = (image[..., :3] * alpha + below * (255 - alpha) + 127) // 255
    return mixed.astype(np.uint8)


def pad_to_even(image: Pixels) -> Pixels:
    """Return the image with an odd last row or column doubled, so that both sides are even."""
    height, width = image.shape[:2]
    if height % 2 == width % 2 == 0:
        return image
    return np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def scale(image: Pixels, width: int | None) -> Pixels:
    """Return the image `width` pixels wide, in its own shape; None leaves it as it is."""
    if width is None or width == image.shape[1]:
        return image
    height = max(1, round(image.shape[0] * width / image.shape[1]))
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS))


def changed_box(before: Pixels | None, image: Pixels, step: int = 1) -> Box:
    """Return the smallest part that holds every changed pixel, its corner a multiple of `step`.

    Where nothing changed it is one `step` in the corner; without a picture before, it is all.
    """
    height, width = image.shape[:2]
    if before is None:
        return Box(0, 0, width, height)
    changed = (before != image).any(axis=2)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    if not rows.size:
        return Box(0, 0, min(step, width), min(step, height))
    x, y = int(columns[0]) // step * step, int(rows[0]) // step * step
    return Box(x, y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y)


def part(image: Pixels, box: Box) -> Pixels:
    """Return the part of the image in the box, as an array of its own."""
    return np.ascontiguousarray(image[box.y : box.y + box.height, box.x : box.x + box.width])
