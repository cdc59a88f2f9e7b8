from __future__ import annotations

import pytest

from sdbr.motion.cuts import NO_CHANGE
from sdbr.motion.forecast import find_fast_passages, forecast_calls
from sdbr.motion.keyframes import LEVELS, KeyframeLevel, place_keyframes, read_rule
from sdbr.motion.keyframes_stream import place_streaming
from sdbr.motion.survey import DISTANCES, FrameSurvey, survey
from tests.motion.scenes import pan, passing, still

SCENES = {
    "a still clip": still(60),
    "a pan": pan(40),
    "a thing that passes": passing(40),
    "shots": still(30) + pan(26, step=18, seed=4) + passing(40),
}


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
@pytest.mark.parametrize("other", LEVELS)
def test_what_another_level_draws_is_foretold_within_a_half(scene, other):
    notes, plan = place_streaming(scene, read_rule("auto"))
    real = len(place_streaming(scene, read_rule(f"auto:{other}"))[1].keyframes)
    assert real / 1.5 - 1 <= forecast_calls(plan, notes, LEVELS[other]) <= real * 1.5 + 1


def test_a_plan_foretells_itself():
    for scene in SCENES.values():
        notes, plan = place_streaming(scene, read_rule("auto"))
        assert forecast_calls(plan, notes, LEVELS["standard"]) == len(plan.keyframes)


def test_a_whole_survey_foretells_as_well():
    notes = survey(passing(40))
    plan = place_keyframes(notes, read_rule("auto"))
    fine = len(place_keyframes(notes, read_rule("auto:fine")).keyframes)
    assert abs(forecast_calls(plan, notes, LEVELS["fine"]) - fine) <= 0.5 * fine


def notes_that_leave(fast):
    """Notes on 40 frames of which those in `fast` leave half of each other unexplained."""
    return [
        FrameSurvey(NO_CHANGE, dict.fromkeys(DISTANCES, 0.5 if at in fast else 0.05), {})
        for at in range(40)
    ]


def test_fast_passages_are_where_keyframes_stand_as_close_as_they_may_and_still_leave_much():
    notes = notes_that_leave(range(8, 20))
    plan = place_keyframes(notes, read_rule("auto"))
    (passage,) = find_fast_passages(plan, notes, LEVELS["standard"])
    assert passage.start <= 8
    assert passage.stop >= 18
    assert passage.stop - passage.start <= 20
    assert find_fast_passages(plan, notes_that_leave(()), LEVELS["standard"]) == []


def test_a_level_that_allows_that_much_has_none():
    notes = notes_that_leave(range(8, 20))
    plan = place_keyframes(notes, read_rule("auto"))
    assert find_fast_passages(plan, notes, KeyframeLevel(0.6, 4)) == []
