from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from sdbr.errors import UsageProblem
from sdbr.motion.cuts import NO_CHANGE
from sdbr.motion.keyframes import (
    FARTHEST,
    LEVELS,
    KeyframeRule,
    add_lights,
    place_keyframes,
    read_rule,
)
from sdbr.motion.survey import FrameSurvey, survey
from tests.motion.scenes import boiling, pan, passing, still


@pytest.fixture(scope="module")
def notes():
    return survey(still(30) + pan(26, step=18, seed=4) + passing(13))


def keys(notes, rule, **more):
    return place_keyframes(notes, read_rule(rule, **more)).keyframes


def test_all_draws_every_frame(notes):
    plan = place_keyframes(notes, read_rule("all"))
    assert plan.keyframes == tuple(range(69))
    assert plan.stretches() == ()


def test_every_eighth_begins_anew_and_ends_with_each_shot(notes):
    assert keys(notes, "every:8") == (0, 8, 16, 24, 29, 30, 38, 46, 54, 55, 56, 64, 68)


@pytest.mark.parametrize("few", [4, 8, 16, 24])
def test_who_paid_for_fewer_keyframes_pays_only_the_new_ones(notes, few):
    assert set(keys(notes, f"every:{2 * few}")) <= set(keys(notes, f"every:{few}"))


def test_auto_draws_less_of_quiet_shots_and_more_of_wild_ones(notes):
    plan = place_keyframes(notes, read_rule("auto"))
    quiet, wild, _ = (plan.keyframes_of(shot) for shot in plan.shots)
    assert len(quiet) <= 3 < 4 < len(wild)
    boiled = survey(boiling(17))
    assert len(keys(boiled, "auto")) > len(keys(boiled, "every:8"))


def test_auto_keeps_its_distances(notes):
    for stretch in place_keyframes(notes, read_rule("auto")).stretches():
        if stretch.right is not None and stretch.right + 1 not in (30, 56, 69):
            assert LEVELS["standard"].nearest <= stretch.right - stretch.left <= FARTHEST


def test_each_shot_begins_with_a_keyframe_and_is_explained_to_its_end(notes):
    plan = place_keyframes(notes, read_rule("auto"))
    assert {shot.start for shot in plan.shots} == {0, 30, 56} <= set(plan.keyframes)
    assert any(stretch.left < 67 < (stretch.right or 0) for stretch in plan.stretches())


def test_auto_draws_each_of_pictures_that_have_nothing_in_common():
    pictures = [pan(1, seed=seed)[0] for seed in range(8)]
    plan = place_keyframes(survey(pictures), read_rule("auto"))
    assert plan.keyframes == tuple(range(8))


def test_fine_draws_more_than_standard_and_that_more_than_a_draft(notes):
    draft, standard, fine = (len(keys(notes, f"auto:{level}")) for level in LEVELS)
    assert draft < standard < fine
    assert keys(notes, "auto:standard") == keys(notes, "auto")


def test_a_share_of_the_users_own_takes_the_place_of_the_levels(notes):
    careful, thrifty = (keys(notes, "auto", unexplained=share) for share in (0.05, 0.6))
    assert len(careful) > len(thrifty)


def test_a_budget_is_kept(notes):
    free = keys(notes, "auto", unexplained=0.05)
    assert keys(notes, "auto", unexplained=0.05, calls=len(free)) == free
    for calls in range(7, len(free)):
        assert len(keys(notes, "auto", unexplained=0.05, calls=calls)) <= calls


def test_too_small_a_budget_says_what_is_needed(notes):
    with pytest.raises(UsageProblem, match=r"3 shots needs at least 5 keyframes, but only 2"):
        keys(notes, "auto", calls=2)


def test_the_plan_says_where_it_is_cut(notes):
    assert place_keyframes(notes, read_rule("auto")).reasons == ("3 shots, cuts at frames 31, 57",)


@pytest.mark.parametrize("length", [1, 2, 3, 7])
@pytest.mark.parametrize("rule", ["all", "every:8", "auto"])
def test_short_clips_have_a_plan(length, rule):
    plan = place_keyframes(survey(pan(length)), read_rule(rule))
    assert plan.keyframes[0] == 0
    assert plan.frames == length
    assert len(plan.keyframes) <= length


def test_no_frames_need_no_keyframes():
    assert place_keyframes([], read_rule("auto")).keyframes == ()


def test_rules_are_read():
    assert read_rule("every:12") == KeyframeRule("every", every=12)
    assert read_rule("auto", calls=9).calls == 9


@pytest.mark.parametrize("text", ["", "every", "every:0", "every:-3", "every:49", "all:2", "some"])
def test_what_is_no_rule_is_refused(text):
    with pytest.raises(UsageProblem, match="every:N"):
        read_rule(text)


def test_keyframes_of_a_fast_pan_have_something_in_common():
    notes = survey(pan(33, step=14))
    plan = place_keyframes(notes, read_rule("auto"))
    for left, right in pairwise(plan.keyframes):
        assert notes[left].alone.get(right - left, 1.0) <= 0.85 or right - left <= 4
    assert len(plan.keyframes) < len(plan.shots[0]) / 3


def lit(*levels):
    """The survey of frames of which nothing is known but their light."""
    return [FrameSurvey(NO_CHANGE, {}, {}, level) for level in levels]


def test_a_light_that_no_keyframe_has_gets_one():
    strobe = lit(*([26.0, 75.0, 76.0] * 8), 26.0)
    assert add_lights(strobe, [range(25)], (0, 12, 24)) == (0, 2, 12, 24)
    assert add_lights(strobe, [range(25)], (1, 3, 24)) == (1, 3, 24)
    dark_flash = lit(*[120.0] * 10, 20.0, *[110.0] * 4)
    assert add_lights(dark_flash, [range(12), range(12, 15)], (0, 11, 12)) == (0, 10, 11, 12)


def test_a_fade_between_keyframes_is_no_other_light():
    assert add_lights(lit(*np.linspace(120, 10, 25)), [range(25)], (0, 24)) == (0, 24)
