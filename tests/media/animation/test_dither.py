from __future__ import annotations

import numpy as np
import pytest

from sdbr.media.animation.dither import DITHERS, dither_for, draw_indices
from sdbr.media.animation.nearest import LEVELS, Pairs
from sdbr.media.animation.palette import Palette, palette_of

GREYS = Palette(np.array([[60] * 3, [90] * 3, [120] * 3], np.uint8), False)
DRAWN = [dither for dither in DITHERS if dither != "auto"]


def gray(level, shape=(32, 48)):
    picture = np.full((*shape, 4), 255, np.uint8)
    picture[..., :3] = level
    return picture


def gradient(high=250):
    picture = gray(0, (120, 160))
    x, y = np.arange(160)[None], np.arange(120)[:, None]
    picture[..., 0] = x * high // 160
    picture[..., 1] = y * high // 120
    picture[..., 2] = (x + y) * high // 280
    return picture


def shown(picture, palette, dither):
    (indices,) = draw_indices([picture], palette, dither)
    return palette.colors[indices].astype(float)


@pytest.mark.parametrize("dither", ["floyd", "sierra"])
def test_diffusion_mixes_what_the_palette_lacks(dither):
    assert abs(shown(gray(80), GREYS, dither).mean() - 80) < 3
    assert abs(shown(gray(80), GREYS, "none").mean() - 80) > 9


def test_bayer_mixes_where_the_nearest_color_is_far_and_only_there():
    between, near = shown(gray(105), GREYS, "bayer"), shown(gray(91), GREYS, "bayer")
    assert 95 < between.mean() < 115
    assert (near == 90).all()


@pytest.mark.parametrize("dither", DRAWN)
def test_the_palettes_own_colors_come_back_exactly(dither):
    picture = gray(60)
    picture[:, 20:] = (91, 90, 90, 255)
    palette = palette_of([picture], 255)
    assert np.array_equal(shown(picture, palette, dither), picture[..., :3])


@pytest.mark.parametrize("dither", DRAWN)
def test_pixels_that_stay_keep_their_entry(dither):
    """Also where what moves lies before them in the order of drawing."""
    film = [gradient() for _ in range(10)]
    for number, picture in enumerate(film):
        picture[10:20, 10 * number : 10 * number + 8] = (250, 250, 20, 255)
    frames = list(draw_indices(film, palette_of(film, 32), dither))
    assert all(np.array_equal(frame[30:], frames[0][30:]) for frame in frames)


@pytest.mark.parametrize("dither", DRAWN)
def test_the_noise_of_a_codec_does_not_flicker_and_a_slow_fade_is_followed(dither):
    film = [gradient(230) for _ in range(12)]
    for number, picture in enumerate(film):
        picture[:60, :, :3] += np.uint8(number % 2)
        picture[60:, :, :3] += np.uint8(number)
    palette = palette_of(film, 60)
    assert palette.error > 2
    frames = list(draw_indices(film, palette, dither))
    assert all(np.array_equal(frame[:60], frames[0][:60]) for frame in frames)
    shown = [palette.colors[frame[60:]].mean() for frame in frames]
    assert 8 < shown[-1] - shown[0] < 14


def test_a_fine_palette_follows_the_smallest_change():
    film = [gray(60), gray(61)]
    frames = list(draw_indices(film, palette_of(film, 255), "none"))
    assert (frames[0] != frames[1]).all()


@pytest.mark.parametrize("dither", DRAWN)
def test_see_through_pixels_are_the_last_entry(dither):
    picture = gradient()
    picture[:60, :, 3] = 100
    (indices,) = draw_indices([picture], palette_of([picture], 40), dither)
    assert (indices[:60] == 255).all()
    assert (indices[60:] < 40).all()


@pytest.mark.parametrize("dither", DRAWN)
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (3, 2)])
def test_the_smallest_pictures_are_drawn(dither, shape):
    (indices,) = draw_indices([gray(80, shape)], GREYS, dither)
    assert indices.shape == shape


def test_flat_art_and_fine_palettes_need_no_dither_and_banding_gradients_the_most():
    assert dither_for([gray(80)], Palette(GREYS.colors, True)) == "none"
    assert dither_for([gray(91)], GREYS) == "none"
    assert dither_for([gray(92)], GREYS) == "bayer"
    assert dither_for([gradient()], palette_of([gradient()], 32)) == "floyd"


def test_a_palette_of_one_color_draws():
    for dither in DRAWN:
        assert (shown(gray(80), Palette(GREYS.colors[:1], False), dither) == 60).all()


@pytest.mark.parametrize(("level", "share"), [(60, 0), (75, 0.25), (85, 0.4)])
def test_where_dots_cost_nothing_a_mixture_is_the_color_itself(level, share):
    pairs = Pairs(Palette(np.array([[60] * 3, [110] * 3, [124] * 3], np.uint8), True), 0.0)
    thresholds = np.arange(LEVELS, dtype=np.uint8)
    pixels = np.full((LEVELS, 3), level if share != 0.4 else 80, np.uint8)
    entries = pairs.mixed(pixels, thresholds)
    assert abs(pairs.centers[entries].mean() - pixels.mean()) < 0.5


def test_the_dearer_dots_are_the_fewer_are_shown():
    palette = Palette(np.array([[60] * 3, [120] * 3], np.uint8), True)
    pixels, thresholds = np.full((LEVELS, 3), 80, np.uint8), np.arange(LEVELS, dtype=np.uint8)
    dots = [int((Pairs(palette, g).mixed(pixels, thresholds) == 1).sum()) for g in (0, 0.2, 0.5)]
    assert dots[0] > dots[1] > dots[2]
