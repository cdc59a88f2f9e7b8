from __future__ import annotations

from sdbr.motion.plan import KeyframePlan
from sdbr.workflows.clips.steadiness import pairs_to_measure


def plan_of(*shots: range) -> KeyframePlan:
    return KeyframePlan("auto", shots, keyframes=(0,))


def test_a_short_clip_is_measured_whole_but_for_its_cuts() -> None:
    assert pairs_to_measure(plan_of(range(5), range(5, 9))) == {1, 2, 3, 4, 6, 7, 8}


def test_a_long_clip_is_measured_in_forty_places_all_along() -> None:
    wanted = pairs_to_measure(plan_of(range(4000)))
    assert len(wanted) == 40
    assert all(any(at <= number < at + 100 for number in wanted) for at in range(1, 3900, 100))


def test_keyframes_at_an_even_distance_get_their_share_and_no_more() -> None:
    for every in (4, 8, 16):
        wanted = pairs_to_measure(plan_of(range(1 + 40 * every)))
        beside_a_keyframe = sum(number % every == 0 for number in wanted)
        assert 40 / every - 2 <= beside_a_keyframe <= 40 / every + 2
