"""The services that change part of a picture: inpaint, erase, outpaint, cut out, search."""

from __future__ import annotations

import dataclasses

import numpy as np
from PIL import Image, ImageFilter

from sdbr.emulator.painter.chance import Floats
from sdbr.emulator.painter.colour import mix, parse, whole
from sdbr.emulator.painter.opening import flat, opened
from sdbr.emulator.painter.order import Order
from sdbr.emulator.painter.regions import edit_mask, foreground, near_colour
from sdbr.emulator.painter.restyle import graded_by, plain_picture
from sdbr.emulator.painter.words import read, tokens, vocabulary


def inpaint(order: Order) -> Image.Image:
    """The prompt's picture inside the mask, the image outside."""
    image = opened(order.image, "image")
    mask = edit_mask(order, image)
    base = image.convert("RGB")
    drawn = plain_picture(dataclasses.replace(order, size=base.size))
    return Image.composite(drawn, base, mask)


def erase(order: Order) -> Image.Image:
    """What the mask covers is filled from its surroundings."""
    image = opened(order.image, "image")
    mask = edit_mask(order, image)
    base = image.convert("RGB")
    known = mask.point([255 if at < 8 else 0 for at in range(256)])
    return Image.composite(filled(base, known), base, mask)


def outpaint(order: Order) -> Image.Image:
    """The image on a larger canvas, its surroundings grown out of its borders."""
    image = flat(order.image, "image")
    left, right, up, down = (int(order.number(side, 0)) for side in ("left", "right", "up", "down"))
    size = image.width + left + right, image.height + up + down
    canvas, known = Image.new("RGB", size), Image.new("L", size, 0)
    canvas.paste(image, (left, up))
    known.paste(255, (left, up, left + image.width, up + image.height))
    around = ((up, down), (left, right), (0, 0))
    mirrored = Image.fromarray(np.pad(np.asarray(image), around, mode="symmetric"))
    grown = Image.blend(filled(canvas, known), mirrored, 0.6)
    if order.prompt:
        drawn = plain_picture(dataclasses.replace(order, size=size))
        grown = Image.blend(grown, drawn, 0.6 * order.number("creativity", 0.5))
    # Only the last few pixels inside the border are softened.
    keep = known.filter(ImageFilter.MinFilter(3)).filter(ImageFilter.BoxBlur(1))
    return Image.composite(canvas, grown, keep)


def remove_background(order: Order) -> Image.Image:
    """What stands out from the border's colours, on nothing: RGBA."""
    image = opened(order.image, "image").convert("RGB")
    alpha = np.clip((foreground(image) - 0.3) / 0.25, 0, 1)
    cut = image.copy()
    cut.putalpha(Image.fromarray((alpha * 255).astype(np.uint8)))
    return cut if order.format != "jpeg" else _on_white(cut)


def search_replace(order: Order) -> Image.Image:
    """The prompt's picture in the place of what the search prompt names."""
    image = flat(order.image, "image")
    mask = _found(image, order.word("search_prompt"), order.number("grow_mask", 5))
    drawn = plain_picture(dataclasses.replace(order, size=image.size))
    return Image.composite(drawn, image, mask)


def search_recolour(order: Order) -> Image.Image:
    """What the select prompt names, in the prompt's colours."""
    image = flat(order.image, "image")
    mask = _found(image, order.word("select_prompt"), order.number("grow_mask", 5))
    colour = next((_colour(word) for word in tokens(order.prompt) if _colour(word)), None)
    if colour is None:
        return Image.composite(graded_by(image, read(order.prompt).palette, 0.85), image, mask)
    dark, light = mix(colour, (0, 0, 0), 0.75), mix(colour, (255, 255, 255), 0.7)
    grey = image.convert("L")
    bands = []
    for band in range(3):
        run = np.interp(np.arange(256), [0, 128, 255], [dark[band], colour[band], light[band]])
        bands.append(grey.point([round(float(value)) for value in run]))
    return Image.composite(Image.merge("RGB", bands), image, mask)


def filled(image: Image.Image, known: Image.Image) -> Image.Image:
    """The unknown (0 in `known`) grown from its surroundings, coarse to fine.

    Pull-push interpolation: Gortler et al., "The Lumigraph", 1996.
    """
    weight: Floats = (np.asarray(known, np.float32) / 255).astype(np.float32)[:, :, None]
    colour: Floats = (np.asarray(image, np.float32) * weight).astype(np.float32)
    grown = _pull_push(colour, weight)
    return Image.fromarray(np.clip(grown, 0, 255).astype(np.uint8))


def _pull_push(colour: Floats, weight: Floats) -> Floats:
    height, width = weight.shape[:2]
    here = colour / np.maximum(weight, 1e-6)
    if min(height, width) <= 2:
        mean = colour.sum((0, 1)) / max(1e-6, float(weight.sum()))
        return np.where(weight > 0, here, mean).astype(np.float32)
    total = _halved(weight)
    full = np.maximum(1, total)
    coarse = _pull_push(
        (_halved(colour) / full).astype(np.float32), (total / full).astype(np.float32)
    )
    back = np.repeat(np.repeat(coarse, 2, axis=0), 2, axis=1)
    smooth = np.stack([_softened(back[:, :, band]) for band in range(3)], axis=2)
    return (here * weight + smooth[:height, :width] * (1 - weight)).astype(np.float32)


def _halved(values: Floats) -> Floats:
    height, width, _ = values.shape
    even = np.pad(values, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    total: Floats = even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]
    return total


def _softened(band: Floats) -> Floats:
    padded = np.pad(band, 1, mode="edge")
    across = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    result: Floats = (across[:-2] + 2 * across[1:-1] + across[2:]) / 16
    return result


def _found(image: Image.Image, words: str, grow: float) -> Image.Image:
    colour = next((_colour(word) for word in tokens(words) if _colour(word)), None)
    place = near_colour(image, colour) if colour else foreground(image)
    mask = Image.fromarray((np.clip((place - 0.3) / 0.3, 0, 1) * 255).astype(np.uint8))
    soft = mask.filter(ImageFilter.BoxBlur(max(1.0, grow)))
    return soft.point([min(255, at * 2) for at in range(256)])


def _colour(word: str) -> tuple[float, float, float] | None:
    code = vocabulary()["colours"].get(word)
    return parse(code) if code else None


def _on_white(image: Image.Image) -> Image.Image:
    page = Image.new("RGB", image.size, whole((255, 255, 255)))
    page.paste(image, (0, 0), image.getchannel("A"))
    return page
