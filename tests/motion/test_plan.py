from __future__ import annotations

from sdbr.motion.plan import KeyframePlan, Stretch

PLAN = KeyframePlan("every", (range(0, 10), range(10, 11), range(11, 20)), (0, 4, 9, 10, 11, 15))


def test_stretches_cover_all_frames_but_the_keyframes_and_no_cut():
    filled = [number for stretch in PLAN.stretches() for number in stretch.between]
    assert sorted([*filled, *PLAN.keyframes]) == list(range(20))
    assert PLAN.stretches()[-1] == Stretch(15, None, 20)
    assert all(stretch.right != 10 and stretch.right != 11 for stretch in PLAN.stretches())


def test_keyframes_are_told_apart_by_shot():
    assert [PLAN.keyframes_of(shot) for shot in PLAN.shots] == [(0, 4, 9), (10,), (11, 15)]
    assert PLAN.frames == 20


def test_no_frames_make_an_empty_plan():
    empty = KeyframePlan("all", (), ())
    assert empty.frames == 0
    assert empty.stretches() == ()
