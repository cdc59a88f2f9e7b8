"""The image services: those that change a part, control, take a style over, upscale."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from sdbr.emulator.painter.chance import Floats
from sdbr.emulator.painter.color import mix, parse, whole
from sdbr.emulator.painter.order import Order, flat, opened
from sdbr.emulator.painter.regions import edit_mask, foreground, near_color
from sdbr.emulator.painter.restyle import full_look, graded_by, plain_picture
from sdbr.emulator.painter.styles import style_of
from sdbr.emulator.painter.styles.filters import edges, painted, smooth
from sdbr.emulator.painter.words import read, tokens, vocabulary

# Opponent colors as used for statistics transfer: brightness, yellow-blue, red-green.
TO_OPPONENT = np.array([[0.5774, 0.5774, 0.5774], [0.4082, 0.4082, -0.8165], [0.7071, -0.7071, 0]])
FAST = 4
# Bedrock says "to 4K".
LONG_SIDE, MAX_PIXELS = 3840, 9_437_184


def inpaint(order: Order) -> Image.Image:
    """The prompt's picture inside the mask, the image outside."""
    image = opened(order.image, "image")
    mask = edit_mask(order, image)
    return _drawn_within(mask, image.convert("RGB"), order)


def _drawn_within(mask: Image.Image, base: Image.Image, order: Order) -> Image.Image:
    """The base with the whole of the prompt's picture where the mask is, as large as that."""
    box = mask.getbbox()
    if box is None:
        return base
    drawn = plain_picture(dataclasses.replace(order, size=(box[2] - box[0], box[3] - box[1])))
    base.paste(drawn, box, mask.crop(box))
    return base


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
    if read(order.prompt).paintable:
        drawn = plain_picture(dataclasses.replace(order, size=size))
        grown = Image.blend(grown, drawn, 0.6 * order.number("creativity", 0.5))
    # Only the last few pixels inside the border are softened.
    keep = known.filter(ImageFilter.MinFilter(3)).filter(ImageFilter.BoxBlur(1))
    return Image.composite(canvas, grown, keep)


def remove_background(order: Order) -> Image.Image:
    """What stands out from the border's colors, on nothing: RGBA."""
    image = opened(order.image, "image").convert("RGB")
    alpha = np.clip((foreground(image) - 0.3) / 0.25, 0, 1)
    cut = image.copy()
    cut.putalpha(Image.fromarray((alpha * 255).astype(np.uint8)))
    return cut if order.format != "jpeg" else _on_white(cut)


def search_replace(order: Order) -> Image.Image:
    """The prompt's picture in the place of what the search prompt names.

    A color is found by its name. Of anything else the place is a guess, and a plain patch says so.
    """
    image = flat(order.image, "image")
    words, grow = order.word("search_prompt"), order.number("grow_mask", 5)
    named = any(_color(word) for word in tokens(words))
    mask = _found(image, words, grow) if named else _patch(image, grow)
    return _drawn_within(mask, image, order)


def search_recolor(order: Order) -> Image.Image:
    """What the select prompt names, in the prompt's colors."""
    image = flat(order.image, "image")
    mask = _found(image, order.word("select_prompt"), order.number("grow_mask", 5))
    color = next((_color(word) for word in tokens(order.prompt) if _color(word)), None)
    if color is None:
        return Image.composite(graded_by(image, read(order.prompt).palette, 0.85), image, mask)
    dark, light = mix(color, (0, 0, 0), 0.75), mix(color, (255, 255, 255), 0.7)
    gray = image.convert("L")
    bands = []
    for band in range(3):
        run = np.interp(np.arange(256), [0, 128, 255], [dark[band], color[band], light[band]])
        bands.append(gray.point([round(float(value)) for value in run]))
    return Image.composite(Image.merge("RGB", bands), image, mask)


def filled(image: Image.Image, known: Image.Image) -> Image.Image:
    """The unknown (0 in `known`) grown from its surroundings, coarse to fine.

    Pull-push interpolation: Gortler et al., "The Lumigraph", 1996.
    """
    weight: Floats = (np.asarray(known, np.float32) / 255).astype(np.float32)[:, :, None]
    color: Floats = (np.asarray(image, np.float32) * weight).astype(np.float32)
    grown = _pull_push(color, weight)
    return Image.fromarray(np.clip(grown, 0, 255).astype(np.uint8))


def _pull_push(color: Floats, weight: Floats) -> Floats:
    height, width = weight.shape[:2]
    here = color / np.maximum(weight, 1e-6)
    if min(height, width) <= 2:
        mean = color.sum((0, 1)) / max(1e-6, float(weight.sum()))
        return np.where(weight > 0, here, mean).astype(np.float32)
    total = _halved(weight)
    full = np.maximum(1, total)
    coarse = _pull_push(
        (_halved(color) / full).astype(np.float32), (total / full).astype(np.float32)
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
    color = next((_color(word) for word in tokens(words) if _color(word)), None)
    place = near_color(image, color) if color else foreground(image)
    mask = Image.fromarray((np.clip((place - 0.3) / 0.3, 0, 1) * 255).astype(np.uint8))
    soft = mask.filter(ImageFilter.BoxBlur(max(1.0, grow)))
    return soft.point([min(255, at * 2) for at in range(256)])


def _patch(image: Image.Image, grow: float) -> Image.Image:
    """A rectangle with round corners about the middle of what stands out."""
    weight = foreground(image) ** 2
    total = max(1e-6, float(weight.sum()))
    mask = Image.new("L", image.size, 0)
    box = []
    for axis, long in ((0, image.width), (1, image.height)):
        at, share = np.arange(long), weight.sum(axis) / total
        middle = float((share * at).sum())
        half = 1.3 * float(np.sqrt((share * (at - middle) ** 2).sum())) + grow
        box.append((max(0.0, middle - half), min(long - 1.0, middle + half)))
    (left, right), (top, bottom) = box
    corner = min(right - left, bottom - top) / 8
    ImageDraw.Draw(mask).rounded_rectangle((left, top, right, bottom), corner, fill=255)
    return mask.filter(ImageFilter.BoxBlur(1))


def _color(word: str) -> tuple[float, float, float] | None:
    code = vocabulary()["colours"].get(word)
    return parse(code) if code else None


def _on_white(image: Image.Image) -> Image.Image:
    page = Image.new("RGB", image.size, whole((255, 255, 255)))
    page.paste(image, (0, 0), image.getchannel("A"))
    return page


def control_structure(order: Order) -> Image.Image:
    """The image's light and shade in the prompt's colors and style."""
    image = flat(order.image, "image")
    hold = order.number("control_strength", 0.7)
    graded = graded_by(smooth(image, 4, 22), read(order.prompt, order.negative).palette, 0.85)
    style = style_of(tokens(order.prompt), order.style)
    kept = style(graded) if style else painted(graded, (26, 22, 34), edges(image, 30, 110))
    loose = plain_picture(dataclasses.replace(order, size=image.size))
    return Image.blend(loose, kept, min(1.0, hold / 0.7))


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
    """The prompt's picture in the colors of the image."""
    guide = flat(order.image, "image")
    drawn = plain_picture(order)
    return Image.blend(drawn, recolored(drawn, guide), 0.3 + 0.7 * order.number("fidelity", 0.5))


def style_transfer(order: Order) -> Image.Image:
    """The init image in the colors and the grain of the style image."""
    image, guide = flat(order.image, "init_image"), flat(order.style_image, "style_image")
    force = order.number("style_strength", 1.0) * order.number("change_strength", 0.9)
    hold = order.number("composition_fidelity", 0.9)
    base = smooth(image, 5, 20)
    if order.prompt:
        base = graded_by(base, read(order.prompt, order.negative).palette, 0.25)
    moved = recolored(base, guide)
    loosened = Image.blend(guide.resize(image.size), moved, 0.35 + 0.65 * hold)
    return Image.blend(image, _grained(loosened, guide), min(1.0, force))


def recolored(image: Image.Image, guide: Image.Image) -> Image.Image:
    """The image with mean and spread of each opponent color taken from the guide.

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


def fast_upscale(order: Order) -> Image.Image:
    """Four times as wide and as high."""
    image = flat(order.image, "image")
    return image.resize((image.width * FAST, image.height * FAST), Image.Resampling.BICUBIC)


def conservative_upscale(order: Order) -> Image.Image:
    """To 4K, content unchanged."""
    return _sharpened(_to_4k(flat(order.image, "image")))


def creative_upscale(order: Order) -> Image.Image:
    """To 4K, with something of the prompt's look; `creativity` is 0.1 to 0.5."""
    image = flat(order.image, "image")
    seen = Image.blend(image, full_look(image, order), order.number("creativity", 0.3))
    return _sharpened(_to_4k(seen))


def _to_4k(image: Image.Image) -> Image.Image:
    times = min(
        LONG_SIDE / max(image.size), float(np.sqrt(MAX_PIXELS / (image.width * image.height)))
    )
    times = max(1.0, times)
    size = round(image.width * times), round(image.height * times)
    return image.resize(size, Image.Resampling.BICUBIC)


def _sharpened(image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.UnsharpMask(2, 60, 1))
