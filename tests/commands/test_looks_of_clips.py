"""Several looks for one clip: one price, one scan, and a result of its own for each."""

from __future__ import annotations

import json
import re

import pytest

from sdbr.workflows.clips import footage, scans
from tests.commands.clip_runs import clip_in, frames, invocations
from tests.commands.moving_inputs import dance_in

LOOKS = "{ink|oil}"
SEED = ("--seed", "7")
EVERY = ("--keyframes", "every:9")  # Two keyframes of ten frames.


def test_each_look_becomes_a_video_with_a_name_of_its_own(sdbr, emulator, workspace):
    clip_in(workspace, sounds=["aac"])
    ran = sdbr("vid2vid", "clip.mp4", LOOKS, *SEED, *EVERY)
    assert ran.code == 0, ran.errors
    assert [path.name for path in ran.paths] == ["clip-ink.mp4", "clip-oil.mp4"]
    assert [record.body["prompt"] for record in invocations(emulator)] == ["ink"] * 2 + ["oil"] * 2
    shown = [[frame.at for frame in frames(path)] for path in ("clip.mp4", *ran.paths)]
    assert shown[0] == shown[1] == shown[2]
    assert re.search(r"clip \(oil\): .*flicker", ran.errors)


def test_the_looks_have_one_price_and_share_one_scan(sdbr, emulator, workspace, monkeypatch):
    scanned = []

    def survey(*told, **more):
        scanned.append(told)
        return footage.survey_clip(*told, **more)

    monkeypatch.setattr(scans, "survey_clip", survey)
    told = ("vid2vid", clip_in(workspace), LOOKS, *SEED, *EVERY)
    ran = sdbr(*told, "--dry-run")
    assert "20 frames: 4 keyframes × 0.08 USD = 0.32 USD" in ran.errors
    assert sdbr(*told, "--max-cost", "0.32").code == 0
    assert len(scanned) == 1
    assert len(invocations(emulator)) == 4


def test_a_look_that_was_made_before_is_paid_once(sdbr, emulator, workspace):
    told = ("vid2vid", clip_in(workspace))
    sdbr(*told, "ink", *SEED, *EVERY)
    assert len(invocations(emulator)) == 2
    first = sdbr(*told, LOOKS, *SEED, *EVERY)
    assert len(invocations(emulator)) == 4
    assert sdbr(*told, LOOKS, *SEED, *EVERY).paths == first.paths
    assert len(invocations(emulator)) == 4


@pytest.mark.parametrize(
    ("told", "names"),
    [
        (("ink", "--seed", "1,2"), ["clip-1", "clip-2"]),
        (("ink", "--strength", "0.3,0.6"), ["clip-strength-0.3", "clip-strength-0.6"]),
        (
            (LOOKS, "--strength", "0.3,0.6"),
            [
                "clip-ink-strength-0.3",
                "clip-ink-strength-0.6",
                "clip-oil-strength-0.3",
                "clip-oil-strength-0.6",
            ],
        ),
        ((LOOKS, "--name", "{prompt}-of-{input}"), ["ink-of-clip", "oil-of-clip"]),
        ((LOOKS, "--name", "film"), ["film-ink", "film-oil"]),
    ],
)
def test_what_differs_is_in_the_names(sdbr, workspace, told, names):
    ran = sdbr("vid2vid", clip_in(workspace), "--offline", *EVERY, *told)
    assert ran.code == 0, ran.errors
    assert [path.stem for path in ran.paths] == names


def test_one_look_of_several_is_made_again_as_it_was(sdbr, emulator, workspace):
    paths = sdbr("vid2vid", clip_in(workspace), LOOKS, *SEED, *EVERY).paths
    before = paths[1].read_bytes()
    paths[1].unlink()
    again = sdbr("replay", str(paths[0]), "--prompt", "oil")
    assert again.code == 0, again.errors
    assert again.paths == [paths[1]]
    assert paths[1].read_bytes() == before
    assert len(invocations(emulator)) == 4


def test_several_looks_do_not_fit_into_one_file(sdbr, emulator, workspace):
    dance = dance_in(workspace)
    for told in (("vid2vid", clip_in(workspace), "-o", "a.mp4"), ("img2gif", dance, "-o", "a.gif")):
        ran = sdbr(told[0], told[1], LOOKS, *told[2:])
        assert ran.code == 2
        assert "2 looks cannot be written to one file. Use -o with a folder." in ran.errors
    assert not invocations(emulator)


def test_an_animation_becomes_one_in_each_look(sdbr, workspace):
    ran = sdbr("img2gif", dance_in(workspace), LOOKS, "--offline", "--json")
    assert ran.code == 0, ran.errors
    stems = [json.loads(line)["path"].rpartition("/")[2] for line in ran.lines]
    assert [stem.removesuffix(".gif").rpartition("-")[2] for stem in stems] == ["ink", "oil"]


def test_models_that_treat_keyframes_differently_are_refused_together(sdbr, emulator, workspace):
    models = ("--model", "sd3.5,remove-background")
    ran = sdbr("vid2vid", clip_in(workspace), "ink", *models)
    assert ran.code == 2
    assert "Run the command once for each kind" in ran.errors
    assert not invocations(emulator)
