"""Styles of line and ink: line art, woodcut, pencil, comic, anime, neon."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from sdbr.emulator.painter.styles.filters import (
    bloom,
    contrasted,
    curved,
    edges,
    mapped,
    painted,
    posterized,
    saturated,
    scale_of,
    smooth,
)

INK = (24, 22, 32)
PAPER = (250, 247, 240)
# A woodcut's finer blur, in pixels at 1024 a side; how much the difference to the coarser one
# counts; the light from which on there is no ink; and how soon below it all is black.
FINE, SHARPENED, MIDDLE, STEEP = 3.5, 12.0, 0.5, 10.0


def line_art(image: Image.Image) -> Image.Image:
    """Dark lines on white paper."""
    gray = Image.new("RGB", image.size, PAPER)
    faint = Image.blend(gray, mapped(image, [(190, 186, 190), PAPER, (255, 255, 255)]), 0.35)
    return painted(faint, INK, edges(image, 6, 26))


def woodcut(image: Image.Image) -> Image.Image:
    """Two inks, black and paper, parted by a sharpened threshold: an extended difference of
    Gaussians (Winnemoeller et al., "XDoG", 2012), so cuts lie along the picture's own edges."""
    # Warm colors print light, as through a yellow filter: a fox stands out from its forest.
    gray = contrasted(image.convert("L", (0.55, 0.4, 0.05, 0)), 0.9)
    fine = max(0.8, FINE * scale_of(image))
    near, far = (
        np.asarray(gray.filter(ImageFilter.GaussianBlur(spread)), np.float32) / 255
        for spread in (fine, 1.6 * fine)
    )
    light = (1 + SHARPENED) * near - SHARPENED * far - MIDDLE
    shade = -np.tanh(STEEP * np.minimum(light, 0))
    mask = Image.fromarray((255 * shade).astype(np.uint8))
    tint = mapped(smooth(image, 6 * scale_of(image)), [(190, 120, 70), (236, 214, 170), PAPER])
    return painted(tint, (26, 20, 24), mask)


def pencil(image: Image.Image) -> Image.Image:
    """Gray strokes on paper: a dodge of the picture over its blurred negative, and hatching."""
    gray = np.asarray(image.convert("L"), np.float32)
    soft = image.convert("L").filter(ImageFilter.GaussianBlur(5 * scale_of(image)))
    dodge = np.clip(gray * 250 / np.maximum(np.asarray(soft, np.float32), 8), 0, 250)
    rows = np.arange(image.height)[:, None] + np.arange(image.width)[None, :] * 0.8
    hatch = 0.5 + 0.5 * np.sin(rows * (2 * np.pi / max(3.0, 5.5 * scale_of(image))))
    shade = np.clip((150 - gray) / 150, 0, 1) * hatch * 80
    sheet = Image.fromarray(np.clip(dodge - shade, 30, 250).astype(np.uint8))
    return mapped(sheet, [(44, 42, 50), (150, 148, 150), (252, 249, 242)])


def charcoal(image: Image.Image) -> Image.Image:
    """Broad black strokes, smeared grays."""
    gray = contrasted(smooth(image.convert("L"), 5 * scale_of(image)), 0.8)
    toned = mapped(gray, [(20, 18, 20), (96, 92, 92), (226, 222, 214)])
    return painted(toned, (14, 12, 14), edges(image, 8, 40).filter(ImageFilter.BoxBlur(1)))


def comic_book(image: Image.Image) -> Image.Image:
    """Flat colors, black outlines, halftone dots in the half shade."""
    flat = posterized(saturated(smooth(image, 4 * scale_of(image)), 1.5), 5)
    pitch = max(4.0, 9 * scale_of(image))
    rows = (np.arange(image.height)[:, None] + np.arange(image.width)[None, :]) / pitch
    other = (np.arange(image.height)[:, None] - np.arange(image.width)[None, :]) / pitch
    dots = 0.5 + 0.25 * (np.cos(rows * 2 * np.pi / 1.414) + np.cos(other * 2 * np.pi / 1.414))
    gray = np.asarray(flat.convert("L"), np.float32) / 255
    shade = np.clip((dots - (0.28 + gray * 0.75)) * 7 + 0.5, 0, 1) * (gray < 0.72)
    dotted = painted(flat, (30, 24, 48), Image.fromarray((shade * 110).astype(np.uint8)))
    return painted(dotted, (12, 10, 16), edges(image, 12, 34))


def anime(image: Image.Image) -> Image.Image:
    """Cel shading: few soft tones, clear bright colors, thin outlines, a glow."""
    cells = posterized(smooth(image, 4 * scale_of(image), 20), 7, 0.5)
    bright = curved(saturated(cells, 1.45), lambda at: at**0.86)
    return painted(
        bloom(bright, 0.5),
        (44, 34, 66),
        edges(image, 16, 60).point([v * 3 // 4 for v in range(256)]),
    )


def neon_punk(image: Image.Image) -> Image.Image:
    """Night with glowing outlines in magenta and cyan."""
    night = mapped(image, [(6, 2, 22), (38, 8, 70), (120, 22, 128), (255, 120, 200)])
    night = curved(night, lambda at: at * 0.62)
    lines = edges(image, 8, 40)
    hot = mapped(
        image.filter(ImageFilter.BoxBlur(8)),
        [(0, 240, 255), (120, 90, 255), (255, 40, 170), (255, 190, 60)],
    )
    light = ImageChops.multiply(hot, Image.merge("RGB", (lines, lines, lines)))
    halo = light.reduce(2).filter(ImageFilter.GaussianBlur(4 * scale_of(image)))
    halo = curved(halo, lambda at: at * 1.9).resize(image.size, Image.Resampling.BILINEAR)
    return ImageChops.screen(ImageChops.screen(night, halo), light)
