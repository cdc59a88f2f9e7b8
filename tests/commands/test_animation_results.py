"""What an animation shows, in pixels and counts: the camera, the end, refused frames, repeats."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sdbr.emulator import Faults
from sdbr.media.open import open_reader
from tests.commands.clip_runs import invocations
from tests.commands.moving_inputs import dance_in, frames_of, photo_in

WIDTH, HEIGHT = 192, 128
# At strength 0 a picture comes back as it went in, so that what changes is the camera's work.
EVOLVE = ("--strength", "0", "--offline", "--motion", "evolve", "--frames", "3")


def spot_in(folder, x, y):
    """Write a grey still with a soft red spot and return its name."""
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH]
    glow = 180 * np.exp(-((across - x) ** 2 + (down - y) ** 2) / 60)
    grey = np.full_like(glow, 40)
    Image.fromarray(np.dstack([grey + glow, grey, grey]).astype(np.uint8)).save(folder / "spot.png")
    return "spot.png"


def spots(name):
    """Where the spot lies in each kept frame, as shares of the frame's width and height."""
    found = []
    for path in sorted(Path("generate/img/frames", name).glob("*.png")):
        red, green, _ = np.moveaxis(np.asarray(Image.open(path).convert("RGB")).astype(float), 2, 0)
        # The emulator's mark in the corner is grey.
        glow = np.where(red - green > 40, red - green, 0)
        down, across = np.indices(glow.shape)
        x, y = ((plane * glow).sum() / glow.sum() for plane in (across, down))
        found.append((x / glow.shape[1], y / glow.shape[0]))
    return found


def sent_pictures(emulator):
    """The input pictures that were sent, as arrays, by their prompt."""
    return {
        record.body["prompt"]: np.asarray(
            Image.open(BytesIO(base64.b64decode(record.body["image"]))).convert("RGB")
        )
        for record in invocations(emulator)
    }


@pytest.mark.parametrize(
    ("flags", "steps"),
    [
        (("--pan", "8,0"), (-0.08, 0.0)),
        (("--pan", "-8,0"), (0.08, 0.0)),
        (("--pan", "2.5%, -10%"), (-0.025, 0.1)),
    ],
)
def test_a_pan_moves_the_view_by_so_many_percent_a_frame(sdbr, workspace, flags, steps):
    name = spot_in(workspace, WIDTH / 2, HEIGHT / 2)
    assert sdbr("img2gif", name, "a", *flags, *EVOLVE).code == 0
    first, second, third = spots("spot")
    assert first == pytest.approx((0.5, 0.5), abs=0.01)
    assert second == pytest.approx((0.5 + steps[0], 0.5 + steps[1]), abs=0.01)
    assert third == pytest.approx((0.5 + 2 * steps[0], 0.5 + 2 * steps[1]), abs=0.01)


def test_a_zoom_comes_nearer_by_its_factor_each_frame(sdbr, workspace):
    name = spot_in(workspace, WIDTH * 0.6, HEIGHT * 0.4)
    assert sdbr("img2gif", name, "a", "--zoom", "1.5", *EVOLVE).code == 0
    aside = [(x - 0.5, 0.5 - y) for x, y in spots("spot")]
    assert aside[1] == pytest.approx((0.15, 0.15), abs=0.01)
    assert aside[2] == pytest.approx((0.225, 0.225), abs=0.01)


def test_a_rotation_turns_the_picture_clockwise_by_its_degrees(sdbr, workspace):
    name = spot_in(workspace, WIDTH / 2 + 40, HEIGHT / 2)
    assert sdbr("img2gif", name, "a", "--rotate", "45", *EVOLVE).code == 0
    pixels = [((x - 0.5) * WIDTH, (y - 0.5) * HEIGHT) for x, y in spots("spot")]
    assert pixels[1] == pytest.approx((40 / 2**0.5, 40 / 2**0.5), abs=1)
    assert pixels[2] == pytest.approx((0, 40), abs=1)


@pytest.mark.parametrize(
    ("size", "middle"), [((240, 48), (80, 0, 160, 48)), ((64, 256), (0, 96, 64, 160))]
)
def test_the_end_of_a_journey_is_cropped_to_the_stills_shape_and_not_squashed(
    sdbr, emulator, workspace, size, middle
):
    end = Image.new("RGB", size, "red")
    # A little more than what a 4:3 still leaves of so long a picture.
    end.paste((0, 160, 0), middle)
    end.save(workspace / "end.png")
    journey = ("--to-prompt", "an end", "--to-image", "end.png", "--frames", "2")
    assert sdbr("img2gif", photo_in(workspace), "a beginning", *journey).code == 0
    sent = sent_pictures(emulator)
    assert sent.keys() == {"a beginning", "an end"}
    assert sent["an end"].shape == sent["a beginning"].shape
    assert (np.abs(sent["an end"].astype(int) - (0, 160, 0)) < 20).all()


@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize(("end", "told"), [("--to-prompt", True), ("--to-image", False)])
def test_a_journey_to_other_words_says_how_far_the_emulator_goes(sdbr, workspace, end, told):
    start = photo_in(workspace)
    Image.new("RGB", (64, 48), "red").save(workspace / "end.png")
    where = "a lighthouse" if end == "--to-prompt" else "end.png"
    ran = sdbr("img2gif", start, "a cat", end, where, "--frames", "3", "--dry-run")
    assert ("the emulator only imitates the style of the last prompt" in ran.errors) is told


@pytest.mark.parametrize(
    ("refused", "shown"),
    [
        ("nth:3", [0, 1, 1, 3, 4]),
        ("nth:1", [1, 1, 2, 3, 4]),
        ("nth:3,4", [0, 1, 1, 1, 4]),
        ("nth:5", [0, 1, 2, 3, 3]),
    ],
)
def test_a_refused_frame_shows_the_one_before_it_or_the_first_one_drawn(
    start_emulator, sdbr, workspace, refused, shown
):
    start_emulator(faults=Faults(filter_output=refused))
    flags = ("--frames", "5", "--workers", "1", "--on-filtered", "skip", "--json")
    ran = sdbr("img2gif", photo_in(workspace), "a", *flags)
    assert ran.code == 0, ran.errors
    assert json.loads(ran.lines[0])["frames"] == 5
    files = [Path(f"generate/img/frames/photo/{n:06d}.png").read_bytes() for n in range(1, 6)]
    assert len(set(files)) == len(set(shown))
    assert files == [files[number] for number in shown]


def test_in_a_chain_a_frame_after_refused_ones_is_drawn_over_the_last_that_was_drawn(
    start_emulator, sdbr, workspace
):
    emulator = start_emulator(faults=Faults(filter_output="nth:3,4"))
    flags = ("--motion", "evolve", "--frames", "5", "--on-filtered", "skip", "--json")
    ran = sdbr("img2gif", photo_in(workspace), "a", *flags)
    assert json.loads(ran.lines[0])["held"] == [3, 4]
    sent = [record.body["image"] for record in invocations(emulator)]
    assert sent[2] == sent[3] == sent[4] != sent[1]
    assert len(sent) == 5


def plays_of(path):
    """How often a browser plays an animation by what Pillow reads; 0 for ever.

    A GIF counts how often it starts again: one that says nothing plays once.
    """
    with Image.open(path) as animation:
        count = animation.info.get("loop")
        if animation.format != "GIF":
            return count
        return 1 if count is None else count and count + 1


@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize("ending", ["gif", "webp", "apng"])
def test_a_restyled_animation_plays_as_often_as_its_source(sdbr, workspace, ending):
    dance = dance_in(workspace)
    assert plays_of(dance) == 3
    (path,) = sdbr("img2gif", dance, "a", "--keyframes", "every:6", "--format", ending).paths
    assert open_reader(path).clip.loop == 3
    assert plays_of(path) == 3


@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize(
    ("name", "loop", "plays"),
    [
        ("once.gif", {}, 1),
        ("twice.gif", {"loop": 1}, 2),  # It starts once again.
        ("once.webp", {"loop": 1}, 1),
        ("twice.webp", {"loop": 2}, 2),
        ("once.png", {"loop": 1}, 1),
    ],
)
def test_an_animation_that_plays_once_or_twice_still_does(sdbr, workspace, name, loop, plays):
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "green", "navy")]
    frames[0].save(workspace / name, save_all=True, append_images=frames[1:], duration=100, **loop)
    assert plays_of(workspace / name) == plays
    for kind in ("gif", "webp", "apng"):
        (path,) = sdbr("img2gif", name, "a", "--format", kind).paths
        assert plays_of(path) == plays
        assert len(frames_of(path)) == 3


@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize("kind", ["gif", "webp", "apng"])
@pytest.mark.parametrize("source", ["photo", "dance"])
@pytest.mark.parametrize(
    ("told", "plays"),
    [((), None), (("--loop", "0"), 0), (("--loop", "1"), 1), (("--loop", "5"), 5)],
)
def test_an_animation_plays_as_often_as_it_is_told(sdbr, workspace, source, told, plays, kind):
    name = photo_in(workspace) if source == "photo" else dance_in(workspace)
    more = ("--frames", "2") if source == "photo" else ("--keyframes", "every:6")
    (path,) = sdbr("img2gif", name, "a", "--format", kind, *more, *told).paths
    silent = 0 if source == "photo" else 3
    assert plays_of(path) == (silent if plays is None else plays)


@pytest.mark.parametrize(
    ("refused", "flags", "code", "said"),
    [
        ("every:1", (), 6, "The safety filter refused every frame."),
        ("nth:1", ("--to-prompt", "b"), 8, "3 of 4 pictures are missing. The safety filter"),
        ("nth:2", ("--on-filtered", "stop"), 6, "3 of 4 pictures are missing."),
    ],
)
def test_an_animation_that_lacks_what_its_frames_are_drawn_from_is_not_made(
    start_emulator, sdbr, workspace, refused, flags, code, said
):
    start_emulator(faults=Faults(filter_output=1.0 if refused == "every:1" else refused))
    skip = () if "--on-filtered" in flags else ("--on-filtered", "skip")
    ran = sdbr("img2gif", photo_in(workspace), "a", "--frames=4", "--workers=1", *skip, *flags)
    assert (ran.code, ran.lines) == (code, [])
    assert said in ran.failure
    assert not list(Path("generate").rglob("*.gif"))


def test_a_service_that_fails_for_as_many_frames_as_there_are_workers_is_asked_no_more(
    start_emulator, sdbr, workspace
):
    emulator = start_emulator(faults=Faults(model_error_424=1.0))
    flags = ("--frames", "12", "--workers", "2", "--attempts", "1")
    ran = sdbr("img2gif", photo_in(workspace), "a", *flags)
    assert ran.code == 5
    assert 2 <= len(invocations(emulator)) <= 4


def test_a_frame_that_fails_by_itself_does_not_keep_the_others_from_being_drawn(
    start_emulator, sdbr, workspace
):
    emulator = start_emulator(faults=Faults(model_error_424="nth:2"))
    flags = ("--frames", "4", "--workers", "1", "--attempts", "1")
    ran = sdbr("img2gif", photo_in(workspace), "a", *flags)
    assert ran.code == 8
    assert "1 of 4 pictures is missing." in ran.failure
    assert len(invocations(emulator)) == 4
    assert sdbr("img2gif", "photo.png", "a", *flags).code == 0
    assert len(invocations(emulator)) == 5
