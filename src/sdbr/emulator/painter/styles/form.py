"""Styles that rebuild the picture out of forms: pixels, facets, tiles, clay, blocks."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from sdbr.emulator.painter.chance import stream
from sdbr.emulator.painter.styles.filters import (
    bloom,
    contrasted,
    curved,
    edges,
    embossed,
    painted,
    posterized,
    saturated,
    scale_of,
    smooth,
    vignette,
)


def pixel_art(image: Image.Image) -> Image.Image:
    """Large square pixels in few colors."""
    cell = max(2, round(8 * scale_of(image)))
    small = image.resize(
        (max(1, image.width // cell), max(1, image.height // cell)), Image.Resampling.BOX
    )
    few = posterized(saturated(contrasted(small, 0.35), 1.3), 8, 0.1)
    return few.resize(image.size, Image.Resampling.NEAREST)


def low_poly(image: Image.Image) -> Image.Image:
    """Triangles, each in one color."""
    return _facets(saturated(contrasted(image, 0.25), 1.25), across=42, fold=0.0)


def origami(image: Image.Image) -> Image.Image:
    """Folded paper: large facets, each lit from its own side."""
    return _facets(curved(saturated(image, 1.1), lambda at: 0.08 + 0.92 * at), across=24, fold=0.16)


def _facets(image: Image.Image, across: int, fold: float) -> Image.Image:
    columns = across
    rows = max(2, round(across * image.height / image.width))
    rng = stream("facets", columns, rows)
    jitter = rng.uniform(-0.36, 0.36, (rows + 1, columns + 1, 2))
    jitter[0, :, 1] = jitter[-1, :, 1] = jitter[:, 0, 0] = jitter[:, -1, 0] = 0
    ys, xs = np.mgrid[0 : rows + 1, 0 : columns + 1]
    xs = (xs + jitter[:, :, 0]) * image.width / columns
    ys = (ys + jitter[:, :, 1]) * image.height / rows
    small = image.resize((columns * 3, rows * 3), Image.Resampling.BOX)
    tones = np.asarray(small, np.float32)
    light = 1 + fold * rng.uniform(-1, 1, (rows, columns, 2))
    result = Image.new("RGB", image.size)
    draw = ImageDraw.Draw(result)
    for row in range(rows):
        for column in range(columns):
            _quad(draw, (xs, ys), (row, column), tones, light)
    return result


def _quad(
    draw: ImageDraw.ImageDraw,
    mesh: tuple[np.ndarray, np.ndarray],
    cell: tuple[int, int],
    tones: np.ndarray,
    light: np.ndarray,
) -> None:
    xs, ys = mesh
    row, column = cell
    corners = [
        (float(xs[y, x]), float(ys[y, x]))
        for y, x in ((row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column))
    ]
    halves = ((0, 1, 2), (0, 2, 3)) if (row + column) % 2 else ((0, 1, 3), (1, 2, 3))
    for half, picks in enumerate(halves):
        points = [corners[pick] for pick in picks]
        # Each triangle takes its tone from where its center lies within the cell.
        x = sum(pick in (1, 2) for pick in picks)
        y = sum(pick in (2, 3) for pick in picks)
        tone = (
            tones[row * 3 + (0, 0, 2, 2)[y], column * 3 + (0, 0, 2, 2)[x]]
            * light[row, column, half]
        )
        red, green, blue = (int(min(255, value)) for value in tone)
        draw.polygon(points, fill=(red, green, blue), outline=(red, green, blue))


def tile_texture(image: Image.Image) -> Image.Image:
    """A pattern that repeats without a seam: mirrored quarters, twice each way."""
    width, height = image.size
    part = image.resize((max(1, (width + 3) // 4), max(1, (height + 3) // 4)), Image.Resampling.BOX)
    flipped = part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    row = Image.new("RGB", (part.width * 2, part.height * 2))
    row.paste(part, (0, 0))
    row.paste(flipped, (part.width, 0))
    row.paste(part.transpose(Image.Transpose.FLIP_TOP_BOTTOM), (0, part.height))
    row.paste(flipped.transpose(Image.Transpose.FLIP_TOP_BOTTOM), (part.width, part.height))
    result = Image.new("RGB", image.size)
    for left in range(0, width, row.width):
        for top in range(0, height, row.height):
            result.paste(row, (left, top))
    return result


def isometric(image: Image.Image) -> Image.Image:
    """The picture as a block seen from above at an angle, on plain ground."""
    width, height = image.size
    back = image.resize((1, 1), Image.Resampling.BOX).resize(image.size)
    back = curved(back, lambda at: 0.55 + 0.4 * at)
    half = min(width, height) * 0.46
    center = width / 2, height * 0.44
    flat = half * 0.56
    # The inverse map of the diamond: from the page back to the picture.
    a, b = width / (2 * half), width / (2 * flat)
    d, e = -height / (2 * half), height / (2 * flat)
    c = width / 2 - a * center[0] - b * center[1]
    f = height / 2 - d * center[0] - e * center[1]
    top = image.transform(
        image.size, Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BILINEAR
    )
    deep = half * 0.3
    corners = [
        (center[0] - half, center[1]),
        (center[0], center[1] + flat),
        (center[0] + half, center[1]),
        (center[0], center[1] - flat),
    ]
    draw = ImageDraw.Draw(back)
    for at, shade in ((0, 0.5), (1, 0.36)):
        left, right = corners[at], corners[at + 1]
        tone = image.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
        fill = tuple(round(value * shade) for value in tone)  # type: ignore[union-attr]
        draw.polygon(
            [left, right, (right[0], right[1] + deep), (left[0], left[1] + deep)], fill=fill
        )
    mask = Image.new("L", (width * 2, height * 2), 0)
    ImageDraw.Draw(mask).polygon([(x * 2, y * 2) for x, y in corners], fill=255)
    back.paste(top, (0, 0), mask.reduce(2))
    return back


def modeling_compound(image: Image.Image) -> Image.Image:
    """Clay: soft lumps of plain color with a relief."""
    lumps = posterized(saturated(smooth(image, 9 * scale_of(image), 46), 1.3), 7, 0.6)
    round_ = lumps.filter(ImageFilter.BoxBlur(max(1, round(3 * scale_of(image)))))
    return embossed(round_, 2.6, 3)


def model_3d(image: Image.Image) -> Image.Image:
    """Smooth rendered surfaces: relief, gloss, darkened creases."""
    surface = saturated(smooth(image, 6 * scale_of(image), 36), 1.2)
    lit = embossed(surface, 1.7, 4)
    crease = edges(image, 14, 60).filter(ImageFilter.BoxBlur(max(1, round(3 * scale_of(image)))))
    shaded = painted(lit, (20, 20, 34), crease.point([value * 2 // 5 for value in range(256)]))
    return vignette(bloom(shaded, 0.6), 0.4)
