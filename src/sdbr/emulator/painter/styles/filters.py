"""What styles are made of: edges, edge-keeping smoothing, tone curves, color grades."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageEnhance, ImageFilter

from sdbr.emulator.painter.color import Color, luminance

Bytes = npt.NDArray[np.uint8]


def scale_of(image: Image.Image) -> float:
    """How many times larger than 1024x1024 the picture is, per side."""
    return float(np.sqrt(image.width * image.height)) / 1024


def table(curve: Callable[[float], float]) -> list[int]:
    """A curve from 0..1 to 0..1 as a table of 256 bytes."""
    return [round(255 * min(1.0, max(0.0, curve(at / 255)))) for at in range(256)]


def curved(image: Image.Image, curve: Callable[[float], float]) -> Image.Image:
    """Each band through a curve from 0..1 to 0..1."""
    return image.point(table(curve) * len(image.getbands()))


def smooth(image: Image.Image, radius: float, keep: float = 14) -> Image.Image:
    """Blur what differs from its surroundings by less than about `keep` levels; edges stay."""
    soft = image.filter(ImageFilter.BoxBlur(max(1, round(radius))))
    detail = ImageChops.subtract(image, soft, 1, 128)

    def cored(at: float) -> float:
        away = at * 255 - 128
        return (128 + away * min(1.0, (abs(away) / keep) ** 2)) / 255

    return ImageChops.add(soft, curved(detail, cored), 1, -128)


def edges(image: Image.Image, low: float = 10, high: float = 42) -> Image.Image:
    """Edges as a mask: 0 below `low` levels of contrast, 255 above `high`."""
    gray = image.convert("L").filter(ImageFilter.BoxBlur(max(1, round(scale_of(image)))))
    pixels = np.asarray(gray).astype(np.int16)
    step = max(1, round(scale_of(image)))
    force = np.zeros_like(pixels)
    force[step:-step, :] += np.abs(pixels[2 * step :, :] - pixels[: -2 * step, :])
    force[:, step:-step] += np.abs(pixels[:, 2 * step :] - pixels[:, : -2 * step])
    mask = np.clip((force - low) * (255 / (high - low)), 0, 255).astype(np.uint8)
    return Image.fromarray(mask)


def posterized(image: Image.Image, steps: int, softness: float = 0.18) -> Image.Image:
    """Each band in so many steps with slightly soft borders."""

    def stair(at: float) -> float:
        place = at * steps
        floor = int(place)
        rise = (place - floor - 0.5) / softness + 0.5
        return (floor + min(1.0, max(0.0, rise))) / steps

    return curved(image, stair)


def mapped(image: Image.Image, colors: Sequence[Color]) -> Image.Image:
    """The picture's brightness as a run through colors, the darkest first."""
    ranked = sorted(colors, key=luminance)
    places = np.linspace(0, 255, len(ranked))
    gray = image.convert("L")
    bands = []
    for band in range(3):
        run = np.interp(np.arange(256), places, [color[band] for color in ranked])
        bands.append(gray.point([round(float(value)) for value in run]))
    return Image.merge("RGB", bands)


def saturated(image: Image.Image, factor: float) -> Image.Image:
    """Color strengthened (above 1) or weakened (below 1)."""
    return ImageEnhance.Color(image).enhance(factor)


def contrasted(image: Image.Image, force: float) -> Image.Image:
    """An S-shaped curve; 0 changes nothing."""
    return curved(image, lambda at: at + force * np.sin((at - 0.5) * 2 * np.pi) / (2 * np.pi))


def painted(image: Image.Image, color: tuple[int, int, int], mask: Image.Image) -> Image.Image:
    """A copy with a color laid on through a mask."""
    result = image.copy()
    result.paste(color, (0, 0), mask)
    return result


def vignette(image: Image.Image, force: float) -> Image.Image:
    """Corners darkened; `force` is 0 to 1."""
    small = 64
    axis = np.linspace(-1, 1, small) ** 2
    away = np.sqrt(axis[None, :] + axis[:, None]) / np.sqrt(2)
    mask = Image.fromarray(
        (255 * force * np.clip(away - 0.35, 0, 1) ** 1.5 * 1.8).clip(0, 255).astype(np.uint8)
    )
    return painted(image, (8, 6, 16), mask.resize(image.size, Image.Resampling.BICUBIC))


def bloom(image: Image.Image, force: float) -> Image.Image:
    """Bright parts spread a soft light; `force` is 0 to 1."""
    small = image.reduce(4)
    light = curved(small, lambda at: max(0.0, at - 0.45) * 1.6 * force)
    light = light.filter(ImageFilter.GaussianBlur(max(2.0, 7 * scale_of(image))))
    return ImageChops.screen(image, light.resize(image.size, Image.Resampling.BICUBIC))


def embossed(image: Image.Image, force: float, radius: float = 2) -> Image.Image:
    """Brightness as a relief lit from the upper left."""
    gray = image.convert("L").filter(ImageFilter.BoxBlur(max(1, round(radius * scale_of(image)))))
    pixels = np.asarray(gray).astype(np.int16)
    step = max(1, round(2 * scale_of(image)))
    rolled = np.roll(pixels, (step, step), (0, 1))
    rolled[:step], rolled[:, :step] = pixels[:step], pixels[:, :step]
    relief = np.clip(128 + (pixels - rolled) * force, 0, 255).astype(np.uint8)
    layer = Image.fromarray(relief)
    return ImageChops.add(image, Image.merge("RGB", (layer, layer, layer)), 1, -128)
