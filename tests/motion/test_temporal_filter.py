from __future__ import annotations

import numpy as np
import pytest

from sdbr.motion.temporal_filter import filter_over_time
from sdbr.motion.warp_error import sharpness, steadiness
from tests.motion.scenes import faded, pan, passing
from tests.motion.simulated import drawn, look


def naive(frames):
    return [drawn(frame, call) for call, frame in enumerate(frames, start=1)]


def filtered(frames, pictures, window=2):
    return list(filter_over_time(zip(frames, pictures, strict=True), window))


def error(frames, results):
    return np.mean([each.result_error for each in steadiness(zip(frames, results, strict=True))])


@pytest.mark.parametrize("frames", [pan(9, step=3), passing(9)], ids=["pan", "passing"])
def test_calls_for_every_frame_become_steady_and_stay_sharp(frames):
    pictures = naive(frames)
    results = filtered(frames, pictures)
    assert error(frames, results) < 0.2 * error(frames, pictures)
    sharp = np.mean([sharpness(each) for each in results])
    assert sharp > 0.5 * np.mean([sharpness(each) for each in pictures])


def test_results_are_nearer_to_the_look_than_what_was_drawn():
    frames = pan(7)
    pictures = naive(frames)

    def apart(results):
        pairs = zip(results, frames, strict=True)
        return np.mean([np.abs(each.astype(int) - look(frame)).mean() for each, frame in pairs])

    assert apart(filtered(frames, pictures)) < apart(pictures)


def test_a_fade_is_kept():
    frames = faded(pan(9, step=1), down_to=0.2)
    pictures = [look(frame) for frame in frames]
    for result, picture in zip(filtered(frames, pictures), pictures, strict=True):
        assert abs(float(result.mean()) - float(picture.mean())) < 8


def test_a_flash_is_kept_and_does_not_leak():
    frames = pan(7)
    frames[3] = np.full_like(frames[3], 250)
    results = filtered(frames, frames)
    assert results[3].mean() > 235
    assert abs(float(results[2].mean()) - float(frames[2].mean())) < 6


@pytest.mark.parametrize("length", [0, 1, 2, 3, 6])
@pytest.mark.parametrize("window", [0, 2])
def test_each_frame_has_a_result(length, window):
    frames = pan(length)
    assert len(filtered(frames, frames, window)) == length


def test_no_more_is_asked_for_than_the_window_needs():
    taken = []

    def pairs():
        for number, frame in enumerate(pan(9)):
            taken.append(number)
            yield frame, frame

    next(filter_over_time(pairs(), 2))
    assert taken == [0, 1, 2]
