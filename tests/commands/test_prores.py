"""Clips for editors, from the command line."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from tests.commands.clip_runs import clip_in, frames, invocations
from tests.media.made_clips import Film, make_film, picture


def profile(path: Path) -> str | None:
    with av.open(str(path)) as container:
        return container.streams.video[0].profile


@pytest.mark.parametrize("told", [(), ("-o", "edit.mov")])
def test_a_clip_becomes_prores_422_hq_as_long_as_it_was(sdbr, workspace, told):
    ran = sdbr("vid2vid", clip_in(workspace), "ink", "--offline", "--container", "prores", *told)
    assert ran.code == 0, ran.errors
    assert Path(ran.paths[0]).name == ("edit.mov" if told else "clip.mov")
    assert profile(ran.paths[0]) == "HQ"
    times = [
        [(frame.at, frame.lasts) for frame in frames(path)] for path in ("clip.mp4", ran.paths[0])
    ]
    assert times[0] == times[1]


@pytest.mark.parametrize("told", [(), ("-o", "edit.mov"), ("--background", "red")])
def test_a_transparent_clip_becomes_prores_4444(sdbr, workspace, told):
    images = [picture(0, alpha=True)] * 4
    make_film(workspace / "clip.mov", Film("qtrle", "argb", Film().times[:4], tags={}), images)
    ran = sdbr("vid2vid", "clip.mov", "ink", "--offline", "--container", "prores", *told)
    assert ran.code == 0, ran.errors
    assert profile(ran.paths[0]) == "4444"
    alpha = frames(ran.paths[0])[2].image[..., 3]
    assert abs(alpha.astype(int) - images[2][..., 3]).mean() < 1


def test_h264_and_prores_of_a_clip_stand_side_by_side_and_are_paid_once(sdbr, emulator, workspace):
    clip_in(workspace)
    command = ("vid2vid", "clip.mp4", "ink", "--seed", "7", "--container")
    first = sdbr(*command, "mov")
    sent = len(invocations(emulator))
    second = sdbr(*command, "prores")
    assert len(invocations(emulator)) == sent
    assert profile(first.paths[0]) != "HQ"
    assert profile(second.paths[0]) == "HQ"
    assert sdbr(*command, "prores").paths == second.paths


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (("--crf", "20"), "--crf has no effect on ProRes."),
        (("-o", "a.mp4"), "--container prores and --output a.mp4 contradict each other."),
    ],
)
def test_what_prores_cannot_be_is_refused_before_a_call(sdbr, emulator, workspace, told, said):
    ran = sdbr("vid2vid", clip_in(workspace), "ink", "--container", "prores", *told)
    assert ran.code == 2
    assert said in ran.errors
    assert not invocations(emulator)


def test_a_replay_makes_prores_again(sdbr, workspace):
    clip_in(workspace)
    made = sdbr("vid2vid", "clip.mp4", "ink", "--offline", "--container", "prores", "--seed", "7")
    again = sdbr("replay", str(made.paths[0]), "--offline", "-o", "again/")
    assert again.code == 0, again.errors
    assert profile(again.paths[0]) == "HQ"
