"""The services that take structure or style from an image: control, style guide, style transfer."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from sdbr.emulator.painter.opening import flat
from sdbr.emulator.painter.order import Order
from sdbr.emulator.painter.restyle import graded_by, plain_picture
from sdbr.emulator.painter.styles import style_of
from sdbr.emulator.painter.styles.filters import edges, painted, smooth
from sdbr.emulator.painter.words import read, tokens

# Opponent colours as used for statistics transfer: brightness, yellow-blue, red-green.
TO_OPPONENT = np.array([[0.5774, 0.5774, 0.5774], [0.4082, 0.4082, -0.8165], [0.7071, -0.7071, 0]])


def control_structure(order: Order) -> Image.Image:
    """The image's light and shade in the prompt's colours and style."""
    image = flat(order.image, "image")
    hold = order.number("control_strength", 0.7)
    graded = graded_by(smooth(image, 4, 22), read(order.prompt, order.negative).palette, 0.85)
    style = style_of(tokens(order.prompt), order.style)
    kept = style(graded) if style else painted(graded, (26, 22, 34), edges(image, 30, 110))
    loose = plain_picture(dataclasses.replace(order, size=image.size))
    return Image.blend(loose, kept, min(1.0, hold * 1.3))


def control_sketch(order: Order) -> Image.Image:
    """The image's lines, inked over the prompt's picture."""
    image = flat(order.image, "image")
    hold = order.number("control_strength", 0.7)
    ground = plain_picture(dataclasses.replace(order, size=image.size))
    wash = ground.filter(ImageFilter.GaussianBlur(1 + 26 * hold))
    tone = graded_by(image, read(order.prompt, order.negative).palette, 1.0)
    mixed = Image.blend(wash, tone, 0.25 + 0.45 * hold)
    lines = edges(image, 10, 46).point([round(at * min(1.0, 0.35 + hold)) for at in range(256)])
    return painted(mixed, (22, 18, 30), lines)


def style_guide(order: Order) -> Image.Image:
    """The prompt's picture in the colours of the image."""
    guide = flat(order.image, "image")
    drawn = plain_picture(order)
    return Image.blend(drawn, recoloured(drawn, guide), 0.3 + 0.7 * order.number("fidelity", 0.5))


def style_transfer(order: Order) -> Image.Image:
    """The init image in the colours and the grain of the style image."""
    image, guide = flat(order.image, "init_image"), flat(order.style_image, "style_image")
    force = order.number("style_strength", 1.0) * order.number("change_strength", 0.9)
    hold = order.number("composition_fidelity", 0.9)
    base = smooth(image, 5, 20)
    if order.prompt:
        base = graded_by(base, read(order.prompt, order.negative).palette, 0.25)
    moved = recoloured(base, guide)
    loosened = Image.blend(guide.resize(image.size), moved, 0.35 + 0.65 * hold)
    return Image.blend(image, _grained(loosened, guide), min(1.0, force))


def recoloured(image: Image.Image, guide: Image.Image) -> Image.Image:
    """The image with mean and spread of each opponent colour taken from the guide.

    Reinhard et al., "Color Transfer between Images", 2001, in an opponent space instead of lab.
    """
    there = _statistics(guide)
    small = image.reduce(max(1, min(image.size) // 128))
    here = _statistics(small)
    gain = np.clip(there[1] / np.maximum(here[1], 1.0), 0.4, 2.5)
    # One affine map of RGB: into the opponent space, stretch, shift, and back.
    matrix = np.linalg.inv(TO_OPPONENT) @ np.diag(gain) @ TO_OPPONENT
    shift = np.linalg.inv(TO_OPPONENT) @ (there[0] - here[0] * gain)
    rows = [(*(float(v) for v in matrix[band]), float(shift[band])) for band in range(3)]
    return image.convert("RGB", matrix=tuple(value for row in rows for value in row))


def _statistics(image: Image.Image) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    small = image.copy()
    small.thumbnail((128, 128))
    values = np.asarray(small, np.float64).reshape(-1, 3) @ TO_OPPONENT.T
    return values.mean(axis=0), values.std(axis=0)


def _grained(image: Image.Image, guide: Image.Image) -> Image.Image:
    # The guide's fine detail, as brightness alone, laid over the picture.
    fine = guide.convert("L")
    soft = fine.filter(ImageFilter.BoxBlur(4))
    detail = np.asarray(fine, np.float32) - np.asarray(soft, np.float32)
    tiles = -(-image.height // guide.height), -(-image.width // guide.width)
    laid = np.tile(detail, tiles)[: image.height, : image.width]
    pixels = np.asarray(image, np.float32) + np.clip(laid, -14, 14)[:, :, None] * 0.5
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
