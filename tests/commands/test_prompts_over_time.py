"""Prompts that hold from a time of the clip on: each pays for its own frames."""

from __future__ import annotations

import json

import pytest

from tests.commands.clip_runs import invocations
from tests.commands.test_vid2vid_calls import shots_in

ONE_SHOT = {"count": 1, "length": 20}  # 0.8 seconds.


def prompts_sent(emulator):
    return [record.body["prompt"] for record in invocations(emulator)]


@pytest.fixture
def clip(workspace):
    return shots_in(workspace, **ONE_SHOT)


def flags(clip, *more):
    return (
        "vid2vid",
        clip,
        "ink",
        "--seed",
        "7",
        "--workers",
        "1",
        "--keyframes",
        "every:8",
        *more,
    )


def test_from_its_time_on_frames_have_the_other_prompt(sdbr, emulator, clip):
    (line,) = sdbr(*flags(clip, "--at", "0.4", "snow", "--at", "0.2", "rain", "--json")).lines
    # Those on both sides of a change are keyframes: frames 6 and 11 begin a shot.
    assert json.loads(line)["keyframes"] == [1, 5, 6, 10, 11, 19, 20]
    assert prompts_sent(emulator) == ["ink", "ink", "rain", "rain", "snow", "snow", "snow"]


def test_another_prompt_pays_for_its_own_frames_alone(sdbr, emulator, clip):
    sdbr(*flags(clip, "--at", "0.2", "rain", "--at", "0.4", "snow"))
    before = len(prompts_sent(emulator))
    again = sdbr(*flags(clip, "--at", "0.2", "fog", "--at", "0.4", "snow"))
    assert "7 keyframes, 5 cached: 2 × 0.08 USD = 0.16 USD" in again.errors
    assert prompts_sent(emulator)[before:] == ["fog", "fog"]


def test_what_auto_places_again_under_a_cap_keeps_the_times(sdbr, emulator, clip):
    plan = ("vid2vid", clip, "ink", "--at", "0.4", "snow", "--max-cost", "0.32", "--json")
    (line,) = sdbr(*plan, "--seed", "7").lines
    sent = prompts_sent(emulator)
    assert len(sent) <= 4
    assert {1, 11} <= set(json.loads(line)["keyframes"])
    assert set(sent) == {"ink", "snow"}


def test_a_replay_has_the_same_prompts(sdbr, emulator, clip):
    made = sdbr(*flags(clip, "--at", "0.4", "snow"))
    sent = len(prompts_sent(emulator))
    assert sdbr("replay", str(made.paths[0])).code == 0
    assert len(prompts_sent(emulator)) == sent


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            ("--at", "5", "snow"),
            "--at 5 'snow' is after the last frame, at 0.760 seconds.",
        ),
        (
            ("--at", "0.41", "snow", "--at", "0.42", "rain"),
            "--at 0.42 'rain' begins at the same frame as the --at before it.",
        ),
        (("--at", "0.4", " "), "--at has no prompt. Use --at TIME PROMPT."),
        (("--at", "0.4", "snow", "--at", "0.4", "rain"), "--at has two shots with the same start."),
        (("--at", "0.4", "{snow|ice}"), "--at 0.4 has 2 prompts. Use one, and \\{ for a brace"),
        (("--at", "soon", "snow"), "--at is 'soon': use seconds or hh:mm:ss"),
    ],
)
def test_a_time_or_prompt_that_says_nothing_is_refused_before_a_send(
    sdbr, emulator, clip, more, said
):
    ran = sdbr(*flags(clip, *more))
    assert ran.code == 2
    assert said in ran.errors
    assert not prompts_sent(emulator)
