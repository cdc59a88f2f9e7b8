from __future__ import annotations

import numpy as np
import pytest

from sdbr.motion.flow import view
from sdbr.motion.matching import find_flows, find_static_ground, link_views
from tests.motion.scenes import ground

SIZE = (160, 96)


def over_a_wall(left, level=140, grain=0.0):
    random = np.random.default_rng(left)
    frame = np.full((96, 160, 3), level, np.float32) + random.normal(0, grain, (96, 160, 3))
    frame[30:60, left : left + 30] = ground(30, 30, seed=4)
    return view(np.clip(frame, 0, 255).astype(np.uint8), SIZE)


def test_a_wall_behind_a_thing_that_moves_stays_in_place():
    here, there = over_a_wall(20), over_a_wall(90)
    link = link_views(find_flows(here, there, "fast"), here, there)
    behind = np.ones((96, 160), bool)
    behind[16:74, 6:134] = False
    assert not link.flow[behind].any()
    assert link.trust[behind].min() > 0.99


def test_grain_does_not_make_a_wall_less_plain():
    assert find_static_ground(over_a_wall(20, grain=3), over_a_wall(90, grain=3))[80:].min() > 0.9


def test_what_has_structure_or_changed_is_not_plain():
    here = view(ground(*SIZE), SIZE)
    assert find_static_ground(here, here).max() < 0.2
    other = over_a_wall(20)
    other.color[:48] += 20
    assert find_static_ground(over_a_wall(20), other)[:40].max() == 0


def test_ground_that_is_lit_otherwise_is_the_same_ground():
    assert find_static_ground(over_a_wall(20), over_a_wall(20, level=180))[80:].min() > 0.9


@pytest.mark.parametrize(("apart", "same"), [(0, 1), (8, 1), (9, 0)])
def test_a_wall_may_differ_by_eight_levels_and_be_the_same(apart, same):
    here, there = (
        view(np.full((96, 160, 3), level, np.uint8), SIZE) for level in (140, 140 + apart)
    )
    assert (find_static_ground(here, there) == same).all()
