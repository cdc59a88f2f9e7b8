from __future__ import annotations

import cv2
import numpy as np

from sdbr.motion.static_texture import find_texture, remove_texture
from tests.motion.scenes import SIZE, pan

MOVED = 24
# From the left picture to the right one the scene moves to the left.
FLOW = np.tile(np.float32([-MOVED, 0]), (SIZE[1], SIZE[0], 1))


def paper():
    noise = np.random.default_rng(3).normal(0, 12, (SIZE[1], SIZE[0])).astype(np.float32)
    return cv2.GaussianBlur(noise, (0, 0), 0.7)


def scenes():
    frames = pan(MOVED // 2 + 1)
    return frames[0] // 2 + 60, frames[-1] // 2 + 60


def on_paper(scene):
    return np.clip(scene + paper()[..., None], 0, 255).astype(np.uint8)


def alike(one, other):
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def test_paper_that_stays_while_the_scene_moves_is_found():
    left, right = map(on_paper, scenes())
    found = find_texture(left, right, FLOW)
    assert alike(found, paper()) > 0.75
    assert 0.5 * paper().std() < found.std() < 1.2 * paper().std()


def test_a_scene_that_moves_leaves_nothing_in_place():
    left, right = scenes()
    assert find_texture(left, right, FLOW).std() < 0.1 * left.std()


def test_noise_of_two_calls_is_no_paper():
    random = np.random.default_rng(4)
    left, right = (np.clip(s + random.normal(0, 9, s.shape), 0, 255) for s in scenes())
    found = find_texture(left.astype(np.uint8), right.astype(np.uint8), FLOW)
    assert found.std() < 0.2 * 9


def test_of_a_still_scene_little_is_taken_for_paper():
    left, _ = scenes()
    assert find_texture(left, left, np.zeros_like(FLOW)).std() < 0.15 * left.std()


def test_what_is_taken_out_is_gone():
    left, right = map(on_paper, scenes())
    found = find_texture(left, right, FLOW)
    assert alike(remove_texture(left, found).mean(axis=2) - scenes()[0].mean(axis=2), paper()) < 0.6


def test_a_picture_too_small_for_bands_has_no_paper():
    dot = np.full((3, 5, 3), 90, np.uint8)
    assert not find_texture(dot, dot, np.zeros((3, 5, 2), np.float32)).any()


def test_paper_is_found_in_its_strength_where_the_scene_moves_little_and_lost_contrast():
    frames = pan(2)
    left, right = frames[0] // 2 + 60, (frames[-1] // 2 + 60) // 2 + 64
    found = find_texture(on_paper(left), on_paper(right), np.full_like(FLOW, (-2, 0)))
    assert alike(found, paper()) > 0.75
    assert 0.8 * paper().std() < found.std() < 1.2 * paper().std()
