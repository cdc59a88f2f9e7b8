"""Land: mountain ridges with a lit side, hills, dunes, forests, mist between them."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from sdbr.emulator.painter.brush import fill_below
from sdbr.emulator.painter.chance import Floats, rough_line, smooth_line
from sdbr.emulator.painter.color import Color, mix, toned, whole
from sdbr.emulator.painter.scene import Scene


def paint_mountains(image: Image.Image, scene: Scene) -> None:
    """Three ridges, the farther the paler, with a lit side and snow where it is cold."""
    layers = 3
    for layer in range(layers):
        rng = scene.chance(f"ridge{layer}")
        depth = 0.16 + 0.2 * layer
        rise = scene.height * (0.30 - 0.075 * layer) * float(rng.uniform(0.85, 1.15))
        heights = scene.horizon - ridge(rng, scene.width, 2.2 + 1.3 * layer) * rise
        color = scene.palette.ground(depth)
        haze = mix(color, scene.palette.low, 0.55)
        fill_below(image, heights, color, haze)
        _light_side(image, scene, heights, mix(color, scene.palette.sun, 0.28), layer)


def ridge(rng: np.random.Generator, width: int, cells: float) -> Floats:
    """A sharp mountain line from 0 to about 1."""
    total = np.zeros(width, np.float32)
    for octave in range(6):
        fold = 1 - np.abs(smooth_line(rng, width, cells * 2.1**octave)) * 1.5
        total += fold.astype(np.float32) * np.float32(0.42**octave)
    low, high = float(total.min()), float(total.max())
    return (total - low) / max(1e-6, high - low)


def _light_side(
    image: Image.Image, scene: Scene, heights: Floats, color: Color, layer: int
) -> None:
    # At half size: the slope under each point, read along a line that wavers as it goes down.
    rng = scene.chance(f"light{layer}")
    half = scene.width // 2
    top = max(0, int(heights.min()))
    rows = max(4, (int(scene.horizon) - top) // 2)
    line = heights[: half * 2 : 2]
    soft = np.convolve(line, np.ones(9) / 9, mode="same")
    slope = np.gradient(soft)
    side = 1.0 if scene.sun[0] > scene.width / 2 else -1.0
    sway = np.cumsum(rng.choice([-1.0, 1.0], rows) * 0.9) + side * np.arange(rows) * 0.32
    columns = np.clip(np.arange(half)[None, :] - sway[:, None].astype(int), 0, half - 1)
    deep = (np.arange(rows)[:, None] * 2 + top) - line[None, :]
    fade = np.clip(1 - deep / (scene.height * 0.16), 0, 1)
    lit = (slope[columns] * side > 0.12) & (deep > 0)
    mask = Image.fromarray((lit * fade * 200).astype(np.uint8))
    mask = mask.resize((scene.width, rows * 2), Image.Resampling.BICUBIC)
    image.paste(whole(color), (0, top), mask)
    if scene.has("snow") or scene.palette.sun[2] > 250:
        _snow_caps(image, scene, heights, rng)


def _snow_caps(image: Image.Image, scene: Scene, heights: Floats, rng: np.random.Generator) -> None:
    deep = scene.height * 0.055
    line = float(np.quantile(heights, 0.45))
    foot = heights + deep * (0.5 + 0.8 * np.abs(rough_line(rng, scene.width, 26, 3)))
    foot = np.minimum(foot, np.maximum(heights, line + deep * rough_line(rng, scene.width, 18, 3)))
    top = max(0, int(heights.min()) - 1)
    rows = np.arange(top, max(top + 2, int(line + deep * 2)), dtype=np.float32)[:, None]
    cover = np.clip(rows - heights + 1, 0, 1) * np.clip(foot - rows, 0, 1)
    white = mix(scene.palette.low, (255.0, 255.0, 255.0), 0.75)
    image.paste(whole(white), (0, top), Image.fromarray((cover * 215).astype(np.uint8)))


def paint_hills(image: Image.Image, scene: Scene, layers: int = 4) -> None:
    """Rolling hills from the horizon to the lower edge."""
    for layer in range(layers):
        share = layer / max(1, layers - 1)
        rng = scene.chance(f"hill{layer}")
        base = scene.horizon + (scene.height - scene.horizon) * share * 0.62
        rise = scene.height * (0.035 + 0.05 * share)
        heights = base - smooth_line(rng, scene.width, 1.6 + 0.8 * (1 - share)) * rise
        color = scene.palette.ground(0.3 + 0.5 * share)
        if scene.has("snow"):
            color = mix(
                color, mix(scene.palette.low, (250.0, 252.0, 255.0), 0.5), 0.78 - 0.12 * share
            )
        fill_below(image, heights.astype(np.float32), mix(color, scene.palette.low, 0.12), color)


def paint_dunes(image: Image.Image, scene: Scene) -> None:
    """Dunes: smooth crests whose far side lies in shade."""
    for layer in range(4):
        share = layer / 3
        rng = scene.chance(f"dune{layer}")
        base = scene.horizon + (scene.height - scene.horizon) * share * 0.6
        line = smooth_line(rng, scene.width, 1.4 + share)
        heights = (base - np.abs(line) * scene.height * (0.05 + 0.06 * share)).astype(np.float32)
        sand = mix(scene.palette.middle, scene.palette.near, 0.12 + 0.5 * share)
        fill_below(
            image, heights, mix(sand, scene.palette.sun, 0.25), mix(sand, scene.palette.near, 0.3)
        )
        # The lee side: it hangs under the crest where the line stands high.
        drop = scene.height * 0.16 * np.clip(line, 0, 1) * (0.7 + 0.3 * share)
        shade = (heights + drop).astype(np.float32)
        between(image, (heights + 1, shade), mix(sand, scene.palette.near, 0.4))


def between(image: Image.Image, lines: tuple[Floats, Floats], color: Color) -> None:
    """Paint what lies between an upper and a lower line."""
    upper, lower = lines
    top = max(0, int(upper.min()) - 1)
    bottom = min(image.height, int(np.minimum(lower, image.height).max()) + 2)
    if bottom <= top:
        return
    rows = np.arange(top, bottom, dtype=np.float32)[:, None]
    cover = np.clip(rows - upper + 1, 0, 1) * np.clip(lower - rows, 0, 1)
    image.paste(whole(color), (0, top), Image.fromarray((cover * 255).astype(np.uint8)))


def paint_forest(image: Image.Image, scene: Scene, depths: tuple[float, ...]) -> None:
    """Lines of firs, each nearer line larger and darker, with mist before the next."""
    for at, depth in enumerate(depths):
        rng = scene.chance(f"forest{at}")
        base = scene.horizon + (scene.height - scene.horizon) * (depth - 0.3) * 0.75
        ground = base - smooth_line(rng, scene.width, 2) * scene.height * 0.02
        tall = scene.height * (0.045 + 0.15 * depth)
        heights = firs(rng, ground.astype(np.float32), tall)
        color = scene.palette.ground(0.25 + 0.7 * depth)
        mist = mix(color, scene.palette.low, 0.35 * (1 - depth))
        fill_below(image, heights, color, mist)


def firs(rng: np.random.Generator, ground: Floats, tall: float) -> Floats:
    """The line along the tops of a row of firs that stand on the ground line."""
    width = len(ground)
    heights = ground.copy()
    step = tall * 0.22
    place = -tall
    while place < width + tall:
        place += step * float(rng.uniform(0.5, 1.9))
        high = tall * float(rng.uniform(0.5, 1.25))
        half = high * float(rng.uniform(0.17, 0.24))
        left, right = max(0, int(place - half)), min(width, int(place + half) + 2)
        if right <= left:
            continue
        out = np.abs(np.arange(left, right) - place) / half
        tiers = 7.0
        # Branches: the outline falls in steps, each hanging a little at its end.
        saw = (out * tiers) % 1.0
        body = 1 - (np.floor(out * tiers) + 0.35 * saw) / tiers
        top = ground[left:right] - np.clip(body, 0, 1) * high * (out < 1)
        heights[left:right] = np.minimum(heights[left:right], top)
    return heights


def paint_city(image: Image.Image, scene: Scene) -> None:
    """Three rows of buildings, the nearest with lit windows."""
    for layer in range(3):
        _row(image, scene, layer)


def _row(image: Image.Image, scene: Scene, layer: int) -> None:
    rng = scene.chance(f"city{layer}")
    color = scene.palette.ground(0.22 + 0.34 * layer)
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
        draw.rectangle(box, fill=whole(color))
        lit = (round(x + wide * 0.72), box[1], box[2], scene.height)
        draw.rectangle(lit, fill=whole(toned(color, 0.82)))
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
    color = whole(scene.palette.ground(0.6))
    if kind == 0:
        mast = round(x + wide / 2)
        draw.line((mast, y - wide * 0.7, mast, y), fill=color, width=max(1, round(2 * scene.unit)))
    elif kind == 1:
        draw.rectangle((x + wide * 0.25, y - wide * 0.16, x + wide * 0.7, y), fill=color)


def _windows(
    draw: ImageDraw.ImageDraw,
    scene: Scene,
    box: tuple[int, int, int, int],
    rng: np.random.Generator,
) -> None:
    step = max(5.0, 13 * scene.unit)
    size = step * 0.46
    warm = [
        whole(mix(scene.palette.near, color, 0.85))
        for color in (scene.palette.accent, scene.palette.sun, scene.palette.low)
    ]
    for y in np.arange(box[1] + step, min(scene.height, box[1] + step * 40), step * 1.25):
        for x in np.arange(box[0] + step * 0.7, box[2] - step * 0.8, step):
            if rng.random() < 0.42:
                fill = warm[int(rng.integers(0, 3))]
                draw.rectangle((x, y, x + size, y + size * 1.3), fill=fill)


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
        center = x * scene.width, near * deep
        box = (center[0] - half, center[1] - thick, center[0] + half, center[1] + thick)
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
