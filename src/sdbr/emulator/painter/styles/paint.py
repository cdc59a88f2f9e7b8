"""Styles of paint and of the darkroom: oil, watercolor, film, cinema, fantasy."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from sdbr.emulator.painter.chance import field, stream
from sdbr.emulator.painter.styles.filters import (
    bloom,
    contrasted,
    curved,
    edges,
    embossed,
    mapped,
    painted,
    posterized,
    saturated,
    scale_of,
    smooth,
    vignette,
)


def grain(size: tuple[int, int], pixels: float, name: str) -> Image.Image:
    """A fixed gray texture around 128: the same for every picture of a size."""
    cells = max(4, round(size[0] / pixels)), max(4, round(size[1] / pixels))
    texture = field(stream("grain", name, *size), size, cells)
    return Image.fromarray(np.clip(128 + 40 * texture, 0, 255).astype(np.uint8))


def textured(image: Image.Image, texture: Image.Image, force: float) -> Image.Image:
    """The picture with a gray texture added; `force` is 0 to 1."""
    soft = texture.point([round(128 + (at - 128) * force) for at in range(256)])
    return ImageChops.add(image, Image.merge("RGB", (soft, soft, soft)), 1, -128)


def oil(image: Image.Image) -> Image.Image:
    """Rich strokes: flat patches with raised edges."""
    scale = scale_of(image)
    patches = smooth(smooth(image, 7 * scale, 34), 3 * scale, 24)
    rich = posterized(saturated(contrasted(patches, 0.35), 1.4), 12, 0.7)
    strokes = textured(rich, grain(image.size, 9 * scale, "oil"), 0.22)
    return embossed(strokes, 0.9, 1)


def watercolor(image: Image.Image) -> Image.Image:
    """Pale washes that pool at their edges, on rough paper."""
    scale = scale_of(image)
    wash = smooth(smooth(image, 9 * scale, 40), 4 * scale, 30)
    wash = curved(saturated(wash, 1.25), lambda at: 0.2 + 0.82 * at**0.8)
    pool = edges(wash, 4, 40).filter(ImageFilter.BoxBlur(max(1, round(scale))))
    dark = curved(wash, lambda at: at * 0.72)
    wash = Image.composite(dark, wash, pool.point([value * 2 // 3 for value in range(256)]))
    blotted = textured(wash, grain(image.size, 60 * scale, "wash"), 0.22)
    return textured(blotted, grain(image.size, 3 * scale, "paper"), 0.1)


def pastel(image: Image.Image) -> Image.Image:
    """Chalky light colors."""
    soft = curved(smooth(image, 5 * scale_of(image), 26), lambda at: 0.28 + 0.7 * at)
    return textured(saturated(soft, 1.2), grain(image.size, 2.5 * scale_of(image), "chalk"), 0.3)


def impressionist(image: Image.Image) -> Image.Image:
    """Short dabs of broken color."""
    scale = scale_of(image)
    dabs = smooth(image, 6 * scale, 40).filter(ImageFilter.BoxBlur(max(1, round(2 * scale))))
    broken = textured(saturated(dabs, 1.6), grain(image.size, 7 * scale, "dab"), 0.5)
    return embossed(contrasted(broken, 0.3), 0.7, 1)


def analog_film(image: Image.Image) -> Image.Image:
    """Faded blacks, warm lights, grain."""
    faded = curved(saturated(image, 0.82), lambda at: 0.09 + 0.84 * at)
    warm = Image.blend(faded, mapped(faded, [(28, 36, 52), (150, 118, 96), (255, 240, 208)]), 0.32)
    return vignette(textured(warm, grain(image.size, 2.2, "film"), 0.14), 0.45)


def cinematic(image: Image.Image) -> Image.Image:
    """Teal shadows, orange lights, black bars above and below."""
    graded = Image.blend(
        contrasted(image, 0.45),
        mapped(image, [(4, 22, 34), (60, 92, 100), (236, 160, 96), (255, 236, 200)]),
        0.5,
    )
    result = vignette(bloom(graded, 0.35), 0.6)
    bar = round(image.height * 0.085)
    result.paste((0, 0, 0), (0, 0, image.width, bar))
    result.paste((0, 0, 0), (0, image.height - bar, image.width, image.height))
    return result


def photographic(image: Image.Image) -> Image.Image:
    """Natural tones, a shallow depth of field, fine grain."""
    soft = image.filter(ImageFilter.GaussianBlur(3.5 * scale_of(image)))
    rows = np.abs(np.linspace(-1, 1, image.height) - 0.35)
    focus = Image.fromarray((255 * np.clip(1.5 - 1.4 * rows, 0, 1)).astype(np.uint8)[:, None])
    focused = Image.composite(image, soft, focus.resize(image.size, Image.Resampling.BILINEAR))
    toned = contrasted(saturated(focused, 0.88), 0.2)
    return vignette(textured(toned, grain(image.size, 1.6, "photo"), 0.07), 0.35)


def digital_art(image: Image.Image) -> Image.Image:
    """Clean strong colors and light that spills."""
    return bloom(contrasted(saturated(smooth(image, 2 * scale_of(image)), 1.5), 0.4), 0.8)


def enhance(image: Image.Image) -> Image.Image:
    """More contrast, color and sharpness, nothing else."""
    sharp = image.filter(ImageFilter.UnsharpMask(2 * scale_of(image), 90, 2))
    return contrasted(saturated(sharp, 1.25), 0.4)


def fantasy_art(image: Image.Image) -> Image.Image:
    """Violet shadows, golden lights, a haze of light."""
    tones = mapped(image, [(30, 12, 66), (104, 50, 140), (230, 130, 150), (255, 220, 150)])
    graded = Image.blend(smooth(image, 4 * scale_of(image), 24), tones, 0.5)
    return vignette(bloom(saturated(graded, 1.3), 1.0), 0.5)


def vintage(image: Image.Image) -> Image.Image:
    """Sepia."""
    toned = mapped(contrasted(image, 0.2), [(44, 30, 20), (150, 112, 76), (246, 226, 190)])
    return vignette(textured(toned, grain(image.size, 2.2, "film"), 0.16), 0.55)


def print_of_japan(image: Image.Image) -> Image.Image:
    """Ukiyo-e: flat areas in few muted inks, dark blue outlines, laid paper."""
    tones = mapped(image, [(20, 38, 78), (70, 110, 140), (190, 170, 130), (240, 224, 190)])
    flat = posterized(Image.blend(smooth(image, 5 * scale_of(image), 30), tones, 0.6), 6)
    return painted(flat, (18, 26, 56), edges(image, 14, 44))


def blurred(image: Image.Image) -> Image.Image:
    """Nothing can be recognized."""
    return image.filter(ImageFilter.GaussianBlur(40 * scale_of(image)))
