import json

import pytest
from PIL import Image

from tests.commands.clip_runs import clip_in, frames, invocations

CONSERVATIVE = ("--how", "conservative", "--prompt", "a hill")


def picture_of(workspace, width, height):
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(workspace / "a.png")
    return "a.png"


def test_fast_gives_four_times_each_side_and_says_so_with_the_price(sdbr, workspace):
    ran = sdbr("upscale", picture_of(workspace, 60, 40), "--offline")
    assert Image.open(ran.paths[0]).size == (240, 160)
    assert "from 60x40 to 240x160" in ran.errors


def test_a_wide_picture_is_padded_on_its_way_and_comes_out_without(sdbr, workspace):
    ran = sdbr("upscale", picture_of(workspace, 640, 64), *CONSERVATIVE, "--offline")
    assert Image.open(ran.paths[0]).size == (3840, 384)


@pytest.mark.parametrize(
    ("size", "flags", "possible"),
    [
        ((1100, 1000), (), "Conservative Upscale would return about 3222x2930."),
        ((5472, 3648), (), "No upscaler can enlarge it"),
        ((5472, 3648), CONSERVATIVE, "No upscaler can enlarge it"),
        ((3762, 2508), CONSERVATIVE, "which is no larger"),
        ((20, 20), (), "Resize it to 32x32 first; the result will be about 128x128."),
        ((1100, 1000), ("--fit", "cover"), "scaled or cropped first"),
        ((1100, 1000), ("--fit", "stretch"), "scaled or cropped first"),
    ],
)
def test_a_picture_that_would_be_shrunk_first_or_come_out_no_larger_is_refused_unpaid(
    sdbr, emulator, workspace, size, flags, possible
):
    ran = sdbr("upscale", picture_of(workspace, *size), *flags)
    assert ran.code == 3
    assert possible in ran.failure
    assert not emulator.received


def test_a_prompt_after_the_pictures_is_refused_with_the_flag_for_it(sdbr, emulator, workspace):
    ran = sdbr("upscale", picture_of(workspace, 60, 40), "sharp")
    assert ran.code == 2
    assert "upscale takes no prompt argument: 'sharp'." in ran.failure
    assert not emulator.received


def test_a_clip_comes_out_four_times_as_large_with_every_frame_paid_for(sdbr, emulator, workspace):
    clip_in(workspace)
    ran = sdbr("vid2vid", "clip.mp4", "--model", "fast-upscale", "--json")
    assert ran.code == 0, ran.errors
    told = json.loads(ran.lines[0])
    before, after = frames("clip.mp4"), frames(told["path"])
    height, width = before[0].image.shape[:2]
    assert {frame.image.shape[:2] for frame in after} == {(4 * height, 4 * width)}
    assert len(after) == len(before) == len(invocations(emulator))
    assert told["cost"] == pytest.approx(0.03 * len(before))
    assert f"from {width}x{height} to {4 * width}x{4 * height}" in ran.errors
    assert "10 frames × 0.03 USD = 0.30 USD" in ran.errors


def test_an_enlarged_clip_keeps_its_transparency(sdbr, workspace):
    shown = [Image.new("RGBA", (64, 48), (200, 40 * n, 0, 255)) for n in range(2)]
    for one in shown:
        one.paste((0, 0, 0, 0), (0, 0, 32, 48))
    shown[0].save(workspace / "a.png", save_all=True, append_images=shown[1:])
    flags = ("--model", "fast-upscale", "--container", "webp", "--offline")
    result = Image.open(sdbr("vid2vid", "a.png", *flags).paths[0]).convert("RGBA")
    assert result.size == (256, 192)
    assert result.getpixel((20, 90))[3] == 0
    assert result.getpixel((200, 90))[3] == 255


@pytest.mark.parametrize("flags", [("--keyframes", "every:4"), ("--init", "from-previous")])
def test_a_clip_of_which_an_upscaler_would_draw_a_part_is_refused(sdbr, workspace, flags):
    clip_in(workspace)
    ran = sdbr("vid2vid", "clip.mp4", "--model", "fast-upscale", *flags, "--offline")
    assert ran.code == 2
    assert flags[0] in ran.failure


def test_an_upscaler_animates_nothing(sdbr, emulator, workspace):
    ran = sdbr("img2gif", picture_of(workspace, 64, 64), "--model", "fast-upscale")
    assert ran.code == 2
    assert not emulator.received


@pytest.mark.parametrize("flags", [("--model", "creative-upscale"), ("--how", "conservative")])
def test_an_upscaler_that_needs_a_prompt_names_the_flag_before_anything_is_paid(
    sdbr, emulator, workspace, flags
):
    ran = sdbr("upscale", picture_of(workspace, 640, 640), *flags)
    assert ran.code == 2
    assert "needs a prompt. Describe the picture with --prompt." in ran.failure
    assert not emulator.received
