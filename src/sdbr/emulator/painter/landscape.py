"""A landscape from a prompt: sky first, then what stands before it, nearest last."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from sdbr.emulator.painter import subjects
from sdbr.emulator.painter.brush import fill_below
from sdbr.emulator.painter.chance import rough_line, smooth_line
from sdbr.emulator.painter.color import mix, turned, whole
from sdbr.emulator.painter.land import (
    paint_city,
    paint_dunes,
    paint_forest,
    paint_hills,
    paint_mountains,
    paint_water,
)
from sdbr.emulator.painter.scene import Scene, plan
from sdbr.emulator.painter.sky import paint_sky
from sdbr.emulator.painter.words import read


def text_picture(prompt: str, negative: str, seed: int, size: tuple[int, int]) -> Image.Image:
    """The picture of a prompt, `size` (width, height) in pixels, before any style."""
    reading = read(prompt, negative)
    scene = plan(size, reading, " ".join(prompt.lower().split()), seed)
    if "portrait" in reading.subjects:
        return subjects.paint_portrait(scene)
    image = paint_sky(scene)
    _far(image, scene)
    _near(image, scene)
    subjects.paint_subjects(image, scene)
    _weather(image, scene)
    return image


def _far(image: Image.Image, scene: Scene) -> None:
    if scene.has("city"):
        paint_city(image, scene)
    elif scene.has("dune"):
        paint_dunes(image, scene)
    elif scene.has("mountain", "snow", "lake") or not scene.reading.scenes - {"flowers", "space"}:
        paint_mountains(image, scene)
    elif scene.has("sea"):
        _headland(image, scene)
    if scene.has("sea", "lake"):
        if scene.has("forest"):
            paint_forest(image, scene, (0.22,))
        paint_water(image, scene)


def _headland(image: Image.Image, scene: Scene) -> None:
    rng = scene.chance("headland")
    for layer in range(2):
        rise = scene.height * (0.10 - 0.035 * layer)
        line = rough_line(rng, scene.width, 1.5 + layer, 4)
        heights = scene.horizon + rise * 0.25 - np.tanh(line) * rise
        color = scene.palette.ground(0.22 + 0.2 * layer)
        fill_below(image, heights.astype(np.float32), color, mix(color, scene.palette.low, 0.4))


def _near(image: Image.Image, scene: Scene) -> None:
    if scene.has("sea", "lake"):
        if scene.has("sea") or scene.reading.subjects:
            _foreground(image, scene)
        return
    if scene.has("dune", "city"):
        return
    if scene.has("forest"):
        paint_forest(image, scene, (0.3, 0.5, 0.75))
        _foreground(image, scene)
    else:
        paint_hills(image, scene)
    if scene.has("flowers"):
        _flowers(image, scene)


def _foreground(image: Image.Image, scene: Scene) -> None:
    rng = scene.chance("foreground")
    side = -1.0 if scene.sun[0] > scene.width / 2 else 1.0
    slope = np.linspace(1, 0, scene.width) if side < 0 else np.linspace(0, 1, scene.width)
    rise = 0.05 + 0.13 * slope**1.5
    line = scene.height * (0.985 - rise) - smooth_line(rng, scene.width, 2.5) * scene.height * 0.012
    color = scene.palette.near
    if scene.has("snow"):
        color = mix(scene.palette.low, (255.0, 255.0, 255.0), 0.5)
    fill_below(image, line.astype(np.float32), mix(color, scene.palette.middle, 0.12), color)


def _flowers(image: Image.Image, scene: Scene) -> None:
    rng = scene.chance("flowers")
    draw = ImageDraw.Draw(image)
    hues = [turned(scene.palette.accent, turn) for turn in (-18, 0, 22)]
    for x, y, tone in rng.random((420, 3)):
        near = 0.15 + 0.85 * y
        radius = scene.unit * (1.2 + 7.5 * near**2)
        at = x * scene.width, scene.horizon + (scene.height - scene.horizon) * (0.25 + 0.75 * near)
        fill = mix(hues[int(tone * 3)], scene.palette.low, 0.35 * (1 - near))
        box = (at[0] - radius, at[1] - radius * 0.75, at[0] + radius, at[1] + radius * 0.75)
        draw.ellipse(box, fill=whole(fill))


def _weather(image: Image.Image, scene: Scene) -> None:
    if not scene.has("snow", "rain"):
        return
    rng = scene.chance("weather")
    layer = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(layer)
    for x, y, size in rng.random((240, 3)):
        at = x * scene.width, y * scene.height
        if scene.has("rain"):
            long = scene.unit * (18 + 30 * size)
            draw.line((at[0], at[1], at[0] - long * 0.22, at[1] + long), fill=70, width=1)
        else:
            radius = scene.unit * (0.8 + 2.8 * size**2)
            draw.ellipse((at[0] - radius, at[1] - radius, at[0] + radius, at[1] + radius), fill=190)
    image.paste((255, 255, 255), (0, 0), layer)
