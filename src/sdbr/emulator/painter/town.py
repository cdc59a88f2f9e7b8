"""A skyline with lit windows."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from sdbr.emulator.painter.colour import mix, toned, whole
from sdbr.emulator.painter.scene import Scene


def paint_city(image: Image.Image, scene: Scene) -> None:
    """Three rows of buildings, the nearest with lit windows."""
    for layer in range(3):
        _row(image, scene, layer)


def _row(image: Image.Image, scene: Scene, layer: int) -> None:
    rng = scene.chance(f"city{layer}")
    colour = scene.palette.ground(0.22 + 0.34 * layer)
    draw = ImageDraw.Draw(image)
    base = scene.horizon + (scene.height - scene.horizon) * (0.0, 0.04, 0.12)[layer]
    x = -float(rng.uniform(0, 60)) * scene.unit
    while x < scene.width:
        wide = float(rng.uniform(36, 92)) * scene.unit * (0.7 + 0.25 * layer)
        share = float(rng.beta(1.6, 2.6))
        # Towers gather round the middle of the picture.
        crowd = 1.15 - 0.75 * abs((x + wide / 2) / scene.width - 0.5) * 2
        tall = scene.height * (0.08 + 0.42 * share * crowd) * (1.0 - 0.17 * layer)
        box = (round(x), round(base - tall), round(x + wide) - 1, scene.height)
        draw.rectangle(box, fill=whole(colour))
        lit = (round(x + wide * 0.72), box[1], box[2], scene.height)
        draw.rectangle(lit, fill=whole(toned(colour, 0.82)))
        _roof(draw, scene, (x, base - tall, wide), rng)
        if layer:
            _windows(draw, scene, box, rng)
        x += wide * float(rng.uniform(0.9, 1.25))


def _roof(
    draw: ImageDraw.ImageDraw,
    scene: Scene,
    place: tuple[float, float, float],
    rng: np.random.Generator,
) -> None:
    x, y, wide = place
    kind = int(rng.integers(0, 4))
    colour = whole(scene.palette.ground(0.6))
    if kind == 0:
        mast = round(x + wide / 2)
        draw.line((mast, y - wide * 0.7, mast, y), fill=colour, width=max(1, round(2 * scene.unit)))
    elif kind == 1:
        draw.rectangle((x + wide * 0.25, y - wide * 0.16, x + wide * 0.7, y), fill=colour)


def _windows(
    draw: ImageDraw.ImageDraw,
    scene: Scene,
    box: tuple[int, int, int, int],
    rng: np.random.Generator,
) -> None:
    step = max(5.0, 13 * scene.unit)
    size = step * 0.46
    warm = [
        whole(mix(scene.palette.near, colour, 0.85))
        for colour in (scene.palette.accent, scene.palette.sun, scene.palette.low)
    ]
    for y in np.arange(box[1] + step, min(scene.height, box[1] + step * 40), step * 1.25):
        for x in np.arange(box[0] + step * 0.7, box[2] - step * 0.8, step):
            if rng.random() < 0.42:
                fill = warm[int(rng.integers(0, 3))]
                draw.rectangle((x, y, x + size, y + size * 1.3), fill=fill)
