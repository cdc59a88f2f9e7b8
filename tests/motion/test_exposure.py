from __future__ import annotations

import numpy as np

from sdbr.motion.exposure import Exposure, match_exposure
from tests.motion.scenes import ground

SIZE = (160, 96)
RETURNS = np.zeros((96, 160), np.float32)


def test_gain_and_offset_of_each_channel_are_found():
    wanted = (ground(*SIZE) * 0.5 + 50).astype(np.uint8)
    seen = (wanted * np.array([0.8, 1.0, 1.1]) + np.array([10, 0, -20])).astype(np.uint8)
    apart = np.abs(match_exposure(seen, wanted, RETURNS).astype(int) - wanted)
    assert apart.mean() < 1.5


def test_a_strong_change_of_light_is_found_as_a_gain():
    seen = (ground(*SIZE) * 0.35).astype(np.uint8)
    apart = np.abs(match_exposure(seen, ground(*SIZE), RETURNS).astype(int) - ground(*SIZE))
    assert apart.mean() < 2


def test_white_tells_nothing_of_the_exposure():
    seen = ground(*SIZE)
    assert match_exposure(seen, np.full_like(seen, 255), RETURNS) is seen


def test_a_brighter_picture_keeps_the_differences_of_its_lights():
    picture = ground(*SIZE)
    twice = Exposure(np.full(3, 2, np.float32), np.zeros(3, np.float32))
    assert (twice.of(picture) == 255).mean() > 0.4
    assert (twice.within_white(picture).of(picture) == 255).mean() < 0.05
    dark = (picture * 0.3).astype(np.uint8)
    assert np.array_equal(twice.within_white(dark).of(dark), twice.of(dark))


def test_a_thing_that_moved_is_not_taken_for_exposure():
    wanted = ground(*SIZE)
    seen = wanted.copy()
    seen[:40, :60] = 255
    assert np.abs(match_exposure(seen, wanted, RETURNS)[50:].astype(int) - wanted[50:]).mean() < 1


def test_without_pixels_to_ask_nothing_changes():
    seen, wanted = ground(*SIZE), ground(*SIZE, seed=2)
    assert match_exposure(seen, wanted, RETURNS + 9) is seen
    tiny = np.zeros((1, 1), np.float32)
    assert match_exposure(seen[:1, :1], wanted[:1, :1], tiny)[0, 0].tolist() == seen[0, 0].tolist()
