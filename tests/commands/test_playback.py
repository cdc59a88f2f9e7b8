"""--reverse and --ping-pong: the same frames in another order, none of them paid for again."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sdbr.media.open import open_reader
from tests.commands.clip_runs import clip_in, frames, invocations
from tests.commands.moving_inputs import dance_in, photo_in
from tests.commands.test_vid2vid_calls import shots_in

SEED = ("--seed", "7")
EVERY = ("--keyframes", "every:4")
LOSSLESS = ("--container", "frames")


def test_the_frames_turn_around_and_none_is_sent_again(sdbr, emulator, workspace):
    told = ("vid2vid", shots_in(workspace, count=1), "ink", *SEED, *EVERY, *LOSSLESS, "--yes")
    forward = sdbr(*told)
    sent = len(invocations(emulator))
    there = [frame.image for frame in frames(forward.paths[0])]
    for flag, shown in (("--reverse", there[::-1]), ("--ping-pong", there + there[-2:0:-1])):
        ran = sdbr(*told, flag, "--json")
        assert ran.code == 0, ran.errors
        told_back = json.loads(ran.lines[0])
        played = [frame.image for frame in frames(told_back["path"])]
        assert np.array_equal(played, shown)
        assert told_back["frames"] == len(played)
        assert told_back["duration"] == pytest.approx(len(played) / 25)
        assert told_back["cost"] == 0
    assert len(there) == 9
    assert len(invocations(emulator)) == sent


@pytest.mark.parametrize(("flag", "length"), [("--reverse", 10), ("--ping-pong", 18)])
def test_the_sound_comes_along(sdbr, workspace, flag, length):
    clip_in(workspace, sounds=["aac"])
    ran = sdbr("vid2vid", "clip.mp4", "ink", "--offline", flag)
    assert ran.code == 0, ran.errors
    clip = open_reader(ran.paths[0]).clip
    assert [track.codec for track in clip.sound] == ["aac"]
    assert float(clip.duration) == pytest.approx(length / 25)
    assert "re-encoded" not in ran.errors


def test_a_sheet_puts_each_result_beside_its_source(sdbr, workspace):
    clip_in(workspace)
    told = ("vid2vid", "clip.mp4", "ink", "--offline", *SEED, *EVERY, "--container", "apng")
    sheets = []
    for more in ((), ("--reverse",)):
        assert sdbr(*told, *more, "--sheet").code == 0
        (newest,) = {*(workspace / "generate" / "videos").glob("*-sheet*")} - {*sheets}
        sheets.append(newest)
    assert sheets[0].read_bytes() == sheets[1].read_bytes()


def test_an_animation_goes_there_and_back(sdbr, workspace):
    dance = dance_in(workspace)
    count = len(frames(dance))
    ran = sdbr("img2gif", dance, "ink", "--offline", "--ping-pong")
    assert ran.code == 0, ran.errors
    assert len(frames(ran.paths[0])) == 2 * count - 2


def test_the_animation_of_a_still_plays_backward(sdbr, emulator, workspace):
    told = ("img2gif", photo_in(workspace), "a", "--frames", "3", *SEED, "--format", "apng")
    forward = [frame.image for frame in frames(sdbr(*told).paths[0])]
    sent = len(invocations(emulator))
    backward = [frame.image for frame in frames(sdbr(*told, "--reverse").paths[0])]
    assert np.array_equal(backward, forward[::-1])
    assert len(invocations(emulator)) == sent


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (("--reverse", "--ping-pong"), "--reverse and --ping-pong cannot be used together."),
        (
            ("--reverse", "--otio"),
            "--otio describes a clip that plays forward. Leave out --reverse.",
        ),
    ],
)
def test_what_contradicts_is_refused_before_a_call(sdbr, emulator, workspace, told, said):
    ran = sdbr("vid2vid", clip_in(workspace), "ink", *told)
    assert ran.code == 2
    assert said in ran.errors
    assert not invocations(emulator)


def test_a_replay_plays_backward_again(sdbr, workspace):
    clip_in(workspace)
    made = sdbr("vid2vid", "clip.mp4", "ink", "--offline", *SEED, "--reverse").paths[0]
    before = made.read_bytes()
    made.unlink()
    sdbr("vid2vid", "clip.mp4", "ink", "--offline", *SEED, "--reverse")
    assert made.read_bytes() == before
    again = sdbr("replay", str(made), "--offline", "--json")
    assert again.code == 0, again.errors
    assert made.read_bytes() == before
