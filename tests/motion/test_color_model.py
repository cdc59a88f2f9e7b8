from __future__ import annotations

import numpy as np

from sdbr.motion.color_model import bound_colors, fit_colors
from tests.motion.scenes import ground

MATRIX = np.float32([[0.9, 0.2, -0.1], [0.0, 0.7, 0.2], [-0.2, 0.1, 1.0]])
SURE = np.ones((96, 160), np.float32)


def toned(picture):
    return np.clip(picture @ MATRIX.T + [20, 10, -5], 0, 255).astype(np.uint8)


def test_the_looks_colors_are_learnt_from_the_picture():
    source = (ground(160, 96) * 0.6 + 50).astype(np.uint8)
    model = fit_colors(source, toned(source), SURE)
    guessed = model.of_color(source.astype(np.float32))
    assert np.abs(guessed - toned(source)).mean() < 4


def test_a_change_of_the_source_arrives_in_the_looks_colors():
    source = (ground(160, 96) * 0.6 + 50).astype(np.uint8)
    change = np.zeros((96, 160, 3), np.float32)
    change[30:60, 40:80] = [-40, -30, -20]
    arrived = fit_colors(source, toned(source), SURE).of_change(change)
    assert np.abs(arrived[45, 60] - MATRIX @ [-40, -30, -20]).max() < 8
    assert np.abs(arrived[:20]).max() == 0


def test_what_is_not_trusted_teaches_nothing():
    source = (ground(160, 96) * 0.6 + 50).astype(np.uint8)
    drawn, sure = toned(source), SURE.copy()
    drawn[:, 60:100], sure[:, 60:100] = 255, 0
    guessed = fit_colors(source, drawn, sure).of_color(source.astype(np.float32))
    assert np.abs(guessed[:, 110:] - toned(source)[:, 110:]).mean() < 5


def test_a_flat_picture_keeps_changes_as_they_are():
    flat = np.full((96, 160, 3), 90, np.uint8)
    change = np.full((96, 160, 3), 7, np.float32)
    assert np.allclose(fit_colors(flat, flat, SURE).of_change(change), 7, atol=0.1)


def test_one_pixel_has_a_model():
    pixel = np.full((1, 1, 3), 90, np.uint8)
    model = fit_colors(pixel, pixel, np.ones((1, 1), np.float32))
    assert np.abs(model.of_color(pixel.astype(np.float32)) - 90).max() < 1


def test_colors_stay_within_those_that_the_pictures_show_nearby():
    gray = np.full((40, 80, 3), 120, np.uint8)
    gray[:, 60:] = (200, 40, 40)
    wild = np.full((40, 80, 3), (20, 250, 20), np.float32)
    kept = bound_colors(wild, [gray, gray + 10])
    assert np.ptp(kept[:, :40], axis=2).max() < 20
    assert np.ptp(kept[:, 70:], axis=2).max() > 20
    inside = gray + np.float32(5)
    assert np.abs(bound_colors(inside, [gray, gray + 10]) - inside).max() < 2
    flash = gray[:, :40] + np.float32(100)
    assert np.abs(bound_colors(flash, [gray[:, :40]]) - flash).max() < 2
