"""A poster of plain forms, for prompts whose words the painter does not know."""

from __future__ import annotations

import numpy as np
from PIL import Image

from sdbr.emulator.painter.brush import Point, disc, fill_below, gradient, paint_shapes, ring
from sdbr.emulator.painter.chance import smooth_line
from sdbr.emulator.painter.color import mix, turned
from sdbr.emulator.painter.scene import Scene


def paint_abstract(scene: Scene) -> Image.Image:
    """Discs, arches and waves in the palette, composed by the prompt's words and the seed."""
    palette = scene.palette
    paper = mix(palette.low, palette.sun, 0.35)
    image = gradient(
        (scene.width, scene.height), [(0, paper), (1, mix(paper, palette.middle, 0.35))]
    )
    disc(image, scene.sun, scene.sun_radius * 2.6, mix(palette.accent, palette.sun, 0.15))
    for form in (_arches, _petals):
        form(image, scene)
    _waves(image, scene)
    return image


def _arches(image: Image.Image, scene: Scene) -> None:
    rng = scene.chance("arches")
    center = scene.width * float(rng.uniform(0.2, 0.8)), scene.height * float(rng.uniform(0.6, 0.8))
    radius = scene.unit * float(rng.uniform(240, 380))
    colors = _colors(scene)
    steps = int(rng.integers(4, 7))
    for step in range(steps):
        color = colors[(step + int(rng.integers(0, 2))) % len(colors)]
        disc(image, center, radius * (1 - step / (steps + 0.6)), color)


def _petals(image: Image.Image, scene: Scene) -> None:
    rng = scene.chance("petals")
    colors = _colors(scene)
    for _ in range(int(rng.integers(3, 7))):
        x, y = float(rng.uniform(0.05, 0.95)), float(rng.uniform(0.05, 0.6))
        at = x * scene.width, y * scene.height
        radius = scene.unit * float(rng.uniform(30, 110))
        paint_shapes(
            image,
            [_leaf(at, radius, float(rng.uniform(0, np.pi)))],
            colors[int(rng.integers(0, len(colors)))],
        )


def _leaf(at: Point, radius: float, turn: float) -> list[Point]:
    line = ring((0.0, 0.0), 1.0, 1.0, 48)
    cos, sin = float(np.cos(turn)), float(np.sin(turn))
    # A circle pinched at both ends of one axis.
    points = [
        (x * radius * 1.6, y * abs(y) ** 0.3 * (1 - abs(x) ** 3) * radius * 0.7) for x, y in line
    ]
    return [(at[0] + x * cos - y * sin, at[1] + x * sin + y * cos) for x, y in points]


def _waves(image: Image.Image, scene: Scene) -> None:
    layers = 5
    for layer in range(layers):
        rng = scene.chance(f"wave{layer}")
        share = layer / (layers - 1)
        base = scene.height * (0.6 + 0.34 * share)
        line = base + smooth_line(rng, scene.width, 1.3 + share) * scene.height * 0.07
        color = scene.palette.ground(0.15 + 0.8 * share)
        fill_below(image, line.astype(np.float32), color, mix(color, scene.palette.accent, 0.12))


def _colors(scene: Scene) -> list[tuple[float, float, float]]:
    palette = scene.palette
    return [
        palette.accent,
        palette.middle,
        mix(palette.sun, palette.low, 0.3),
        mix(palette.near, palette.middle, 0.3),
        turned(palette.accent, 32),
    ]
