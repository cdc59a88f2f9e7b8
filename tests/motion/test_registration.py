from __future__ import annotations

import cv2
import numpy as np

from sdbr.motion.registration import displacement, own_shift, unshifted
from tests.motion.scenes import ground
from tests.motion.simulated import look

SOURCE = ground(320, 192)


def moved(picture, x, y):
    turn = np.float32([[1, 0, x], [0, 1, y]])
    return cv2.warpAffine(picture, turn, (320, 192), borderMode=cv2.BORDER_REPLICATE)


def pixels(flow):
    return flow[4:-4, 4:-4].mean(axis=(0, 1)) * 320 / flow.shape[1]


def test_a_drawn_picture_that_lies_off_its_source_is_measured():
    off = pixels(displacement(SOURCE, moved(look(SOURCE), 1.0, -0.6)))
    assert np.abs(off - [1.0, -0.6]).max() < 0.25


def test_a_picture_in_its_place_is_left_there():
    assert np.abs(pixels(displacement(SOURCE, look(SOURCE)))).max() < 0.1


def test_a_shift_of_its_own_is_undone():
    drawn = look(SOURCE)
    off = moved(drawn, 1.2, 0.8)
    measured = [displacement(SOURCE, each) for each in (drawn, drawn, off)]
    shift = own_shift(measured, measured[-1], (320, 192))
    inner = np.s_[16:-16, 16:-16]
    before = np.abs(off.astype(int) - drawn)[inner].mean()
    after = np.abs(unshifted(off, shift).astype(int) - drawn)[inner].mean()
    assert after < 0.6 * before


def test_what_a_look_moves_in_every_picture_stays_moved():
    measured = [np.full((24, 40, 2), each, np.float32) for each in (0.21, 0.2, 0.19)]
    assert own_shift(measured, measured[0], (320, 192)) is None


def test_a_picture_without_like_ones_is_left_alone():
    one = displacement(SOURCE, moved(look(SOURCE), 2, 0))
    assert own_shift([one], one, (320, 192)) is None


def test_a_difference_that_is_no_shift_moves_little():
    """Another drawing of the same place is not taken for the place elsewhere."""
    random = np.random.default_rng(2)
    strokes = cv2.GaussianBlur(random.normal(0, 60, SOURCE.shape).astype(np.float32), (0, 0), 2)
    other = np.clip(look(SOURCE) + strokes, 0, 255).astype(np.uint8)
    assert np.linalg.norm(displacement(SOURCE, other), axis=2).mean() * 320 / 40 < 0.3


def test_a_shift_is_measured_under_strokes_too_and_one_beyond_the_usual_not_believed_whole():
    random = np.random.default_rng(2)
    strokes = cv2.GaussianBlur(random.normal(0, 30, SOURCE.shape).astype(np.float32), (0, 0), 2)
    drawn = np.clip(look(SOURCE) + strokes, 0, 255).astype(np.uint8)
    usual = pixels(displacement(SOURCE, moved(drawn, 1.0, -0.6)))
    assert np.abs(usual - [1.0, -0.6]).max() < 0.25
    assert 1.5 < pixels(displacement(SOURCE, moved(look(SOURCE), 3.0, 0.0)))[0] < 2.6
