from __future__ import annotations

import numpy as np
import pytest

from sdbr.motion.flow import view
from sdbr.motion.matching import find_flows, measure_trust, misses
from tests.motion.scenes import ground, pan, passing, still

SIZE = (160, 96)


def trusted(first, second):
    here, there = view(first, SIZE), view(second, SIZE)
    taken = find_flows(here, there, "fast")
    return measure_trust(taken.forward, taken.backward, here, there)


def test_the_same_picture_is_trusted_wholly():
    first, second = still(2)
    assert trusted(first, second).min() > 0.95


def test_grain_does_not_cost_trust():
    first, second = still(2, grain=5)
    assert trusted(first, second).mean() > 0.8


def test_what_leaves_the_frame_is_not_trusted():
    first, second = pan(2, step=12)
    sure = trusted(first, second)
    assert sure[:, :8].max() < 0.1
    assert sure[:, 30:-20].mean() > 0.8


def test_what_is_about_to_be_covered_is_not_trusted():
    frames = passing(8)
    sure = trusted(frames[0], frames[7])
    covered = sure[34:54, 42:54]
    assert covered.mean() < 0.3
    assert sure[70:].mean() > 0.9


def test_a_change_of_exposure_is_trusted():
    first = ground(*SIZE)
    darker = (first * 0.7 + 5).astype(np.uint8)
    assert trusted(first, darker).mean() > 0.8


def test_another_picture_is_hardly_trusted_anywhere():
    assert trusted(ground(*SIZE), ground(*SIZE, seed=2)).mean() < 0.1


def test_a_thin_slice_of_another_thing_is_not_trusted_for_its_neighbors_sake():
    first = np.full((96, 160, 3), 128, np.uint8)
    second = first.copy()
    second[:, 80] = 255
    here, there = view(first, SIZE), view(second, SIZE)
    nowhere = np.zeros((96, 160, 2), np.float32)
    sure = measure_trust(nowhere, nowhere, here, there)
    assert sure[:, 80].max() < 0.05
    assert sure[:, :70].min() > 0.95


@pytest.mark.parametrize(("way", "may_miss"), [(0, 0.7), (10, 1.1), (50, 2.7)])
def test_a_flow_may_miss_by_a_part_of_a_pixel_and_a_25th_of_its_way(way, may_miss):
    out, back = (np.full((8, 8, 2), (x, 0), np.float32) for x in (way, may_miss - way))
    assert misses(out, back) == pytest.approx(1, abs=1e-4)


def test_a_picture_on_its_side_is_trusted_as_it_is_upright():
    first, second = ground(96, 96), ground(96, 96)
    second[40:56, 30:70] = 255 - second[40:56, 30:70]
    nowhere = np.zeros((96, 96, 2), np.float32)

    def sure(one, other):
        return measure_trust(nowhere, nowhere, view(one, (96, 96)), view(other, (96, 96)))

    turned = (np.ascontiguousarray(np.transpose(each, (1, 0, 2))) for each in (first, second))
    assert np.abs(sure(*turned).T - sure(first, second)).max() < 0.01
