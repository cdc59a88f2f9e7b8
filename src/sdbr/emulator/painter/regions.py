"""Where in a picture something is: masks, clear pixels, what stands before a backdrop."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from sdbr.emulator.painter.chance import Floats
from sdbr.emulator.painter.order import Order, opened

SMALL = 160


def edit_mask(order: Order, image: Image.Image) -> Image.Image:
    """What is to be repainted: 255 repaint, 0 keep, grown and softened by `grow_mask` pixels."""
    source = str(order.word("mask_source"))
    if order.mask:
        mask = opened(order.mask, "mask").convert("L").resize(image.size)
    elif "A" in image.getbands():
        mask = image.getchannel("A").point([255 - at for at in range(256)])
    else:
        mask = Image.new("L", image.size, 0)
    if source == "MASK_IMAGE_BLACK":
        mask = mask.point([255 - at for at in range(256)])
    grow = 0.0 if source else order.number("grow_mask", 5)
    if grow < 1:
        return mask
    soft = mask.filter(ImageFilter.BoxBlur(grow))
    return soft.point([min(255, at * 3) for at in range(256)])


def foreground(image: Image.Image) -> Floats:
    """How much each pixel differs from what touches the border: (height, width), 0 to 1."""
    small = image.convert("RGB")
    small.thumbnail((SMALL, SMALL))
    pixels = np.asarray(small, np.float32)
    rim = max(1, min(small.size) // 24)
    border = np.concatenate(
        [
            pixels[:rim].reshape(-1, 3),
            pixels[-rim:].reshape(-1, 3),
            pixels[:, :rim].reshape(-1, 3),
            pixels[:, -rim:].reshape(-1, 3),
        ]
    )
    away = _distance(pixels, _centers(border))
    rows = np.linspace(-1, 1, small.height)[:, None]
    columns = np.linspace(-1, 1, small.width)[None, :]
    middle = np.clip(1.25 - 0.75 * (rows**2 + columns**2), 0.15, 1)
    scale = max(24.0, float(np.quantile(away, 0.9)))
    mask = Image.fromarray(np.clip(away / scale * middle, 0, 1).astype(np.float32))
    return np.asarray(mask.resize(image.size, Image.Resampling.BICUBIC))


def _centers(colors: Floats, count: int = 5) -> Floats:
    # k-means from evenly spaced brightnesses: the same on every run.
    ranked = colors[np.argsort(colors.sum(axis=1), kind="stable")]
    centers: Floats = ranked[np.linspace(0, len(ranked) - 1, count).astype(int)].copy()
    for _ in range(6):
        nearest = np.argmin(((colors[:, None] - centers[None]) ** 2).sum(axis=2), axis=1)
        for at in range(count):
            if (nearest == at).any():
                centers[at] = colors[nearest == at].mean(axis=0)
    return centers


def _distance(pixels: Floats, centers: Floats) -> Floats:
    away = np.sqrt(((pixels[:, :, None] - centers[None, None]) ** 2).sum(axis=3))
    nearest: Floats = away.min(axis=2).astype(np.float32)
    return nearest


def near_color(image: Image.Image, color: tuple[float, float, float]) -> Floats:
    """How near each pixel's hue is to a color's: (height, width), 0 to 1."""
    pixels = np.asarray(image.convert("RGB"), np.float32)
    gray = pixels.mean(axis=2, keepdims=True)
    chroma = pixels - gray
    aim = np.asarray(color, np.float32)
    aim = aim - aim.mean()
    length = float(np.linalg.norm(aim))
    if length < 12:
        # No hue in black, white and gray: go by brightness.
        level = float(np.mean(color))
        likeness: Floats = np.clip(1 - np.abs(gray[:, :, 0] - level) / 70, 0, 1)
        return likeness
    along = (chroma @ (aim / length)) / np.maximum(12, np.linalg.norm(chroma, axis=2))
    strong = np.clip(np.linalg.norm(chroma, axis=2) / 40, 0, 1)
    same: Floats = np.clip((along - 0.6) / 0.3, 0, 1) * strong
    return same
