"""The things a prompt names, placed in the scene and colored by its palette."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from sdbr.emulator.painter.brush import Point, curve, disc, glow, gradient, paint_shapes, ring
from sdbr.emulator.painter.color import Color, mix, parse, whole
from sdbr.emulator.painter.scene import Scene

Part = tuple[str, list[Point]]
# A part in shade lets the colors under it be seen.
SHADE = 0.42
# Height as a share of the picture's, and whether it stands, floats on water or flies.
PLACES = {
    "lighthouse": (0.5, "stand"),
    "house": (0.2, "stand"),
    "castle": (0.4, "far"),
    "windmill": (0.42, "stand"),
    "sailboat": (0.24, "float"),
    "fox": (0.38, "stand"),
    "cat": (0.36, "stand"),
    "dog": (0.36, "stand"),
    "deer": (0.42, "stand"),
    "rabbit": (0.28, "stand"),
    "bear": (0.3, "stand"),
    "owl": (0.36, "stand"),
    "whale": (0.22, "float"),
    "person": (0.34, "stand"),
    "oak": (0.5, "stand"),
    "blossom": (0.5, "stand"),
    "palm": (0.55, "stand"),
    "balloon": (0.3, "fly"),
    "rocket": (0.42, "fly"),
    "mushroom": (0.26, "stand"),
    "tent": (0.17, "stand"),
    "cup": (0.4, "stand"),
    "cactus": (0.36, "stand"),
    "robot": (0.42, "stand"),
    "flower": (0.44, "stand"),
}
COATS = {
    "fox": "#d9652a",
    "deer": "#7c4a2a",
    "rabbit": "#b9a48c",
    "bear": "#4a3526",
    "owl": "#7a5a3c",
    "cat": "#23212c",
    "dog": "#3a3a46",
    "robot": "#93a3b1",
}


def paint_subjects(image: Image.Image, scene: Scene) -> None:
    """Paint up to three of the prompt's subjects, the first one largest."""
    names = [name for name in scene.reading.subjects if name in PLACES]
    if len(names) > 1 or scene.has("hill"):
        names = [name for name in names if name != "flower"]
    for at, name in enumerate(names[:3]):
        _place(image, scene, name, at)
    if "birds" in scene.reading.subjects or (scene.has("sea") and not scene.palette.dark):
        _birds(image, scene)


def _place(image: Image.Image, scene: Scene, name: str, at: int) -> None:
    share, way = PLACES[name]
    rng = scene.chance(f"place {name}")
    side = -1.0 if scene.sun[0] > scene.width / 2 else 1.0
    across = 0.5 + side * (0.21 - 0.36 * at) + float(rng.uniform(-0.05, 0.05))
    tall = min(scene.height, scene.width * 1.2) * share * (1.0, 0.72, 0.6)[at]
    tall *= float(rng.uniform(0.92, 1.1))
    foot = {
        "stand": scene.height * 0.89,
        "far": scene.horizon + (scene.height - scene.horizon) * 0.34,
        "float": scene.horizon + (scene.height - scene.horizon) * float(rng.uniform(0.12, 0.3)),
        "fly": max(tall * 1.08, scene.horizon * float(rng.uniform(0.62, 0.8))),
    }[way]
    if way == "stand" and (scene.has("dune", "city") or not scene.has("sea", "lake")):
        foot = scene.height * 0.93
    flip = side if rng.random() < 0.8 else -side
    foot_at = (scene.width * across, foot)
    if name == "lighthouse":
        _beam(image, scene, (foot_at[0], foot - tall * 0.82), side)
    draw_shape(
        image,
        shape("oak" if name == "blossom" else name),
        (*foot_at, tall, flip),
        tones(scene, name),
    )


def _beam(image: Image.Image, scene: Scene, lamp: Point, side: float) -> None:
    reach = scene.width * 0.75
    force = 70 if scene.palette.dark else 38
    for way, share in ((-side, 1.0), (side, 0.33)):
        _ray(image, lamp, way * reach, (scene.palette.sun, force * share))
    glow(image, lamp, scene.unit * 90, scene.palette.sun, 0.7)


def _ray(image: Image.Image, lamp: Point, reach: float, light: tuple[Color, float]) -> None:
    # A triangle of light that fades away from the lamp.
    high = abs(reach) * 0.2
    size = max(2, round(abs(reach))), max(2, round(high * 1.1))
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).polygon([(0, high), (size[0], 0), (size[0], high * 1.1)], fill=255)
    ramp = np.clip(1 - np.arange(size[0]) / size[0], 0, 1) ** 0.8 * light[1] / 255
    faded = Image.fromarray((np.asarray(mask) * ramp[None, :]).astype(np.uint8))
    if reach < 0:
        faded = faded.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    left = round(lamp[0]) - (size[0] if reach < 0 else 0)
    image.paste(whole(light[0]), (left, round(lamp[1] - high)), faded)


def tones(scene: Scene, name: str) -> Mapping[str, Color]:
    """The color of each tone that a silhouette names."""
    palette = scene.palette
    coat = mix(parse(COATS.get(name, "#3a3436")), palette.near, 0.16)
    if palette.dark:
        # A little of the night's light, or a dark animal is lost before a dark forest.
        coat = mix(coat, palette.middle, 0.5)
    leaf = mix(mix(parse("#3f7d4c"), palette.near, 0.45), palette.middle, 0.12)
    if name == "blossom":
        leaf = mix(parse("#f2a7bf"), palette.low, 0.1)
    elif "autumn" in scene.key or "maple" in scene.key or "fall" in scene.key.split():
        leaf = mix(parse("#d9662b"), palette.near, 0.15)
    light = mix(palette.low, (255.0, 252.0, 245.0), 0.6)
    if palette.dark:
        light = mix(light, palette.middle, 0.35)
    return {
        "body": mix(palette.near, palette.middle, 0.12),
        "dim": mix(coat, palette.near, 0.4) if name in COATS else mix(palette.near, coat, 0.35),
        "dark": palette.near,
        "shade": palette.near,
        "light": light,
        "accent": palette.accent,
        "glow": mix(palette.sun, parse("#ffdf8a"), 0.5),
        "coat": coat,
        "leaf": leaf,
        "leafshade": mix(leaf, palette.near, 0.32),
        "leaflight": mix(leaf, palette.sun, 0.3),
        "petal": mix(palette.accent, parse("#f06a7f"), 0.25),
    }


def _birds(image: Image.Image, scene: Scene) -> None:
    rng = scene.chance("birds")
    center = float(rng.uniform(0.3, 0.7)), float(rng.uniform(0.2, 0.5))
    for _ in range(int(rng.integers(4, 8))):
        x = (center[0] + float(rng.normal(0, 0.1))) * scene.width
        y = (center[1] + float(rng.normal(0, 0.05))) * scene.horizon
        span = scene.unit * float(rng.uniform(14, 30))
        lift = float(rng.uniform(0.3, 0.6))
        wings = [(-1.0, lift), (-0.5, lift * 1.15), (0.0, 0.0), (0.5, lift * 1.15), (1.0, lift)]
        shape = [(x + px * span, y - py * span) for px, py in wings]
        below = [(px, py + span * 0.16) for px, py in shape[1:-1]][::-1]
        paint_shapes(image, [shape + below], mix(scene.palette.near, scene.palette.middle, 0.2))


def paint_portrait(scene: Scene) -> Image.Image:
    """A head and shoulders before the sun, in the palette's colors."""
    palette = scene.palette
    image = gradient(
        (scene.width, scene.height), [(0, palette.top), (0.6, palette.middle), (1, palette.low)]
    )
    rng = scene.chance("portrait")
    x, tall = scene.width * (0.5 + float(rng.uniform(-0.05, 0.05))), min(scene.width, scene.height)
    disc(image, (x, scene.height * 0.42), tall * 0.36, mix(palette.sun, palette.low, 0.25))
    skin = mix(parse(("#f0c8a4", "#c98f66", "#8a5a3c")[int(rng.integers(0, 3))]), palette.low, 0.12)
    hair = mix(
        parse(("#2a1d1a", "#6b3f22", "#b5793a", "#33323c")[int(rng.integers(0, 4))]),
        palette.near,
        0.3,
    )
    colors = {
        "hair": hair,
        "skin": skin,
        "shade": mix(skin, palette.near, 0.5),
        "neck": mix(skin, palette.near, 0.2),
        "cloth": palette.accent,
        "fold": mix(palette.accent, palette.near, 0.4),
        "line": mix(skin, palette.near, 0.72),
        "lips": mix(skin, parse("#b8383f"), 0.6),
    }
    flip = float(rng.choice([-1, 1]))
    draw_shape(image, shape("portrait"), (x, float(scene.height), tall * 0.98, flip), colors)
    return image


@cache
def shape(name: str) -> tuple[Part, ...]:
    """The parts of a shape, the hindmost first: a tone's name and the points of an outline."""
    return tuple(_part(line) for line in _texts()[name].strip().splitlines())


def draw_shape(
    image: Image.Image,
    parts: tuple[Part, ...],
    place: tuple[float, float, float, float],
    colors: Mapping[str, Color],
) -> None:
    """Paint a shape; `place` is foot x, foot y, height in pixels and -1 to mirror it."""
    x, y, tall, flip = place
    for tone, points in parts:
        outline = [(x - px * tall * flip, y - py * tall) for px, py in points]
        paint_shapes(image, [outline], colors[tone], SHADE if tone == "shade" else 1.0)


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
