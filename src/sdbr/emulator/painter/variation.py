"""How one call differs from the next, as a diffusion model's do.

Global tone, a low-frequency color field, band-pass texture, a slight warp and blobs of another
reading, each from the order's content and seed, all in proportion to strength and flicker.
"""

from __future__ import annotations

import hashlib

import numpy as np
from PIL import Image, ImageChops

from sdbr.emulator.painter.chance import Floats, field, stream
from sdbr.emulator.painter.order import Order

# Levels (of 255) and pixels (of a 1024-pixel side) at strength 1 and flicker 1. At strength 0.6 a
# call's SSIM to the ideal is 0.8 to 0.9 on real clips, as a diffusion model's is simulated to be.
TONE = 9.0
COLOR = 9.0
TEXTURE = 15.0
BLOB = 22.0
WARP = 3.3


def shaken(ideal: Image.Image, source: Image.Image, order: Order) -> Image.Image:
    """The ideal drawing as this one call gives it."""
    rng = stream("call", order.seed, order.prompt, hashlib.sha256(source.tobytes()).hexdigest())
    force = order.flicker * min(1.0, order.strength * 1.4)
    warped = _warped(ideal, rng, WARP * force)
    offset = _offsets(ideal.size, rng, force)
    return ImageChops.add(warped, offset.resize(ideal.size, Image.Resampling.BICUBIC), 1, -128)


def _offsets(size: tuple[int, int], rng: np.random.Generator, force: float) -> Image.Image:
    small = max(4, size[0] // 4), max(4, size[1] // 4)
    total = np.zeros((small[1], small[0], 3), np.float32)
    total += rng.normal(0, TONE * force, 3).astype(np.float32)
    for band in range(3):
        total[:, :, band] += field(rng, small, (5, 4)) * COLOR * force
    total += (_band_pass(rng, small) * TEXTURE * force)[:, :, None]
    for _ in range(int(rng.integers(3, 6))):
        total += _blob(rng, small)[:, :, None] * rng.normal(0, BLOB * force, 3).astype(np.float32)
    return Image.fromarray(np.clip(total + 128.5, 0, 255).astype(np.uint8))


def _band_pass(rng: np.random.Generator, size: tuple[int, int]) -> Floats:
    fine = field(rng, size, (max(2, size[0] // 3), max(2, size[1] // 3)))
    coarse = field(rng, size, (max(2, size[0] // 12), max(2, size[1] // 12)))
    return fine * np.float32(0.6) + coarse * np.float32(0.6)


def _blob(rng: np.random.Generator, size: tuple[int, int]) -> Floats:
    x, y = rng.uniform(0, size[0]), rng.uniform(0, size[1])
    radius = rng.uniform(0.05, 0.14) * max(size)
    across = ((np.arange(size[0]) - x) / radius) ** 2
    down = ((np.arange(size[1]) - y) / (radius * rng.uniform(0.6, 1.4))) ** 2
    return np.exp(-(across[None, :] + down[:, None])).astype(np.float32)


def _warped(image: Image.Image, rng: np.random.Generator, pixels: float) -> Image.Image:
    columns, rows = 4, 3
    width, height = image.size
    reach = pixels * max(width, height) / 1024
    shift = rng.normal(0, reach / 2, (rows + 1, columns + 1, 2))
    xs = np.linspace(0, width, columns + 1).round()
    ys = np.linspace(0, height, rows + 1).round()

    def corner(row: int, column: int) -> tuple[float, float]:
        return xs[column] + shift[row, column, 0], ys[row] + shift[row, column, 1]

    mesh = []
    for row in range(rows):
        for column in range(columns):
            box = (int(xs[column]), int(ys[row]), int(xs[column + 1]), int(ys[row + 1]))
            around = ((row, column), (row + 1, column), (row + 1, column + 1), (row, column + 1))
            mesh.append((box, tuple(part for it in around for part in corner(*it))))
    bent = image.transform(image.size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)
    return _rim_kept(bent, image, round(reach * 2) + 1)


def _rim_kept(bent: Image.Image, image: Image.Image, rim: int) -> Image.Image:
    # Points beyond the border come out black; the unwarped rim hides them.
    width, height = image.size
    if min(width, height) <= 2 * rim:
        return image
    whole = image.copy()
    inner = (rim, rim, width - rim, height - rim)
    whole.paste(bent.crop(inner), inner)
    return whole
