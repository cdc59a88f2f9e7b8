from __future__ import annotations

import json
import os
import re
import signal
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from sdbr.emulator import Faults
from sdbr.media.open import open_reader, read_comment
from sdbr.store import ledger_queries
from sdbr.store.ledger import Ledger
from tests.commands.moving_inputs import dance_in, frames_of, lengths, photo_in

MEDIA = os.environ.get("SDBR_TEST_MEDIA")


@pytest.fixture
def photo(workspace):
    return photo_in(workspace)


@pytest.fixture
def dance(workspace):
    return dance_in(workspace)


def sends(workspace):
    return ledger_queries.sends(Ledger(workspace / ".sdbr" / "ledger.db"), "")


def test_a_still_becomes_a_gif_with_its_frames_beside_it(emulator, sdbr, photo, workspace):
    ran = sdbr("img2gif", photo, "as a woodcut", "--frames", "4")
    assert ran.code == 0
    assert ran.lines == ["generate/img/photo.gif"]
    assert len(emulator.received) == 4
    assert lengths("generate/img/photo.gif") == [Fraction(1, 10)] * 4
    names = sorted(path.name for path in (workspace / "generate/img/frames/photo").iterdir())
    assert names == ["000001.png", "000002.png", "000003.png", "000004.png", "frames.json"]
    assert "4 frames × 0.08 USD = 0.32 USD" in ran.errors


@pytest.mark.parametrize(
    "motion",
    [
        ("--motion", "vary"),
        ("--motion", "evolve", "--zoom", "1.1"),
        ("--motion", "ramp"),
        ("--to-prompt", "b"),
    ],
)
def test_the_same_command_again_costs_nothing_and_gives_the_same_file(
    emulator, sdbr, photo, motion
):
    told = ("img2gif", photo, "a", "--frames", "5", *motion)
    first = sdbr(*told)
    before = first.paths[0].read_bytes()
    sent = len(emulator.received)
    second = sdbr(*told)
    assert second.lines == first.lines
    assert second.paths[0].read_bytes() == before
    assert len(emulator.received) == sent == 5
    assert "5 frames, all cached = 0.00 USD" in second.errors


def test_another_way_of_writing_draws_nothing_anew(emulator, sdbr, photo):
    sdbr("img2gif", photo, "a", "--frames", "4")
    again = sdbr(
        "img2gif", photo, "a", "--frames", "4", "--fps", "20", "--ping-pong", "--format", "webp"
    )
    assert len(emulator.received) == 4
    assert lengths(again.paths[0]) == [Fraction(1, 20)] * 6


def test_more_frames_than_before_cost_only_the_new_ones(emulator, sdbr, photo):
    sdbr("img2gif", photo, "a", "--frames", "3", "--motion", "evolve")
    more = sdbr("img2gif", photo, "a", "--frames", "5", "--motion", "evolve")
    assert len(emulator.received) == 5
    assert "5 frames, 3 cached: 2 × 0.08 USD" in more.errors


@pytest.mark.usefixtures("emulator")
def test_delays_add_up_to_the_whole_duration(sdbr, photo):
    ran = sdbr("img2gif", photo, "a", "--frames", "7", "--fps", "12", "--hold", "0.5")
    told = lengths(ran.paths[0])
    assert sum(told) == Fraction(158, 100)  # 7 / 12 + 1 s, to the centisecond
    assert set(told[1:-1]) <= {Fraction(8, 100), Fraction(9, 100)}


def test_crossfades_cost_nothing(emulator, sdbr, photo):
    ran = sdbr("img2gif", photo, "a", "--frames", "3", "--crossfade", "2", "--json")
    told = json.loads(ran.lines[0])
    assert (told["price"], told["cost"]) == (0.08, 0.24)
    assert (told["drawn"], told["frames"]) == (3, 9)
    assert len(emulator.received) == 3


@pytest.mark.usefixtures("emulator")
def test_the_fit_under_a_size_is_kept(sdbr, photo):
    ran = sdbr("img2gif", photo, "a", "--frames", "3", "--width", "300", "--max-size", "8kB")
    assert ran.paths[0].stat().st_size <= 8000


@pytest.mark.usefixtures("emulator")
def test_what_a_size_took_away_is_told_of_each_animation_by_name(sdbr, photo, workspace):
    Image.open(photo).rotate(90).save(workspace / "other.png")
    ran = sdbr("img2gif", photo, "other.png", "a", "--frames", "2", "--max-size", "5kB")
    assert re.findall(r"^(\S+): \d+ colors, \d+ pixels wide", ran.errors, re.MULTILINE) == [
        photo,
        "other.png",
    ]


@pytest.mark.usefixtures("emulator", "workspace")
def test_a_cap_that_ends_a_run_over_several_clips_tells_how_many_there_are(sdbr):
    for name, color in (("a", "navy"), ("b", "teal"), ("c", "plum")):
        frames = [Image.new("RGB", (64, 64), color), Image.new("RGB", (64, 64), "white")]
        frames[0].save(f"{name}.gif", save_all=True, append_images=frames[1:])
    ran = sdbr("img2gif", "a.gif", "b.gif", "c.gif", "ink", "--max-cost=0.2")
    assert (ran.code, ran.lines) == (7, ["generate/img/a.gif", "generate/img/b.gif"])
    assert "2 of 3 clips done. The next picture costs 0.08 USD" in ran.failure


@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize("ending", ["webp", "apng", "mp4"])
def test_other_formats_hold_the_same_frames_and_tell_how_they_were_made(sdbr, photo, ending):
    ran = sdbr("img2gif", photo, "a", "--frames", "3", "--format", ending)
    assert ran.lines == [f"generate/img/photo.{ending}"]
    assert sum(lengths(ran.paths[0])) == Fraction(3, 10)
    assert frames_of(ran.paths[0])[0].image.shape[2] == 3
    assert json.loads(read_comment(ran.paths[0]))["motion"] == "vary"


@pytest.mark.usefixtures("emulator")
def test_what_a_cut_out_lets_through_stays_so(sdbr, workspace):
    cut = Image.new("RGBA", (64, 48), (200, 40, 40, 255))
    cut.paste((0, 0, 0, 0), (0, 0, 32, 48))
    cut.save(workspace / "cut.png")
    ran = sdbr("img2gif", "cut.png", "a", "--frames", "2")
    for frame in frames_of(ran.paths[0]):
        assert (frame.image[:, :30, 3] == 0).all()
        assert (frame.image[:, 34:, 3] == 255).all()


def test_a_trial_draws_a_few_frames_and_prints_a_sheet(emulator, sdbr, photo):
    ran = sdbr("img2gif", photo, "a", "--frames", "9", "--test-frames", "3")
    assert ran.lines == ["generate/img/photo-trial.png"]
    assert len(emulator.received) == 3
    sdbr("img2gif", photo, "a", "--frames", "9")
    assert len(emulator.received) == 9


def test_a_trial_of_a_chain_draws_its_beginning(emulator, sdbr, photo):
    sdbr("img2gif", photo, "a", "--frames", "9", "--test-frames", "3", "--motion", "evolve")
    assert len(emulator.received) == 3


def test_a_dry_run_sends_nothing_and_tells_of_each_frame(emulator, sdbr, photo):
    ran = sdbr("img2gif", photo, "a", "--frames", "3", "--motion", "evolve", "--dry-run")
    assert ran.lines[0] == "photo.png: writing 3 frames to generate/img/photo.gif"
    assert sum(line.startswith("frame ") for line in ran.lines) == 3
    assert sum(", " in line and "over frame" in line for line in ran.lines) == 2
    told = sdbr("img2gif", photo, "a", "--frames", "3", "--motion", "evolve", "--dry-run", "--json")
    planned = json.loads(told.data)
    assert [frame["over"] for frame in planned["frames"]] == [[], [1], [2]]
    assert planned["frames"][0]["body"]["prompt"] == "a"
    assert not emulator.received


def test_a_run_over_the_limit_is_not_begun_without_consent(emulator, sdbr, photo):
    ran = sdbr("img2gif", photo, "a", "--frames", "40", "--motion", "evolve")
    assert ran.code == 7
    assert "3.20 USD" in ran.failure
    assert not emulator.received


def test_a_refused_frame_shows_the_one_before_and_time_does_not_shift(start_emulator, sdbr, photo):
    start_emulator(faults=Faults(filter_output="nth:2"))
    ran = sdbr(
        "img2gif", photo, "a", "--frames", "4", "--motion", "evolve", "--on-filtered", "skip",
        "--json",
    )  # fmt: skip
    told = json.loads(ran.lines[0])
    assert (told["held"], told["frames"]) == ([2], 4)
    folder = Path("generate/img/frames/photo")
    assert (folder / "000002.png").read_bytes() == (folder / "000001.png").read_bytes()


def test_a_refused_frame_ends_the_run_unless_told_otherwise(start_emulator, sdbr, photo):
    start_emulator(faults=Faults(filter_output="nth:2"))
    ran = sdbr("img2gif", photo, "a", "--frames", "4", "--motion", "evolve")
    assert ran.code == 6
    assert "3 of 4 pictures are missing" in ran.failure
    assert not list(Path("generate/img").glob("*.gif"))


def test_a_killed_run_goes_on_with_the_pictures_it_paid_for(
    start_emulator, sdbr, sdbr_process, photo, workspace
):
    emulator = start_emulator(latency=0.1)
    told = ("img2gif", photo, "a", "--motion", "evolve", "--frames", "8")
    process = sdbr_process(*told)
    while len(emulator.received) < 3 and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    ran = sdbr(*told)
    assert ran.code == 0
    drawn = [row["key"] for row in sends(workspace) if row["outcome"] == "picture"]
    assert len(drawn) == len(set(drawn))
    assert len(drawn) in (7, 8)  # One may have been made and never received.


@pytest.mark.usefixtures("emulator")
def test_an_animation_keeps_its_frames_delays_loop_and_transparency(sdbr, dance):
    ran = sdbr("img2gif", dance, "as a woodcut")
    assert ran.lines == ["generate/img/dance.gif"]
    before, after = open_reader(Path(dance)), open_reader(ran.paths[0])
    assert lengths(ran.paths[0]) == lengths(dance)
    assert after.clip.loop == before.clip.loop == 3
    for one, other in zip(before.frames(), after.frames(), strict=True):
        assert ((one.image[..., 3] > 127) == (other.image[..., 3] > 127)).all()
    assert Path("generate/img/frames/dance/000012.png").is_file()


def delays_in_the_bytes(path: Path) -> list[int]:
    """Centiseconds of all graphic control extensions: 21 F9 04, flags, delay, index, 00."""
    found = re.findall(rb"\x21\xf9\x04.(..).\x00[\x2c\x21]", path.read_bytes(), re.DOTALL)
    return [int.from_bytes(delay, "little") for delay in found]


@pytest.mark.usefixtures("emulator")
def test_forty_uneven_delays_are_the_same_centiseconds_in_the_file(sdbr, workspace):
    delays = [2 + 7 * number % 31 for number in range(40)]
    source = workspace / "uneven.gif"
    frames = [Image.new("RGB", (64, 64), (30, 90, 40)) for _ in delays]
    for number, frame in enumerate(frames):
        frame.putpixel((number, 20), (220, 200, 40))
    frames[0].save(
        source, save_all=True, append_images=frames[1:], duration=[10 * one for one in delays]
    )
    ran = sdbr("img2gif", "uneven.gif", "a", "--keyframes", "every:40")
    assert delays_in_the_bytes(source) == delays
    assert delays_in_the_bytes(ran.paths[0]) == delays


@pytest.mark.parametrize("source", ["photo", "dance"])
@pytest.mark.usefixtures("emulator")
def test_a_sheet_stands_beside_the_result(sdbr, request, source):
    name = request.getfixturevalue(source)
    ran = sdbr("img2gif", name, "a", "--sheet")
    sheet = f"generate/img/{source}-sheet.png"
    assert ran.lines == [f"generate/img/{source}.gif"]
    assert f"Sheet: {sheet}" in ran.errors
    with Image.open(sheet) as picture:
        assert picture.width > 300


@pytest.mark.usefixtures("emulator")
def test_a_loop_that_is_told_takes_the_place_of_the_source_s(sdbr, dance):
    ran = sdbr("img2gif", dance, "a", "--loop", "0")
    assert open_reader(ran.paths[0]).clip.loop == 0


@pytest.mark.parametrize("strength", ["0.2..0.6", "0.2:0.6"])
def test_a_ramp_rises_from_low_to_high_as_its_range_says(emulator, sdbr, photo, strength):
    ramp = ("--motion", "ramp", "--strength", strength, "--frames", "3")
    assert sdbr("img2gif", photo, "ink", *ramp).code == 0
    sent = sorted(received.body["strength"] for received in emulator.received)
    assert sent == pytest.approx([0.2, 0.4, 0.6])


def test_a_still_and_an_animation_are_two_commands(sdbr, photo, dance):
    ran = sdbr("img2gif", photo, dance, "a", "--offline")
    assert ran.code == 2
    assert "photo.png is a still picture and dance.gif is animated. Run a separate" in ran.failure


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (("--motion", "journey"), "--motion journey needs an end"),
        (("--motion", "vary", "--zoom", "1.1"), "--zoom only works with --motion evolve"),
        (("--motion", "ramp", "--strength", "0.1:high"), "--strength"),
        (("--pan", "sideways"), "--pan"),
        (("--max-size", "huge"), "--max-size"),
        (("--format", "mp4", "--dither", "none"), "--dither only works for a GIF"),
        (("--start", "1"), "--start only works for clips"),
        (("--model", "core"), "does not accept an input picture"),
        (("--loop", "forever"), "Invalid --loop: 'forever' is not a whole number from 0 to 65535."),
        (("--zoom", "nan"), "Invalid --zoom: 'nan' is not a number from 0.5 to 2."),
        (("-o", "-"), "Only a single picture can be written to stdout."),
    ],
)
def test_flags_that_cannot_be_are_refused_before_anything_is_sent(
    emulator, sdbr, photo, told, said
):
    ran = sdbr("img2gif", photo, "a", *told)
    assert ran.code == 2
    assert said in ran.failure
    assert not emulator.received


@pytest.mark.usefixtures("emulator")
@pytest.mark.skipif(MEDIA is None, reason="SDBR_TEST_MEDIA is not set")
@pytest.mark.parametrize("name", ["newtonscradle.gif", "people-480x270.gif"])
def test_real_animations_keep_their_times(sdbr, name):
    source = Path(MEDIA or "") / "clips" / name
    ran = sdbr("img2gif", str(source), "a", "--keyframes", "every:40", "--max-frames", "12")
    assert lengths(ran.paths[0]) == lengths(source)[:12]


def test_two_pictures_under_one_name_become_two_animations(sdbr, workspace):
    for name in ("a.png", "b.png"):
        Image.new("RGB", (64, 64), "navy" if name == "a.png" else "white").save(workspace / name)
    ran = sdbr("img2gif", "a.png", "b.png", "ink", "--name", "film", "--frames", "2", "--offline")
    assert ran.code == 0, ran.errors
    assert [path.name for path in ran.paths] == ["film.gif", "film-2.gif"]


def test_a_crossfade_shows_both_of_its_neighbors(emulator, sdbr, photo):
    ran = sdbr("img2gif", photo, "a", "--frames", "2", "--crossfade", "1", "-o", "x.apng")
    assert ran.code == 0, ran.errors
    with Image.open("x.apng") as image:
        frames = [
            np.asarray(frame.convert("RGB"), float) for frame in ImageSequence.Iterator(image)
        ]
    assert len(emulator.received) == 2
    first, mixed, second = frames[:3]
    assert np.abs(first - second).mean() > 1
    assert np.abs(mixed - (first + second) / 2).mean() < 1


@pytest.mark.usefixtures("emulator")
def test_a_trial_of_one_frame_is_the_middle_one(sdbr, photo):
    told = sdbr("img2gif", photo, "a", "--frames", "9", "--test-frames", "1", "--json")
    assert json.loads(told.lines[0])["frames"] == [5]


def test_several_values_for_a_flag_are_told_by_its_name(sdbr, emulator, photo):
    ran = sdbr("img2gif", photo, "a", "--strength", "0.2,0.4")
    assert ran.code == 2
    assert "takes only one value for strength" in ran.failure
    assert not emulator.received


def test_a_model_without_seeds_gives_a_name_without_one_and_takes_no_count(sdbr, emulator, photo):
    ran = sdbr("edit", "cutout", photo)
    assert ran.code == 0, ran.errors
    assert ran.paths[0].name == f"{Path(photo).stem}-remove-background.png"
    ran = sdbr("edit", "cutout", photo, "--count", "2")
    assert ran.code == 2
    assert "has no seed" in ran.failure
    assert len(emulator.received) == 1
