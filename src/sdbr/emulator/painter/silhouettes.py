"""Shapes of things, read from `silhouettes.toml`, painted where a scene wants them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt
from PIL import Image

from sdbr.emulator.painter.brush import Point, curve, paint_shapes, ring
from sdbr.emulator.painter.colour import Colour

Part = tuple[str, list[Point]]
# A part in shade lets the colours under it be seen.
SHADE = 0.42


@cache
def shape(name: str) -> tuple[Part, ...]:
    """The parts of a shape, the hindmost first: a tone's name and the points of an outline."""
    return tuple(_part(line) for line in _texts()[name].strip().splitlines())


def draw_shape(
    image: Image.Image,
    parts: tuple[Part, ...],
    place: tuple[float, float, float, float],
    colours: Mapping[str, Colour],
) -> None:
    """Paint a shape; `place` is foot x, foot y, height in pixels and -1 to mirror it."""
    x, y, tall, flip = place
    for tone, points in parts:
        outline = [(x - px * tall * flip, y - py * tall) for px, py in points]
        paint_shapes(image, [outline], colours[tone], SHADE if tone == "shade" else 1.0)


@cache
def _texts() -> dict[str, str]:
    text = resources.files(__package__).joinpath("silhouettes.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _rounded(line: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    # Chaikin's corner cutting, ends kept.
    cut = np.stack([0.75 * line[:-1] + 0.25 * line[1:], 0.25 * line[:-1] + 0.75 * line[1:]], axis=1)
    return np.concatenate([line[:1], cut.reshape(-1, 2), line[-1:]])


def _part(line: str) -> Part:
    tone, kind, *rest = line.split()
    return tone, _outline(kind, [float(number) for number in rest])


def _outline(kind: str, numbers: list[float]) -> list[Point]:
    if kind == "disc":
        return ring((numbers[0], numbers[1]), numbers[2])
    if kind == "line":
        return _stroke(numbers[0], _pairs(numbers[1:]))
    return curve(_pairs(numbers)) if kind == "curve" else _pairs(numbers)


def _pairs(numbers: list[float]) -> list[Point]:
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _stroke(width: float, points: list[Point]) -> list[Point]:
    line = np.asarray(points)
    if len(points) > 3:
        line = _rounded(_rounded(line))
    along = np.gradient(line, axis=0)
    along /= np.maximum(1e-9, np.linalg.norm(along, axis=1, keepdims=True))
    side = np.stack([-along[:, 1], along[:, 0]], axis=1) * width / 2
    outline = np.concatenate([line + side, (line - side)[::-1]])
    return [(float(x), float(y)) for x, y in outline]
