"""Sky: gradient, sun or moon, stars, clouds, northern lights, a planet."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from sdbr.emulator.painter.brush import Point, disc, glow, gradient, paint_shapes, ring
from sdbr.emulator.painter.chance import smooth_line
from sdbr.emulator.painter.color import mix, whole
from sdbr.emulator.painter.scene import Scene


def paint_sky(scene: Scene) -> Image.Image:
    """The sky over the whole of the picture; land and water are painted over it."""
    palette = scene.palette
    end = min(1.0, scene.horizon / scene.height + 0.02)
    stops = [
        (0.0, palette.top),
        (end * 0.58, palette.middle),
        (end, palette.low),
        (1.0, palette.low),
    ]
    image = gradient((scene.width, scene.height), stops)
    if palette.dark or scene.has("space"):
        _stars(image, scene)
    if scene.has("aurora"):
        _aurora(image, scene)
    if scene.has("space"):
        _planet(image, scene)
        return image
    _sun(image, scene)
    if not palette.dark or scene.chance("cloudy").random() < 0.5:
        _clouds(image, scene)
    return image


def _sun(image: Image.Image, scene: Scene) -> None:
    palette, radius = scene.palette, scene.sun_radius
    force = 0.4 if palette.dark else 0.75
    glow(
        image,
        scene.sun,
        radius * (5 if palette.dark else 7),
        mix(palette.low, palette.sun, 0.6),
        force,
    )
    if scene.has("rain") and not palette.dark:
        return
    if palette.dark and scene.chance("moon").random() < 0.4:
        paint_shapes(image, [crescent(scene.sun, radius)], palette.sun)
    else:
        disc(image, scene.sun, radius, palette.sun)


def crescent(center: Point, radius: float) -> list[Point]:
    """The outline of a young moon."""
    turn = np.linspace(-0.62 * np.pi, 0.62 * np.pi, 40)
    outer = [(center[0] - radius * np.cos(t), center[1] - radius * np.sin(t)) for t in turn]
    tip = np.linspace(1, -1, 40)
    height = np.sin(0.62 * np.pi)
    far, near = -np.cos(0.62 * np.pi), -0.25
    inner = [
        (center[0] + radius * (near + (far - near) * y**2), center[1] - radius * y * height)
        for y in tip
    ]
    return [(float(x), float(y)) for x, y in outer + inner]


def _stars(image: Image.Image, scene: Scene) -> None:
    rng = scene.chance("stars")
    count = int(260 * scene.width * scene.horizon / 600_000)
    draw = ImageDraw.Draw(image)
    for x, y, size in rng.random((count, 3)):
        # Fewer and fainter towards the horizon.
        if rng.random() > 1.15 - y:
            continue
        at = x * scene.width, y * scene.horizon
        sky = image.getpixel((int(at[0]), int(at[1])))
        light = mix(sky, scene.palette.sun, 0.35 + 0.65 * size**2)  # type: ignore[arg-type]
        radius = scene.unit * (0.5 + 1.1 * size**4)
        draw.ellipse(
            (at[0] - radius, at[1] - radius, at[0] + radius, at[1] + radius), fill=whole(light)
        )


def _clouds(image: Image.Image, scene: Scene) -> None:
    rng = scene.chance("clouds")
    scale = 2
    mask = Image.new("L", (scene.width // scale, scene.height // scale), 0)
    draw = ImageDraw.Draw(mask)
    amount = 9 if scene.has("rain") else int(rng.integers(3, 6))
    for _ in range(amount):
        x, y = float(rng.uniform(-0.1, 1.1)), float(rng.uniform(0.08, 0.8))
        length = float(rng.uniform(0.14, 0.4)) * (1.2 - 0.6 * y)
        tone = int(rng.integers(90, 190))
        _cloud(draw, mask.size, (x, y * scene.horizon / scene.height, length), tone, rng)
    soft = mask.filter(ImageFilter.GaussianBlur(scene.unit * 0.9))
    cover = soft.resize(image.size, Image.Resampling.BILINEAR)
    palette = scene.palette
    color = (
        mix(palette.middle, palette.top, 0.35)
        if palette.dark
        else mix(palette.low, palette.sun, 0.7)
    )
    if scene.has("rain"):
        color = mix(palette.top, palette.middle, 0.5)
    image.paste(whole(color), (0, 0), cover)


def _cloud(
    draw: ImageDraw.ImageDraw,
    size: tuple[int, int],
    place: tuple[float, float, float],
    tone: int,
    rng: np.random.Generator,
) -> None:
    x, y, length = place
    wide, base = length * size[0], y * size[1]
    left = x * size[0] - wide / 2
    puffs = int(rng.integers(4, 8))
    for at in range(puffs):
        share = (at + 0.5) / puffs
        radius = wide * 0.11 * (0.35 + np.sin(np.pi * share)) * float(rng.uniform(0.6, 1.1))
        center = left + wide * share
        draw.chord(
            (center - radius * 1.5, base - radius, center + radius * 1.5, base + radius),
            180, 360, fill=tone,
        )  # fmt: skip
    thick = max(1.0, wide * 0.016)
    draw.rounded_rectangle((left, base - thick, left + wide, base + thick), thick, fill=tone)


def _aurora(image: Image.Image, scene: Scene) -> None:
    small = max(32, scene.width // 6), max(32, scene.height // 6)
    rows = np.arange(small[1], dtype=np.float32)[:, None]
    for band, color in enumerate(
        ((90.0, 240.0, 170.0), (120.0, 200.0, 255.0), (190.0, 120.0, 240.0))
    ):
        rng = scene.chance(f"aurora{band}")
        foot = (0.34 + 0.1 * band + 0.1 * smooth_line(rng, small[0], 3)) * small[1] * 0.9
        rays = 0.65 + 0.35 * smooth_line(rng, small[0], 40)
        up = (foot[None, :] - rows) / (0.3 * small[1])
        light = np.where(up > 0, np.exp(-up * 2.4), np.exp(up * 14)) * rays * 150
        mask = Image.fromarray(np.clip(light, 0, 255).astype(np.uint8))
        image.paste(whole(color), (0, 0), mask.resize(image.size, Image.Resampling.BICUBIC))


def _planet(image: Image.Image, scene: Scene) -> None:
    rng = scene.chance("planet")
    radius = scene.sun_radius * float(rng.uniform(1.6, 2.6))
    center = scene.sun[0], scene.horizon * float(rng.uniform(0.3, 0.5))
    palette = scene.palette
    disc(image, center, radius, mix(palette.middle, palette.accent, 0.5))
    shade = center[0] + radius * 0.28, center[1] + radius * 0.2
    mask = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(mask)
    draw.polygon(ring(center, radius * 0.99), fill=120)
    draw.polygon(ring((2 * center[0] - shade[0], 2 * center[1] - shade[1]), radius * 0.98), fill=0)
    image.paste(whole(palette.top), (0, 0), mask)
    draw = ImageDraw.Draw(image)
    wide, flat = radius * 1.9, radius * 0.42
    box = (center[0] - wide, center[1] - flat, center[0] + wide, center[1] + flat)
    draw.arc(box, 340, 200, fill=whole(palette.sun), width=max(1, round(scene.unit * 5)))
