"""How one call differs from the next, as a neural network's image-to-image does.

Strokes that come and go, a tone and a contrast of the call's own, a faint field of color, blobs of
another reading, and a place a pixel off: each from the order's content and seed, all in proportion
to strength and flicker. One pixel of the init image changed is another call altogether, and the
same order gives the same picture.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np
from PIL import Image, ImageChops

from sdbr.emulator.painter.chance import Floats, field, stream
from sdbr.emulator.painter.order import Order

# Levels of 255, shares and pixels (of a 1024-pixel side) at strength 1 and flicker 1, so that two
# calls at strength 0.6 differ as two of a neural style network do; docs/decisions.md has figures.
TONE = 4.6
CONTRAST = 0.035
COLOR = 3.5
BLOB = 11.0
STROKE = 24.0
PLACE = 0.8

# Strokes lie along one of so many directions and are so many cells long, on a grid of so many
# cells along the longer side, each of some pixels at least. Noise below the threshold, in spreads,
# is no stroke.
DIRECTIONS = 4
LENGTH = 5
CELLS = 88
CELL = 5
THRESHOLD = 0.55


def shaken(ideal: Image.Image, source: Image.Image, order: Order) -> Image.Image:
    """The ideal drawing as this one call gives it."""
    rng = stream("call", order.seed, order.prompt, hashlib.sha256(source.tobytes()).hexdigest())
    force = order.flicker * min(1.0, order.strength * 1.4)
    moved = _moved(ideal, rng, PLACE * force)
    contrast = 1 + rng.normal(0, CONTRAST * force)
    moved = moved.point([round((at - 128) * contrast + 128) for at in range(256)] * 3)
    offset = _offsets(ideal, rng, force)
    return ImageChops.add(moved, offset.resize(ideal.size, Image.Resampling.BICUBIC), 1, -128)


def _moved(image: Image.Image, rng: np.random.Generator, pixels: float) -> Image.Image:
    """The picture a little to the side, its rim where it was: beyond it there is nothing."""
    across, down = rng.normal(0, pixels * max(image.size) / 1024, 2)
    rim = math.ceil(max(abs(across), abs(down)))
    if min(image.size) <= 2 * rim:
        return image
    way = (1, 0, across, 0, 1, down)
    moved = image.transform(image.size, Image.Transform.AFFINE, way, Image.Resampling.BICUBIC)
    whole, inner = image.copy(), (rim, rim, image.width - rim, image.height - rim)
    whole.paste(moved.crop(inner), inner)
    return whole


def _offsets(ideal: Image.Image, rng: np.random.Generator, force: float) -> Image.Image:
    """What the call adds to each place, on a grid, 128 for nothing: strokes, and its colors."""
    share = min(1 / CELL, CELLS / max(ideal.size))
    size = max(4, round(ideal.width * share)), max(4, round(ideal.height * share))
    total = np.zeros((size[1], size[0], 3), np.float32)
    total += rng.normal(0, TONE * force, 3).astype(np.float32)
    for band in range(3):
        total[:, :, band] += field(rng, size, (5, 4)) * COLOR * force
    for _ in range(int(rng.integers(3, 6))):
        total += _blob(rng, size)[:, :, None] * rng.normal(0, BLOB * force, 3).astype(np.float32)
    gray = ideal.convert("L").resize(size, Image.Resampling.BILINEAR)
    total += (_strokes(gray, rng) * STROKE * force)[:, :, None]
    return Image.fromarray(np.clip(total + 128.5, 0, 255).astype(np.uint8))


def _blob(rng: np.random.Generator, size: tuple[int, int]) -> Floats:
    x, y = rng.uniform(0, size[0]), rng.uniform(0, size[1])
    radius = rng.uniform(0.05, 0.14) * max(size)
    across = ((np.arange(size[0]) - x) / radius) ** 2
    down = ((np.arange(size[1]) - y) / (radius * rng.uniform(0.6, 1.4))) ** 2
    return np.exp(-(across[None, :] + down[:, None])).astype(np.float32)


def _strokes(gray: Image.Image, rng: np.random.Generator) -> Floats:
    """Strokes along a picture's own edges, (height, width), darker than 0 or lighter by about 1.

    Where they lie is the call's; which way they run is the picture's.
    """
    shape = gray.height, gray.width
    total = np.zeros(shape, np.float32)
    for at, weight in enumerate(_directions(gray)):
        turn = math.pi * at / DIRECTIONS
        noise, run = rng.standard_normal(shape).astype(np.float32), np.zeros(shape, np.float32)
        for step in range(-(LENGTH // 2), LENGTH // 2 + 1):
            shift = round(step * math.sin(turn)), round(step * math.cos(turn))
            run += np.roll(noise, shift, (0, 1))
        total += weight * run
    total /= max(float(total.std()), 1e-6)
    return np.sign(total) * np.maximum(np.abs(total) - np.float32(THRESHOLD), 0)


def _directions(gray: Image.Image) -> list[Floats]:
    """How much each place's edges run along each direction; the shares are 1 in all."""
    down, across = np.gradient(np.asarray(gray, np.float32))
    even = _smooth(np.asarray(across * across - down * down, np.float32))
    odd = _smooth(np.asarray(2 * across * down, np.float32))
    edge = np.arctan2(odd, even) / 2 + math.pi / 2
    turns = [math.pi * at / DIRECTIONS for at in range(DIRECTIONS)]
    shares = [np.cos(edge - turn) ** 8 + 1e-3 for turn in turns]
    whole = np.sum(shares, axis=0)
    return [(share / whole).astype(np.float32) for share in shares]


def _smooth(plane: Floats) -> Floats:
    image = Image.fromarray(plane)
    small = image.resize((-(-image.width // 8), -(-image.height // 8)), Image.Resampling.BOX)
    return np.asarray(small.resize(image.size, Image.Resampling.BICUBIC))
