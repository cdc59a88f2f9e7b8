from __future__ import annotations

import numpy as np

from sdbr.motion.exposure import match_exposure
from tests.motion.scenes import ground

SIZE = (160, 96)
RETURNS = np.zeros((96, 160), np.float32)


def test_gain_and_offset_of_each_channel_are_found():
    wanted = (ground(*SIZE) * 0.5 + 50).astype(np.uint8)
    seen = (wanted * np.array([0.8, 1.0, 1.1]) + np.array([10, 0, -20])).astype(np.uint8)
    apart = np.abs(match_exposure(seen, wanted, RETURNS).astype(int) - wanted)
    assert apart.mean() < 1.5


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
