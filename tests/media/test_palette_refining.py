from __future__ import annotations

from fractions import Fraction

import numpy as np
from av import VideoFrame

from sdbr.media.palette import palette_of
from sdbr.media.palette_refining import refined


def frame(pixels):
    opaque = np.full((*pixels.shape[:2], 1), 255, np.uint8)
    made = VideoFrame.from_ndarray(np.dstack([pixels, opaque]), format="bgra")
    made.pts, made.time_base = 0, Fraction(1, 100)
    return made


def photographs():
    chance = np.random.default_rng(4)
    y, x = np.mgrid[0:90, 0:120]
    base = np.stack([x * 2, 255 - y * 2, 90 + 60 * np.sin(x / 9)], -1)
    for number in range(3):
        noisy = base + 12 * number + chance.normal(0, 6, base.shape)
        yield frame(noisy.clip(0, 255).astype(np.uint8))


def error(palette, pictures):
    table = palette.to_ndarray(format="bgra").reshape(-1, 4)
    colours = table[table[:, 3] > 127, :3].astype(float)
    errors = []
    for picture in pictures:
        pixels = picture.to_ndarray(format="bgra").reshape(-1, 4)[::7, :3].astype(float)
        errors.append(((pixels[:, None] - colours[None]) ** 2).sum(axis=2).min(axis=1).mean())
    return np.mean(errors)


def test_a_refined_palette_is_nearer_to_the_pixels():
    palette = palette_of(photographs(), 64)
    assert error(refined(palette, photographs()), photographs()) < 0.95 * error(
        palette, photographs()
    )


def test_a_refined_palette_has_as_many_colours_and_keeps_its_transparent_entry():
    palette = palette_of(photographs(), 64)
    table = refined(palette, photographs()).to_ndarray(format="bgra").reshape(-1, 4)
    assert len(np.unique(table[table[:, 3] > 127], axis=0)) <= 63
    assert table[255, 3] == 0
    assert (table[:255, 3] == 255).all()


def test_a_palette_that_holds_every_colour_stays():
    flat = np.zeros((40, 40, 3), np.uint8)
    flat[:20] = (10, 200, 30)
    palette = palette_of([frame(flat)], 256)
    assert refined(palette, [frame(flat)]) is palette
