"""Water: what stands above it upside down, ripples, the sun's path."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from sdbr.emulator.painter.colour import mix, whole
from sdbr.emulator.painter.scene import Scene


def paint_water(image: Image.Image, scene: Scene) -> None:
    """Fill everything below the horizon with water that mirrors what was painted above."""
    top = round(scene.horizon)
    deep = scene.height - top
    if deep < 4:
        return
    image.paste(_mirror(image, scene, top, deep), (0, top))
    _ripples(image, scene, top, deep)
    _sun_path(image, scene, top, deep)


def _mirror(image: Image.Image, scene: Scene, top: int, deep: int) -> Image.Image:
    pixels = np.asarray(image)
    rows = np.arange(deep)
    near = rows / deep
    wave = np.sin(rows / (1.5 + 10 * near) * 1.9) * (0.4 + 9 * near) * scene.unit
    stretch = top / deep * 0.8
    source = np.clip(top - 1 - rows * stretch + wave * stretch, 0, top - 1).astype(int)
    mirror = Image.fromarray(pixels[source])
    tint = mix(scene.palette.middle, scene.palette.near, 0.5)
    veil = Image.fromarray((55 + 130 * near**0.8).astype(np.uint8)[:, None])
    mirror.paste(whole(tint), (0, 0), veil.resize(mirror.size, Image.Resampling.NEAREST))
    return mirror


def _ripples(image: Image.Image, scene: Scene, top: int, deep: int) -> None:
    rng = scene.chance("ripples")
    light = Image.new("L", (scene.width, deep), 0)
    draw = ImageDraw.Draw(light)
    for x, y, long, tone in rng.random((90, 4)):
        near = y**1.6
        half = scene.width * (0.01 + 0.07 * near) * (0.4 + long)
        thick = scene.unit * (0.5 + 3.2 * near)
        centre = x * scene.width, near * deep
        box = (centre[0] - half, centre[1] - thick, centre[0] + half, centre[1] + thick)
        draw.ellipse(box, fill=int(14 + 42 * tone))
    image.paste(whole(mix(scene.palette.low, scene.palette.sun, 0.4)), (0, top), light)


def _sun_path(image: Image.Image, scene: Scene, top: int, deep: int) -> None:
    rng = scene.chance("path")
    light = Image.new("L", (scene.width, deep), 0)
    draw = ImageDraw.Draw(light)
    for across, y, long in rng.random((150, 3)):
        near = y**1.3
        spread = scene.sun_radius * (0.7 + 1.6 * near)
        x = scene.sun[0] + (across - 0.5) * 2 * spread * (0.4 + 0.6 * float(rng.random()))
        half = scene.sun_radius * (0.12 + 0.5 * long) * (0.5 + near)
        thick = max(0.6, scene.unit * (0.7 + 3.0 * near))
        box = (x - half, near * deep - thick, x + half, near * deep + thick)
        draw.ellipse(box, fill=int(110 + 120 * (1 - near) * float(rng.random())))
    image.paste(whole(scene.palette.sun), (0, top), light)
