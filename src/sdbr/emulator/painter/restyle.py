"""Image-to-image: the init image drawn anew in the look that the prompt asks for."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
from PIL import Image

from sdbr.emulator.painter.card import word_card
from sdbr.emulator.painter.chance import share
from sdbr.emulator.painter.landscape import text_picture
from sdbr.emulator.painter.order import Order
from sdbr.emulator.painter.styles import BLURRED, style_of
from sdbr.emulator.painter.styles.filters import edges, mapped, painted, smooth
from sdbr.emulator.painter.styles.paint import blurred
from sdbr.emulator.painter.variation import shaken
from sdbr.emulator.painter.words import LandscapeColors, read, tokens

# From this strength on the look is complete, from the second one the image begins to be ignored.
COMPLETE = 0.55
LEAVING = 0.7


def restyle(source: Image.Image, order: Order) -> Image.Image:
    """The picture of an image-to-image order, in the source's size, as one call would give it."""
    if order.strength <= 0:
        return source
    look = _looked(source, order)
    if order.flicker > 0:
        look = shaken(look, source, order)
    return _left(look, order)


def restyle_ideal(
    pixels: npt.NDArray[np.uint8], prompt: str, strength: float = 0.6, style: str = ""
) -> npt.NDArray[np.uint8]:
    """The drawing that every call varies: (height, width, 3) RGB in and out, without flicker.

    `strength` is 0 (the input itself) to 1 (the text picture); `style` is a preset or nothing.
    """
    order = Order(task="image-to-image", prompt=prompt, strength=strength, style=style)
    return np.asarray(draw_ideal(Image.fromarray(pixels), order))


def draw_ideal(source: Image.Image, order: Order) -> Image.Image:
    """The source in the prompt's look, more of it the greater the strength."""
    return restyle(source, dataclasses.replace(order, flicker=0.0))


def _looked(source: Image.Image, order: Order) -> Image.Image:
    return Image.blend(source, full_look(source, order), min(1.0, order.strength / COMPLETE))


def _left(look: Image.Image, order: Order) -> Image.Image:
    if order.strength <= LEAVING:
        return look
    text = plain_picture(dataclasses.replace(order, size=look.size))
    return Image.blend(look, text, ((order.strength - LEAVING) / (1 - LEAVING)) ** 1.5)


def plain_picture(order: Order) -> Image.Image:
    """The text-to-image picture of an order in its style, or a card with words it cannot paint."""
    reading = read(order.prompt, order.negative)
    if not reading.paintable:
        card = word_card(order, reading.palette)
        return blurred(card) if order.style == BLURRED else card
    picture = text_picture(order.prompt, order.negative, order.seed, order.size)
    style = style_of(tokens(order.prompt), order.style)
    return style(picture) if style else picture


def full_look(source: Image.Image, order: Order) -> Image.Image:
    """The whole of the look: the palette of the prompt's words, then its style."""
    words = tokens(order.prompt)
    reading = read(order.prompt, order.negative)
    graded = graded_by(source, reading.palette, 0.42 if reading.known else 0.0)
    style = style_of(words, order.style)
    if style is not None:
        return style(graded)
    if not reading.known:
        graded = graded_by(source, reading.palette, 0.2 + 0.2 * share("grade", *words))
    return _painterly(graded)


def graded_by(image: Image.Image, palette: LandscapeColors, force: float) -> Image.Image:
    """The picture's tones drawn towards a palette; `force` is 0 to 1."""
    if force <= 0:
        return image
    run = [palette.near, palette.top, palette.middle, palette.low, palette.sun]
    return Image.blend(image, mapped(image, run), force)


def _painterly(image: Image.Image) -> Image.Image:
    calm = smooth(smooth(image, 4, 24), 2, 18)
    soft = edges(image, 24, 90).point([value // 3 for value in range(256)])
    return painted(calm, (30, 26, 38), soft)
