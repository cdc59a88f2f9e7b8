from __future__ import annotations

import numpy as np

from sdbr.media.animation.palette import Palette, palette_of


def photographs():
    chance = np.random.default_rng(4)
    y, x = np.mgrid[0:90, 0:120]
    base = np.stack([x * 2, 255 - y * 2, 90 + 60 * np.sin(x / 9)], -1)
    for number in range(3):
        noisy = base + 12 * number + chance.normal(0, 6, base.shape)
        yield with_alpha(noisy.clip(0, 255).astype(np.uint8))


def with_alpha(pixels, alpha=255):
    return np.dstack([pixels, np.full(pixels.shape[:2], alpha, np.uint8)])


def error(palette: Palette) -> float:
    colors = palette.colors.astype(float)
    errors = []
    for picture in photographs():
        pixels = picture.reshape(-1, 4)[::7, :3].astype(float)
        errors.append(((pixels[:, None] - colors[None]) ** 2).sum(axis=2).min(axis=1).mean())
    return float(np.mean(errors))


def by_median_cut(count: int) -> Palette:
    """Pillow's palette of the same pictures."""
    from PIL import Image

    film = Image.fromarray(np.concatenate([picture[..., :3] for picture in photographs()]))
    table = film.quantize(count, Image.Quantize.MEDIANCUT).getpalette() or []
    return Palette(np.array(table, np.uint8).reshape(-1, 3), False)


def test_a_palette_has_a_third_less_error_than_median_cut():
    assert error(palette_of(photographs(), 64)) < 0.67 * error(by_median_cut(64))


def test_a_palette_has_no_more_colors_than_told():
    for count in (1, 2, 63, 255):
        assert len(palette_of(photographs(), count).colors) <= count


def test_few_colors_are_all_kept_exactly():
    flat = np.zeros((40, 40, 3), np.uint8)
    flat[:20] = (10, 200, 31)
    flat[0, 0] = (11, 200, 31)
    palette = palette_of([with_alpha(flat)], 255)
    assert palette.exact
    assert palette.colors.tolist() == [[0, 0, 0], [10, 200, 31], [11, 200, 31]]


def test_a_palette_knows_how_far_it_is_off():
    palette = palette_of(photographs(), 64)
    assert abs(palette.error - (error(palette) / 3) ** 0.5) < 0.3


def test_colors_that_nobody_sees_take_no_entry():
    picture = with_alpha(np.full((8, 8, 3), 90, np.uint8))
    picture[:4] = (250, 0, 0, 10)
    assert palette_of([picture], 255).colors.tolist() == [[90, 90, 90]]


def test_a_film_without_a_visible_pixel_has_a_palette_of_one_color():
    assert palette_of([with_alpha(np.zeros((4, 4, 3), np.uint8), 0)], 255).colors.shape == (1, 3)
