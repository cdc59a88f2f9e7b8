import json
from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image

from sdbr.emulator import Faults
from tests.commands.clip_runs import clip_in, frames, invocations
from tests.media.made_clips import Film, make_film, picture, psnr, sound_packets
from tests.motion.scenes import pan

UNEVEN = tuple(Fraction(n, 1000) for n in (0, 40, 140, 180, 300, 333, 400, 500, 520, 600))


@pytest.mark.parametrize("keyframes", ["all", "every:4", "auto"])
def test_a_clip_comes_out_with_its_frames_at_their_times_and_its_sound(
    sdbr, emulator, workspace, keyframes
):
    clip_in(workspace, times=UNEVEN, tick=Fraction(1, 1000), sounds=("aac",))
    ran = sdbr("vid2vid", "clip.mp4", "ink", "--keyframes", keyframes, "--seed", "7", "--json")
    assert ran.code == 0, ran.errors
    told = json.loads(ran.lines[0])
    before, after = frames("clip.mp4"), frames(told["path"])
    assert [frame.at for frame in after] == [frame.at for frame in before]
    assert after[-1].lasts == before[-1].lasts
    packets = [[data for _, data in sound_packets(Path(p))] for p in ("clip.mp4", told["path"])]
    assert packets[0] == packets[1]
    assert len(invocations(emulator)) == told["drawn"] <= len(told["keyframes"]) + 2
    assert (told["price"], told["cost"]) == (0.08, 0.08 * told["drawn"])
    # What x264 makes of the clip differs a little from run to run, and auto looks closely.
    expected = {"all": {10}, "every:4": {4}, "auto": {3, 4, 5, 6}}
    assert len(told["keyframes"]) in expected[keyframes]


def test_strength_0_gives_the_clip_back(sdbr, workspace):
    clip_in(workspace)
    ran = sdbr("vid2vid", "clip.mp4", "ink", "--strength", "0", "--offline", "--keyframes", "all")
    assert ran.code == 0
    for before, after in zip(frames("clip.mp4"), frames(ran.paths[0]), strict=True):
        assert psnr(before.image, after.image) > 30


def test_without_kept_frames_the_flicker_is_told_and_no_frame_is_left(sdbr, workspace):
    clip_in(workspace)
    flags = ("--keyframes", "all", "--no-keep-frames", "--offline", "--seed", "7", "--json")
    (line,) = sdbr("vid2vid", "clip.mp4", "ink", *flags).lines
    assert len(json.loads(line)["steadiness"]["curve"]) == 9
    assert not list(workspace.glob("*/frames/*/*.png"))


def test_the_tree_holds_each_frame_before_and_after_and_its_time(sdbr, emulator, workspace):
    clip_in(workspace)
    assert sdbr("vid2vid", "clip.mp4", "ink", "--seed", "7").code == 0
    names = [f"{number:06d}.png" for number in range(1, 11)]
    for side in ("source", "generate"):
        folder = workspace / side / "frames" / "clip"
        assert sorted(path.name for path in folder.glob("*.png")) == names
    index = json.loads((workspace / "source/frames/clip/frames.json").read_text())
    assert [Fraction(frame["at"]) for frame in index["frames"]][:3] == [
        0,
        Fraction(1, 25),
        Fraction(2, 25),
    ]
    assert len(index["keyframes"]) <= len(invocations(emulator)) <= len(index["keyframes"]) + 2


def test_a_refused_frame_is_held_and_time_does_not_shift(sdbr, start_emulator, workspace):
    start_emulator(faults=Faults(filter_output="nth:4"))
    clip_in(workspace)
    flags = ("--keyframes", "all", "--steady", "off", "--workers", "1")
    ran = sdbr("vid2vid", "clip.mp4", "ink", *flags, "--json")
    assert ran.code == 0, ran.errors
    told = json.loads(ran.lines[0])
    after = frames(told["path"])
    assert told["held"] == [4]
    assert [frame.at for frame in after] == [frame.at for frame in frames("clip.mp4")]
    assert psnr(after[3].image, after[2].image) > 35


@pytest.mark.usefixtures("emulator")
def test_a_part_of_a_clip_keeps_its_length(sdbr, workspace):
    clip_in(workspace, times=tuple(Fraction(i, 25) for i in range(25)))
    ran = sdbr("vid2vid", "clip.mp4", "ink", "--start", "0.2", "--duration", "0.4", "--every", "2")
    assert ran.code == 0, ran.errors
    after = frames(ran.paths[0])
    assert len(after) == 5
    assert after[-1].end == Fraction(2, 5)


@pytest.mark.parametrize("container", ["webm", "mov", "mkv", "gif", "webp", "frames"])
@pytest.mark.usefixtures("emulator")
def test_each_container_is_written(sdbr, workspace, container):
    clip_in(workspace, times=tuple(Fraction(i, 25) for i in range(4)))
    ran = sdbr("vid2vid", "clip.mp4", "ink", "--container", container)
    assert ran.code == 0, ran.errors
    assert len(frames(ran.paths[0])) == 4


@pytest.mark.usefixtures("emulator")
def test_a_folder_of_frames_is_a_result_like_any_other(sdbr, workspace):
    clip_in(workspace, times=tuple(Fraction(i, 25) for i in range(4)))
    ran = sdbr("vid2vid", "clip.mp4", "ink", "--container", "frames", "--seed", "7")
    assert ran.lines == ["generate/videos/clip"]
    for name in ("generate/videos/clip", "clip", "-"):
        told = sdbr("inspect", name, stdin=ran.data)
        assert told.code == 0, told.errors
        assert {"  prompt: ink", "  frames: 4"} <= set(told.lines)
    assert sdbr("replay", "clip").lines == ran.lines
    assert sdbr("report").code == 0
    html = (workspace / "generate" / "report.html").read_text("utf-8")
    assert html.count("<article") == 1


@pytest.mark.usefixtures("emulator")
def test_a_replay_keeps_the_kind_of_file(sdbr, workspace):
    clip_in(workspace, times=tuple(Fraction(i, 25) for i in range(4)))
    assert sdbr("vid2vid", "clip.mp4", "ink", "-o", "x.webm").lines == ["x.webm"]
    again = sdbr("replay", "x.webm")
    assert again.lines == ["generate/videos/x.webm"]
    assert sdbr("replay", "x.webm", "-o", "y.gif").lines == ["y.gif"]


@pytest.mark.parametrize("content", [b"", b"plain text", b"\0\0\0\x18ftypmp42"])
def test_a_file_that_is_no_clip_is_told_and_nothing_is_sent(sdbr, emulator, workspace, content):
    (workspace / "clip.mp4").write_bytes(content)
    ran = sdbr("vid2vid", "clip.mp4", "ink")
    assert ran.code == 3
    assert "clip.mp4" in ran.failure
    assert not emulator.received
    assert not (workspace / "generate").exists()


@pytest.mark.usefixtures("emulator")
def test_one_broken_clip_does_not_stop_the_others(sdbr, workspace):
    clip_in(workspace, "good.mp4", times=tuple(Fraction(i, 25) for i in range(3)))
    (workspace / "bad.mp4").write_bytes(b"")
    ran = sdbr("vid2vid", "bad.mp4", "good.mp4", "ink")
    assert ran.code == 8
    assert [path.name for path in ran.paths] == ["good.mp4"]
    assert "bad.mp4" in ran.failure


def test_a_clip_that_is_cut_off_is_drawn_only_when_that_is_accepted(sdbr, emulator, workspace):
    clip_in(workspace, times=tuple(Fraction(i, 25) for i in range(30)))
    whole = (workspace / "clip.mp4").read_bytes()
    (workspace / "cut.mp4").write_bytes(whole[: len(whole) * 6 // 10])
    refused = sdbr("vid2vid", "cut.mp4", "ink")
    assert refused.code == 3
    assert "--accept-cut" in refused.failure
    assert not invocations(emulator)
    drawn = sdbr("vid2vid", "cut.mp4", "ink", "--accept-cut")
    assert drawn.code == 0
    kept = len(frames(drawn.paths[0]))
    assert 0 < kept < 30
    measured = sdbr("flicker", "cut.mp4")
    assert f"cut.mp4 is truncated: only {kept} frames could be read." in measured.errors


@pytest.mark.parametrize("command", ["vid2vid", "img2gif"])
def test_a_gif_of_which_one_frame_is_left_is_cut_off_and_no_still(
    sdbr, emulator, workspace, command
):
    pictures = [Image.fromarray(picture(number)) for number in range(4)]
    pictures[0].save(workspace / "a.gif", save_all=True, append_images=pictures[1:], duration=100)
    data = (workspace / "a.gif").read_bytes()
    (workspace / "a.gif").write_bytes(data[: len(data) * 2 // 5])
    refused = sdbr(command, "a.gif", "ink")
    assert refused.code == 3
    assert "1 frame can be read" in refused.failure
    assert not invocations(emulator)


def test_an_empty_name_is_no_folder(sdbr, emulator, workspace):
    clip_in(workspace)
    refused = sdbr("vid2vid", "clip.mp4", "", "--model", "remove-background")
    assert refused.code == 3
    assert refused.failure == "sdbr: One of the inputs is an empty name. Remove it."
    assert not invocations(emulator)


def test_flicker_measures_a_clip_against_its_source(sdbr, workspace):
    clip_in(workspace)
    (line,) = sdbr("flicker", "clip.mp4", "--against", "clip.mp4", "--json").lines
    told = json.loads(line)
    assert told["flicker"] == told["flicker_source"]
    assert len(told["curve"]) == 9
    assert told["verdict"] == "steady"
    assert max(lacking for _, lacking in told["ghost_curve"]) < 0.3


def test_flicker_knows_the_keyframes_of_a_clip_made_in_the_workspace(sdbr, workspace):
    clip_in(workspace)
    flags = ("--keyframes", "every:8", "--offline", "--seed", "7", "--json")
    made = json.loads(sdbr("vid2vid", "clip.mp4", "ink", *flags).lines[0])
    judge = ("flicker", made["path"], "--against", "clip.mp4", "--json")
    here = json.loads(sdbr(*judge).lines[0])
    assert abs(here["likeness_drawn"] - made["steadiness"]["likeness_drawn"]) < 0.1
    elsewhere = json.loads(sdbr(*judge, "--workspace", "other").lines[0])
    assert "likeness_drawn" not in elsewhere


@pytest.mark.usefixtures("emulator")
def test_inspect_tells_how_steady_a_clip_came_out(sdbr, workspace):
    clip_in(workspace)
    ran = sdbr("vid2vid", "clip.mp4", "ink", "--keyframes", "every:8", "--json")
    assert ran.code == 0, ran.errors
    measured = json.loads(ran.lines[0])["steadiness"]
    told = sdbr("inspect", json.loads(ran.lines[0])["path"])
    assert f"flicker: {1000 * measured['flicker']:.2f}, source" in "\n".join(told.lines)


def test_an_exact_name_replaces_nothing_unless_that_is_said(sdbr, emulator, workspace):
    clip_in(workspace, times=tuple(Fraction(i, 25) for i in range(3)))
    assert sdbr("vid2vid", "clip.mp4", "ink", "-o", "out.webm").lines == ["out.webm"]
    sent = len(invocations(emulator))
    refused = sdbr("vid2vid", "clip.mp4", "oil", "-o", "out.webm")
    assert refused.code == 2
    assert "--overwrite" in refused.failure
    assert len(invocations(emulator)) == sent
    assert sdbr("vid2vid", "clip.mp4", "oil", "-o", "out.webm", "--overwrite").code == 0


@pytest.mark.parametrize("command", ["vid2vid", "img2gif", "img2img"])
@pytest.mark.parametrize("seed", ["-1", "4294967295"])
def test_a_seed_that_the_model_does_not_take_is_refused_and_not_bent(
    sdbr, emulator, workspace, command, seed
):
    Image.fromarray(picture(0)).save(workspace / "still.png")
    given = clip_in(workspace) if command == "vid2vid" else "still.png"
    ran = sdbr(command, given, "ink", "--seed", seed)
    assert ran.code == 2
    assert f"--seed is {seed}: use a whole number from 1 to 4294967294." in ran.failure
    assert not emulator.received


def test_two_clips_of_one_name_become_two_films(sdbr, workspace):
    for folder, flipped in (("a", 1), ("b", -1)):
        (workspace / folder).mkdir()
        plan = Film(times=tuple(Fraction(i, 25) for i in range(6)))
        make_film(workspace / folder / "clip.mp4", plan, pan(6, seed=2)[::flipped])
    flags = ("ink", "--offline", "--seed", "7", "--strength", "0")
    ran = sdbr("vid2vid", "a/clip.mp4", "b/clip.mp4", *flags)
    assert ran.code == 0, ran.errors
    assert [path.name for path in ran.paths] == ["clip.mp4", "clip-2.mp4"]
    firsts = [frames(path)[0].image for path in ran.paths]
    assert psnr(firsts[0], frames("a/clip.mp4")[0].image) > 25
    assert psnr(firsts[1], frames("b/clip.mp4")[0].image) > 25
    one = sdbr("vid2vid", "a/clip.mp4", "b/clip.mp4", *flags, "-o", "film.mp4")
    assert one.code == 2
    assert "Cannot write two clips to" in one.failure


def test_a_clip_is_never_written_over_its_own_source(sdbr, emulator, workspace):
    clip_in(workspace)
    before = (workspace / "clip.mp4").read_bytes()
    ran = sdbr("vid2vid", "clip.mp4", "ink", "-o", "clip.mp4", "--overwrite")
    assert ran.code == 2
    assert "is the source clip itself" in ran.failure
    assert (workspace / "clip.mp4").read_bytes() == before
    assert not emulator.received


@pytest.mark.parametrize("refused", ["nth:1", "nth:2"])
def test_where_a_whole_shot_is_refused_the_picture_beside_it_stays(
    sdbr, start_emulator, workspace, refused
):
    start_emulator(faults=Faults(filter_output=refused))
    shots = pan(9, step=1, seed=2) + pan(9, step=1, seed=8)
    make_film(workspace / "clip.mp4", Film(times=tuple(Fraction(i, 25) for i in range(18))), shots)
    flags = ("--workers", "1", "--on-filtered", "hold", "--json", "--seed", "7")
    ran = sdbr("vid2vid", "clip.mp4", "ink", *flags)
    assert ran.code == 0, ran.errors
    told = json.loads(ran.lines[0])
    assert told["keyframes"] == [1, 10]
    after = frames(told["path"])
    assert [frame.at for frame in after] == [frame.at for frame in frames("clip.mp4")]
    assert psnr(after[0].image, after[17].image) > 20


@pytest.mark.parametrize("keyframes", ["all", "auto"])
def test_where_every_frame_is_refused_there_is_no_film(sdbr, start_emulator, workspace, keyframes):
    start_emulator(faults=Faults(filter_output="1.0"))
    clip_in(workspace)
    ran = sdbr("vid2vid", "clip.mp4", "ink", "--keyframes", keyframes, "--on-filtered", "hold")
    assert ran.code == 6
    assert "refused every frame" in ran.failure
    assert not list((workspace / "generate" / "videos").iterdir())


def test_a_single_picture_is_refused_with_the_commands_for_it(sdbr, emulator, workspace):
    Image.new("RGB", (64, 48)).save(workspace / "photo.png")
    ran = sdbr("vid2vid", "photo.png", "ink")
    assert ran.code == 2
    assert "is a single picture, not a clip. Use sdbr img2img" in ran.failure
    assert not emulator.received
