from __future__ import annotations

import cv2
import numpy as np

from sdbr.motion.flow import view
from sdbr.motion.matching import step
from sdbr.motion.warp_error import mean_error, sharpness, steadiness, visible
from tests.motion.scenes import pan, passing, still


def curve(frames, results):
    return list(steadiness(zip(frames, results, strict=True)))


def test_a_still_clip_has_no_error():
    frames = still(4)
    assert mean_error(curve(frames, frames)) == (0.0, 0.0)


def test_flicker_is_measured_in_squared_differences():
    frames = still(2)
    flat = [np.full_like(frames[0], 100), np.full_like(frames[0], 151)]
    (only,) = curve(frames, flat)
    assert abs(only.error - 3 * 0.2**2) < 1e-5
    assert only.floor == 0


def test_motion_is_followed_and_no_error():
    frames = pan(4, step=5)
    moving, floor = mean_error(curve(frames, frames))
    followed = mean_error(curve(frames, [frames[0]] * 4))[0]
    assert moving == floor < 0.1 * followed


def test_what_was_covered_does_not_count():
    size = (480, 288)
    before, _, now = (view(cv2.resize(frame, size), size) for frame in passing(3, step=6))
    seen = visible(step(before, now, "medium"))
    uncovered = seen[100:160, 28:56]
    assert uncovered.mean() < 0.5
    assert seen[210:].mean() > 0.95


def test_results_of_another_size_are_measured_at_the_sources():
    frames = pan(3)
    big = [cv2.resize(frame, (320, 192)) for frame in frames]
    assert mean_error(curve(frames, big))[0] < 0.01


def test_a_softer_picture_is_less_sharp():
    picture = still(1)[0]
    assert sharpness(cv2.GaussianBlur(picture, (5, 5), 0)) < 0.6 * sharpness(picture)


def test_one_frame_has_no_curve():
    assert curve(still(1), still(1)) == []
    assert mean_error([]) == (0.0, 0.0)


def test_pairs_are_taken_one_at_a_time():
    taken = []

    def pairs():
        for number, frame in enumerate(pan(4)):
            taken.append(number)
            yield frame, frame

    next(steadiness(pairs()))
    assert taken == [0, 1]
