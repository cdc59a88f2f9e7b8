from __future__ import annotations

import cv2
import numpy as np

from sdbr.motion.arrays import luma
from sdbr.motion.sharpness import (
    MOST_ADDED,
    detail_energy,
    detail_to_add,
    finest_detail,
    goal_energy,
    grid_of,
    restore_detail,
    share_of_detail_kept,
    warp_cells,
)
from tests.motion.scenes import ground

GRAIN = np.random.default_rng(2).normal(0, 22, (96, 160)).astype(np.float32)
SHARP = np.clip(luma(ground(160, 96)) / 2 + cv2.GaussianBlur(GRAIN, (0, 0), 0.8) + 60, 0, 255)
SHARP = SHARP.astype(np.uint8)
SOFT = cv2.GaussianBlur(SHARP, (3, 3), 0.55)


def strengthened(picture, source_now, source_key):
    goal = goal_energy(
        *(detail_energy(finest_detail(each)) for each in (SHARP, source_now, source_key))
    )
    return picture + detail_to_add(finest_detail(picture), goal)


def energy(picture):
    return float((cv2.Laplacian(picture.astype(np.float32), cv2.CV_32F) ** 2).mean())


def test_a_softened_picture_gets_its_detail_back():
    again = energy(strengthened(SOFT, SHARP, SHARP))
    assert energy(SOFT) < 0.6 * energy(SHARP)
    assert 0.7 * energy(SHARP) < again < 1.3 * energy(SHARP)


def test_a_sharp_picture_stays_as_it_is():
    assert np.abs(strengthened(SHARP, SHARP, SHARP) - SHARP).max() < 1


def test_what_the_source_blurs_stays_blurred():
    blurred = cv2.GaussianBlur(SHARP, (0, 0), 3)
    assert energy(strengthened(SOFT, blurred, SHARP)) < 1.15 * energy(SOFT)


def test_what_the_source_blurs_is_blurred_where_the_picture_is_still_sharp():
    blurred = cv2.GaussianBlur(SHARP, (0, 0), 3)
    assert energy(strengthened(SHARP, blurred, SHARP)) < 0.5 * energy(SHARP)


def test_detail_comes_to_the_strength_that_is_asked_for():
    for share in (0.4, 0.8, 1.5, 2.5):
        goal = detail_energy(finest_detail(SHARP)) * np.float32(share)
        now = detail_energy(finest_detail(SHARP + detail_to_add(finest_detail(SHARP), goal)))
        assert abs(float(now.mean() / goal.mean()) - 1) < 0.1


def test_detail_is_never_strengthened_nor_weakened_beyond_its_bounds():
    detail = finest_detail(SHARP)
    for goal in (0, 1e6):
        cells = np.full(detail_energy(detail).shape, goal, np.float32)
        added = detail_to_add(detail, cells)
        assert (np.abs(added) <= np.abs(detail) * MOST_ADDED + 1e-3).all()


def test_a_picture_gets_the_detail_of_another_one_back_in_every_channel():
    sharp, soft = (np.dstack([each] * 3) for each in (SHARP, SOFT))
    again = restore_detail(soft, sharp)
    assert energy(soft[..., 1]) < 0.6 * energy(SHARP)
    for channel in range(3):
        assert 0.8 * energy(SHARP) < energy(again[..., channel]) < 1.2 * energy(SHARP)


def test_no_strength_is_taken_of_fewer_pixels_than_tell_one():
    assert grid_of((1280, 720)) == (80, 45)
    assert grid_of((160, 120)) == (40, 30)
    assert grid_of((3, 1)) == (1, 1)


def test_the_strength_of_detail_moves_with_the_flow():
    cells = np.zeros((48, 80), np.float32)
    cells[:, 40:] = 5
    flow = np.tile(np.float32([16, 0]), (96, 160, 1))
    moved = warp_cells(cells, flow)
    assert moved[:, 32:].min() == 5
    assert moved[:, :30].max() == 0


def test_how_much_of_the_sources_detail_a_look_keeps_is_learnt():
    soft = finest_detail(SHARP) * 0.4 + 2 * np.random.default_rng(1).normal(0, 1, SHARP.shape)
    assert (
        abs(float(share_of_detail_kept(soft.astype(np.float32), finest_detail(SHARP)).mean()) - 0.4)
        < 0.08
    )


def test_a_source_that_grows_sharper_sharpens_the_picture_by_a_sixth_at_most():
    some, much = np.full((5, 8), 100, np.float32), np.full((5, 8), 900, np.float32)
    assert 1.1 < np.sqrt(goal_energy(some, much, some) / some).max() < 7 / 6


def test_a_look_keeps_no_more_than_half_as_much_detail_again_as_the_source_has():
    assert 1.4 < share_of_detail_kept(3 * finest_detail(SHARP), finest_detail(SHARP)).max() <= 1.5
