"""What every part of a landscape is painted with: gradients, ridges, soft masks, glows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image, ImageDraw

from sdbr.emulator.painter.chance import Floats
from sdbr.emulator.painter.color import Color, whole

Point = tuple[float, float]
FINE = 2  # masks are drawn this many times larger and then reduced: smooth edges


def gradient(size: tuple[int, int], stops: Sequence[tuple[float, Color]]) -> Image.Image:
    """A picture that runs from top to bottom through (place from 0 to 1, color) stops."""
    width, height = size
    at = np.linspace(0, 1, height)
    places = [place for place, _ in stops]
    rows = np.stack(
        [np.interp(at, places, [color[band] for _, color in stops]) for band in range(3)], axis=1
    )
    column = Image.fromarray((rows[:, None, :] + 0.5).astype(np.uint8))
    return column.resize((width, height), Image.Resampling.NEAREST)


def fill_below(image: Image.Image, heights: Floats, top: Color, bottom: Color) -> None:
    """Paint everything below a line (one height in pixels for each column), with smooth edges."""
    width, total = image.size
    first = max(0, int(heights.min()) - 1)
    if first >= total:
        return
    rows = np.arange(first, total, dtype=np.float32)[:, None]
    cover = np.clip((rows - heights[None, :] + 1.0) * 255, 0, 255).astype(np.uint8)
    layer = gradient((width, total - first), [(0, top), (1, bottom)])
    image.paste(layer, (0, first), Image.fromarray(cover))


def mask_of(shapes: Iterable[Sequence[Point]], box: tuple[int, int, int, int]) -> Image.Image:
    """Polygons as a smooth mask of the box (left, top, right, bottom) within a picture."""
    left, top, right, bottom = box
    width, height = max(1, right - left), max(1, bottom - top)
    mask = Image.new("L", (width * FINE, height * FINE), 0)
    draw = ImageDraw.Draw(mask)
    for shape in shapes:
        points = [((x - left) * FINE, (y - top) * FINE) for x, y in shape]
        if len(points) > 2:
            draw.polygon(points, fill=255)
    return mask.reduce(FINE)


def paint_shapes(
    image: Image.Image, shapes: Sequence[Sequence[Point]], color: Color, cover: float = 1.0
) -> None:
    """Paint polygons in one color, with smooth edges; `cover` is 0 (clear) to 1 (opaque)."""
    points = [point for shape in shapes for point in shape]
    if not points:
        return
    xs, ys = [x for x, _ in points], [y for _, y in points]
    width, height = image.size
    box = (
        max(0, int(min(xs)) - 1),
        max(0, int(min(ys)) - 1),
        min(width, int(max(xs)) + 2),
        min(height, int(max(ys)) + 2),
    )
    if box[0] >= box[2] or box[1] >= box[3]:
        return
    mask = mask_of(shapes, box)
    if cover < 1:
        mask = mask.point([round(at * cover) for at in range(256)])
    image.paste(whole(color), box, mask)


def glow(image: Image.Image, center: Point, radius: float, color: Color, force: float) -> None:
    """Lighten a picture round a point towards a color; `force` is 0 to 1 at the center."""
    # At 1.9 radii less than half a level is left.
    reach = 1.9 * radius
    left, top = max(0, int(center[0] - reach)), max(0, int(center[1] - reach))
    right, bottom = (
        int(min(image.width, center[0] + reach)),
        int(min(image.height, center[1] + reach)),
    )
    if right - left < 2 or bottom - top < 2:
        return
    step = 8
    xs = np.linspace(left, right, max(2, (right - left) // step)) - center[0]
    ys = np.linspace(top, bottom, max(2, (bottom - top) // step)) - center[1]
    away = np.sqrt(xs[None, :] ** 2 + ys[:, None] ** 2) / radius
    fade = np.clip((1.9 - away) / 0.4, 0, 1)
    light = (force * np.exp(-(away**1.3) * 2.2) * fade * 255).astype(np.uint8)
    mask = Image.fromarray(light).resize((right - left, bottom - top), Image.Resampling.BICUBIC)
    image.paste(whole(color), (left, top), mask)


def disc(image: Image.Image, center: Point, radius: float, color: Color) -> None:
    """A filled circle."""
    paint_shapes(image, [ring(center, radius)], color)


def ring(center: Point, radius: float, flat: float = 1.0, steps: int = 64) -> list[Point]:
    """The points of a circle, or of an ellipse `flat` times as high as wide."""
    turn = np.linspace(0, 2 * np.pi, steps, endpoint=False)
    return [
        (center[0] + radius * float(np.cos(t)), center[1] + radius * flat * float(np.sin(t)))
        for t in turn
    ]


def curve(points: Sequence[Point], steps: int = 8) -> list[Point]:
    """A closed smooth line (Catmull-Rom) through points."""
    knots = np.asarray(points, np.float64)
    before, after, beyond = np.roll(knots, 1, 0), np.roll(knots, -1, 0), np.roll(knots, -2, 0)
    parts = []
    for t in np.arange(steps) / steps:
        parts.append(
            knots
            + 0.5
            * t
            * (
                after
                - before
                + t
                * (
                    2 * before
                    - 5 * knots
                    + 4 * after
                    - beyond
                    + t * (3 * (knots - after) + beyond - before)
                )
            )
        )
    line = np.stack(parts, axis=1).reshape(-1, 2)
    return [(float(x), float(y)) for x, y in line]
