import json
import os
import re
import signal
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sdbr.emulator import Faults
from tests.commands.clip_runs import clip_in, frames, invocations
from tests.media.made_clips import Film, make_film, picture
from tests.motion.scenes import pan


def test_the_same_command_sends_nothing_and_other_settings_take_another_name(
    sdbr, emulator, workspace
):
    clip_in(workspace)
    first = sdbr("vid2vid", "clip.mp4", "ink")
    data = first.paths[0].read_bytes()
    sent = len(invocations(emulator))
    assert sdbr("vid2vid", "clip.mp4", "ink").paths == first.paths
    assert first.paths[0].read_bytes() == data
    assert len(invocations(emulator)) == sent
    assert sdbr("vid2vid", "clip.mp4", "oil").paths[0].name == "clip-2.mp4"


def test_every_8_after_every_16_pays_only_for_the_new_half(sdbr, emulator, workspace):
    calm = [np.clip(picture(0).astype(int) + n, 0, 255).astype(np.uint8) for n in range(33)]
    make_film(workspace / "clip.mp4", Film(times=tuple(Fraction(i, 25) for i in range(33))), calm)
    sdbr("vid2vid", "clip.mp4", "ink", "--seed", "7", "--keyframes", "every:16")
    first = len(invocations(emulator))
    sdbr("vid2vid", "clip.mp4", "ink", "--seed", "7", "--keyframes", "every:8")
    assert (first, len(invocations(emulator)) - first) == (3, 2)


def test_a_still_screen_is_drawn_once(sdbr, emulator, workspace):
    (workspace / "still").mkdir()
    for number in range(6):
        Image.fromarray(picture(number // 3)).save(workspace / "still" / f"{number}.png")
    ran = sdbr(
        "vid2vid", "still", "ink", "--keyframes", "all", "--seed-policy", "step", "--fps", "8"
    )
    assert ran.code == 0, ran.errors
    assert len(invocations(emulator)) == 2
    assert len(frames(ran.paths[0])) == 6


def test_a_frame_that_fails_leaves_no_clip_and_the_next_run_pays_for_it_alone(
    sdbr, start_emulator, workspace
):
    emulator = start_emulator(faults=Faults(error_500="nth:3"))
    clip_in(workspace)
    flags = ("--keyframes", "all", "--steady", "off", "--seed", "7", "--attempts", "1")
    ran = sdbr("vid2vid", "clip.mp4", "ink", *flags)
    assert ran.code == 8
    assert "1 of 10" in ran.failure
    assert not (workspace / "generate/videos/clip.mp4").exists()
    before = len(invocations(emulator))
    assert sdbr("vid2vid", "clip.mp4", "ink", *flags).code == 0
    assert len(invocations(emulator)) - before == 1


def test_both_prices_are_told_and_the_cap_decides_how_many_keyframes(sdbr, emulator, workspace):
    times = tuple(Fraction(i, 25) for i in range(24))
    make_film(workspace / "clip.mp4", Film(times=times), pan(24, step=24))
    dry = sdbr("vid2vid", "clip.mp4", "ink", "--dry-run")
    assert "24 frames: " in dry.errors
    planned = json.loads(sdbr("vid2vid", "clip.mp4", "ink", "--dry-run", "--json").data)
    more = 0.08 * max(2, len(planned["keyframes"]) // 4)
    assert f"all frames: 1.92 USD; up to {more:.2f} USD more where optical flow" in dry.errors
    assert planned["frames"] == 24
    assert planned["keyframes"][0] == 1
    assert planned["body"]["prompt"] == "ink"
    capped = ("vid2vid", "clip.mp4", "ink", "--max-cost", "0.32")
    assert 2 <= len(json.loads(sdbr(*capped, "--dry-run", "--json").data)["keyframes"]) <= 4
    fewer = len(json.loads(sdbr(*capped, "--dry-run", "--json").data)["keyframes"])
    ran = sdbr(*capped)
    assert f"The cap of 0.32 USD covers {fewer} keyframes instead of " in ran.errors
    assert sum(record.made for record in emulator.received) <= 4
    assert ran.code in (0, 7)


def test_a_trial_draws_a_few_frames_that_the_full_run_finds_again(sdbr, emulator, workspace):
    clip_in(workspace)
    flags = ("clip.mp4", "ink", "--seed", "7")
    trial = sdbr("vid2vid", *flags, "--test-frames", "4")
    assert trial.paths[0].suffix == ".png"
    assert len(invocations(emulator)) == 4
    told = json.loads(sdbr("vid2vid", *flags, "--json").lines[0])
    assert {1, 4, 7, 10} <= set(told["keyframes"])
    assert len(invocations(emulator)) == told["drawn"]


def test_an_interrupted_trial_shows_no_sheet_of_a_part(sdbr_process, start_emulator, workspace):
    emulator = start_emulator(latency=0.3)
    clip_in(workspace)
    flags = ("--test-frames", "10", "--workers", "1", "--seed", "7")
    process = sdbr_process("vid2vid", "clip.mp4", "ink", *flags)
    deadline = time.monotonic() + 30
    while len(invocations(emulator)) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, b""), err
    assert b"pictures; they are saved" in err
    assert len(invocations(emulator)) < 10


def test_an_interrupted_clip_tells_how_many_pictures_were_paid_for(
    sdbr_process, start_emulator, workspace
):
    emulator = start_emulator(latency=0.3)
    clip_in(workspace, times=tuple(Fraction(i, 25) for i in range(16)))
    flags = ("--seed", "7", "--keyframes", "all", "--workers", "4", "--yes")
    process = sdbr_process("vid2vid", "clip.mp4", "ink", *flags)
    deadline = time.monotonic() + 30
    while len(invocations(emulator)) < 6 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert f"Interrupted after {emulator.pictures_made} of 16 pictures".encode() in err, err


def test_a_clip_that_ends_at_its_cap_counts_each_picture_that_it_paid_for(
    sdbr, emulator, workspace
):
    clip_in(workspace)
    flags = ("--keyframes", "all", "--workers", "4", "--max-cost", "0.32")
    ran = sdbr("vid2vid", "clip.mp4", "ink", *flags)
    assert (ran.code, emulator.pictures_made) == (7, 4)
    assert "6 of 10 pictures are missing." in ran.failure
    assert "0.32 USD spent (emulated)" in ran.errors


def test_a_killed_run_ends_as_an_undisturbed_one(sdbr, sdbr_process, start_emulator, workspace):
    emulator = start_emulator(latency=0.15)
    clip_in(workspace, times=tuple(Fraction(i, 25) for i in range(16)))
    flags = ("--seed", "7", "--keyframes", "all", "--steady", "off", "--workers", "2", "--yes")
    process = sdbr_process("vid2vid", "clip.mp4", "ink", *flags)
    deadline = time.monotonic() + 30
    while len(invocations(emulator)) < 6 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    ran = sdbr("vid2vid", "clip.mp4", "ink", *flags)
    assert ran.code == 0, ran.errors
    assert len(invocations(emulator)) <= 16 + 2
    left = [path for path in workspace.rglob("*.part*") if path.is_file()]
    assert not left
    undisturbed = sdbr("vid2vid", "clip.mp4", "ink", *flags, "--workspace", "other")
    assert undisturbed.paths[0].read_bytes() == ran.paths[0].read_bytes()


def test_frames_that_start_from_the_last_result_are_priced_before_it_is_there(
    sdbr, emulator, workspace
):
    clip_in(workspace)
    flags = ("vid2vid", "clip.mp4", "ink", "--seed", "7", "--keyframes", "every:4")
    sdbr(*flags)
    onward = sdbr(*flags, "--init", "from-previous")
    assert "4 keyframes, 1 cached: 3 ×" in onward.errors
    assert len(invocations(emulator)) == 4 + 3


def test_nothing_is_drawn_beyond_the_price_that_was_agreed_to(sdbr, emulator, workspace):
    rng = np.random.default_rng(1)
    noise = [rng.integers(0, 255, (64, 96, 3), np.uint8) for _ in range(12)]
    make_film(workspace / "clip.mp4", Film(times=tuple(Fraction(i, 25) for i in range(12))), noise)
    flags = ("--keyframes", "every:11", "--ask-above", "0.24", "--max-flicker", "0.001")
    ran = sdbr("vid2vid", "clip.mp4", "ink", *flags)
    assert ran.code == 8
    assert "Lower --strength, or raise --max-flicker." in ran.failure
    assert len(invocations(emulator)) <= 3
    again = sdbr("vid2vid", "clip.mp4", "ink", *flags, "--max-cost", "0.24")
    assert "Lower --strength, raise --max-cost, or raise --max-flicker." in again.failure


@pytest.mark.usefixtures("emulator")
def test_each_of_two_clips_may_draw_beyond_its_plan_under_a_cap(sdbr, workspace):
    for seed, name in enumerate(("a.mp4", "b.mp4")):
        rng = np.random.default_rng(seed)
        noise = [rng.integers(0, 255, (64, 96, 3), np.uint8) for _ in range(12)]
        make_film(workspace / name, Film(times=tuple(Fraction(i, 25) for i in range(12))), noise)
    ran = sdbr("vid2vid", "a.mp4", "b.mp4", "ink", "--keyframes=every:11", "--json", "--max-cost=1")
    told = [json.loads(line) for line in ran.lines]
    assert [one["drawn"] - len(one["keyframes"]) for one in told] == [2, 2]


def test_a_cap_that_no_plan_can_keep_is_told_before_a_call(sdbr, emulator, workspace):
    shots = [frame for seed in range(3) for frame in pan(6, step=1, seed=seed + 2)]
    make_film(workspace / "clip.mp4", Film(times=tuple(Fraction(i, 25) for i in range(18))), shots)
    ran = sdbr("vid2vid", "clip.mp4", "ink", "--max-cost", "0.10")
    assert ran.code == 7
    assert "--max-cost 0.10 does not cover the fewest keyframes possible" in ran.failure
    enough = re.search(r"Use at least (--max-cost) (\S+)\.$", ran.failure)
    assert enough
    assert sdbr("vid2vid", "clip.mp4", "ink", *enough.groups(), "--dry-run").code == 0
    assert not emulator.received


def test_what_was_reviewed_is_what_the_film_is_made_of(sdbr, emulator, workspace):
    clip_in(workspace)
    flags = ("clip.mp4", "ink", "--seed", "7", "--init", "from-previous", "--keyframes", "every:4")
    assert sdbr("vid2vid", *flags, "--review").code == 0
    sent = len(invocations(emulator))
    ran = sdbr("vid2vid", *flags)
    assert ran.code == 0, ran.errors
    assert len(invocations(emulator)) == sent


def test_what_may_come_beyond_the_price_is_told(sdbr, workspace):
    clip_in(workspace)
    flags = ("--keyframes", "every:4", "--max-flicker", "0.1", "--dry-run", "--offline")
    ran = sdbr("vid2vid", "clip.mp4", "ink", *flags)
    assert "up to 0.48 USD more for --max-flicker" in ran.errors


def test_a_dry_run_of_a_redraw_leaves_no_mark(sdbr, emulator, workspace):
    flags = (clip_in(workspace), "ink", "--seed", "7", "--keyframes", "every:4")
    assert sdbr("vid2vid", *flags).code == 0
    sent = len(emulator.received)
    assert sdbr("vid2vid", *flags, "--redraw", "2", "--dry-run").code == 0
    assert sdbr("vid2vid", *flags).code == 0
    assert len(emulator.received) == sent
    assert sdbr("vid2vid", *flags, "--redraw", "2").code == 0
    assert len(emulator.received) == sent + 1


def test_a_redraw_keeps_the_clip_of_before_beside_the_new_one(sdbr, emulator, workspace):
    flags = (clip_in(workspace), "ink", "--seed", "7", "--keyframes", "every:4")
    (path,) = sdbr("vid2vid", *flags).paths
    before, second = path.read_bytes(), path.with_name("clip-2.mp4")
    ran = sdbr("vid2vid", *flags, "--redraw", "2")
    assert ran.paths == [path]
    assert f"clip: the clip as it was before is {second}." in ran.errors
    assert second.read_bytes() == before != path.read_bytes()
    assert sdbr("vid2vid", *flags, "--redraw", "2", "--max-cost", "0.01").code == 7
    assert _clips(path.parent) == ["clip-2.mp4", "clip.mp4"]
    going_on = sdbr("vid2vid", *flags)
    assert "clip: the clip as it was before is generate/videos/clip-3.mp4." in going_on.errors
    assert "before is" not in sdbr("vid2vid", *flags).errors
    assert _clips(path.parent) == ["clip-2.mp4", "clip-3.mp4", "clip.mp4"]
    assert emulator.pictures_made == 6


def _clips(folder):
    return sorted(path.name for path in folder.glob("clip*.mp4"))


def test_where_overwriting_is_asked_for_a_redraw_keeps_nothing(sdbr, emulator, workspace):
    flags = (clip_in(workspace), "ink", "--seed", "7", "--keyframes", "every:4", "-o", "o.mp4")
    assert sdbr("vid2vid", *flags).code == 0
    assert sdbr("vid2vid", *flags, "--redraw", "2", "--overwrite").code == 0
    assert emulator.pictures_made == 5
    assert not (workspace / "o-2.mp4").exists()


def test_a_redraw_of_what_was_never_drawn_says_first_that_it_draws_everything(sdbr, workspace):
    flags = (clip_in(workspace), "ink", "--seed", "7", "--keyframes", "every:4", "--offline")
    ran = sdbr("vid2vid", *flags, "--redraw", "2", "--dry-run")
    told = ran.errors.partition("keyframes ×")[0]
    assert (
        "clip: not generated before with these flags, so --redraw generates every keyframe." in told
    )
    assert sdbr("vid2vid", *flags, "--review").code == 0
    assert "generates every keyframe" not in sdbr("vid2vid", *flags, "--redraw", "2").errors


def test_an_interrupted_redraw_goes_on_with_the_seeds_that_it_had(sdbr, emulator, workspace):
    flags = (clip_in(workspace), "ink", "--seed", "7", "--keyframes", "every:4")
    assert sdbr("vid2vid", *flags).code == 0
    sent = len(emulator.received)
    again = (*flags, "--redraw", "1,2", "--workers", "1")
    assert sdbr("vid2vid", *again, "--max-cost", "0.09").code == 7
    paid = len(emulator.received)
    assert sent < paid < sent + 2
    assert sdbr("vid2vid", *again).code == 0
    assert len(emulator.received) == sent + 2
    assert sdbr("vid2vid", *again).code == 0
    assert len(emulator.received) == sent + 4


@pytest.mark.usefixtures("emulator")
def test_a_review_tells_its_sheet_as_json_where_that_is_asked_for(sdbr, workspace):
    told = json.loads(
        sdbr(
            "vid2vid", clip_in(workspace), "ink", "--keyframes", "every:4", "--review", "--json"
        ).lines[0]
    )
    assert Path(told["path"]).suffix == ".png"
    assert told["frames"] == [1, 5, 9, 10]


@pytest.mark.parametrize("flag", ["--max-flicker", "--unexplained", "--feedback"])
def test_what_is_no_number_is_refused(sdbr, emulator, workspace, flag):
    ran = sdbr("vid2vid", clip_in(workspace), "ink", flag, "nan")
    assert ran.code == 2
    assert f"Invalid {flag}: 'nan' is not a number" in ran.failure
    assert not emulator.received


@pytest.mark.usefixtures("emulator")
def test_a_flag_of_0_makes_a_film_of_its_own(sdbr, workspace):
    flags = (clip_in(workspace), "ink", "--seed", "7", "--keyframes", "every:4")
    plain = sdbr("vid2vid", *flags).paths
    assert sdbr("vid2vid", *flags, "--max-flicker", "0", "--yes").paths != plain


@pytest.mark.usefixtures("emulator")
def test_keyframes_that_do_not_help_are_left_out_again(sdbr, workspace):
    times = tuple(Fraction(i, 25) for i in range(24))
    make_film(workspace / "clip.mp4", Film(times=times), pan(24, step=24))
    flags = ("clip.mp4", "ink", "--seed", "7", "--keyframes", "every:12", "--json", "--yes")
    plain = json.loads(sdbr("vid2vid", *flags).lines[0])
    assert plain["drawn"] > len(plain["keyframes"])
    ran = sdbr("vid2vid", *flags, "--max-flicker", "0.001")
    assert ran.code == 8
    told = json.loads(ran.lines[0])
    assert told["steadiness"]["flicker"] <= plain["steadiness"]["flicker"]
    rounds = [int(count) for count in re.findall(r"generating (\d+) more keyframe", ran.errors)]
    assert rounds
    left_out = rounds[-1] if "so the clip is made without" in ran.errors else 0
    assert len(told["keyframes"]) == len(plain["keyframes"]) + sum(rounds) - left_out


def _people():
    clip = Path(os.environ.get("SDBR_TEST_MEDIA", "missing")) / "clips" / "people-480x270.gif"
    if not clip.exists():
        pytest.skip("SDBR_TEST_MEDIA names no folder of real media")
    return clip


@pytest.mark.usefixtures("emulator")
def test_the_plan_tells_where_things_move_fast_and_what_other_levels_cost(sdbr):
    people = _people()
    ran = sdbr("vid2vid", str(people), "ink", "--dry-run")
    told = re.search(
        r"fast motion at 0\.0–[\d.]+ s; "
        r"other levels: auto:draft about (\d+) \(([\d.]+) USD\), "
        r"auto:fine about (\d+) \(([\d.]+) USD\)",
        ran.errors,
    )
    assert ran.errors.count("motion") == 1
    assert told, ran.errors
    drawn = int(re.search(r"(\d+) of 23 frames to generate", ran.errors)[1])
    draft, draft_usd, fine, fine_usd = map(float, told.groups())
    assert draft < drawn < fine
    assert (draft_usd, fine_usd) == (pytest.approx(0.08 * draft), pytest.approx(0.08 * fine))
    plain = sdbr("vid2vid", str(people), "ink", "--dry-run", "--keyframes", "every:8")
    assert "auto:" not in plain.errors


@pytest.mark.usefixtures("emulator")
def test_a_cap_is_kept_by_every_level_of_auto(sdbr):
    people = _people()
    flags = ("--keyframes", "auto:fine", "--max-cost", "0.40", "--dry-run", "--json")
    ran = sdbr("vid2vid", str(people), "ink", *flags)
    assert ran.code == 0, ran.errors
    assert len(json.loads(ran.lines[0])["keyframes"]) <= 5


@pytest.mark.usefixtures("emulator")
def test_the_prices_of_other_levels_do_not_depend_on_the_cap(sdbr):
    people = str(_people())
    free, capped = (
        sdbr("vid2vid", people, "ink", "--seed", "1", "--dry-run", *cap).errors
        for cap in ((), ("--max-cost", "0.32"))
    )
    assert "The cap of 0.32 USD covers" in capped
    levels = re.search(r"other levels: [^\n]*", free)[0]
    assert levels in capped


@pytest.mark.usefixtures("emulator")
def test_a_trial_is_named_after_the_clip_and_priced_by_its_frames(sdbr, workspace):
    flags = ("vid2vid", clip_in(workspace), "ink", "--keyframes", "every:8", "--seed", "7")
    assert sdbr(*flags).paths == [Path("generate/videos/clip.mp4")]
    other = (*flags[:2], "oil", *flags[3:])
    trial = sdbr(*other, "--test-frames", "3", "--fresh")
    assert trial.paths == [Path("generate/videos/clip-trial.png")]
    assert "\n3 frames × 0.08 USD = 0.24 USD" in trial.errors
    assert "where optical flow is unreliable" not in trial.errors
    review = sdbr(*other, "--review")
    assert review.paths == [Path("generate/videos/clip-review.png")]
    planned = int(re.search(r": (\d+) of \d+ frames to generate", review.errors)[1])
    assert f": {planned} keyframes, 3 cached" in review.errors or planned == 3
