"""SDXL, which Bedrock has retired: served by the emulator, with the flags that it alone has."""

import pytest

from tests.commands.moving_inputs import photo_in

SDXL = ("txt2img", "a fox", "--model", "sdxl")


@pytest.fixture
def retired(start_emulator):
    """An emulator that serves retired models."""
    return start_emulator(allow_retired=True)


def bodies(emulator):
    return [received.body for received in emulator.received]


def test_the_built_in_emulator_serves_retired_models_when_asked(sdbr, workspace):
    ran = sdbr(*SDXL, "--offline", "--allow-ended", "--seed", "7")
    assert ran.code == 0, ran.errors
    assert ran.lines == ["source/img/a-fox-7.png"]
    assert "SDXL 1.0 was retired on 2025-05-20; emulated, not billed" in ran.errors
    assert (workspace / ran.lines[0]).is_file()


def test_unasked_it_refuses_them_and_says_how_to_ask(sdbr):
    ran = sdbr(*SDXL, "--offline")
    assert ran.code == 4
    assert "Use --allow-retired to use it with the emulator. To replace it, use core" in ran.failure


def test_bedrock_itself_cannot_be_asked_for_them(sdbr, emulator):
    ran = sdbr(*SDXL, "--allow-retired")
    assert ran.code == 2
    assert "Add --offline" in ran.failure
    assert not emulator.received


@pytest.mark.parametrize("command", ["txt2img", "img2gif"])
def test_seed_0_asks_for_any_seed_as_aws_documents_it(sdbr, emulator, workspace, command):
    photo_in(workspace)
    words = ("photo.png", "a fox", "--frames", "2") if command == "img2gif" else ("a fox",)
    assert sdbr(command, *words, "--seed", "0").code == 0
    assert all(body["seed"] > 0 for body in bodies(emulator))


def test_the_largest_seed_of_sdxl_is_sent(sdbr, retired):
    assert sdbr(*SDXL, "--seed", "4294967295").code == 0
    assert bodies(retired)[0]["seed"] == 4294967295


def test_weights_and_extras_are_sent(sdbr, retired):
    ran = sdbr("txt2img", "a (red:1.5) fox", *SDXL[2:], "--extras", '{"a": 1, "b": 2}')
    assert ran.code == 0, ran.errors
    (body,) = bodies(retired)
    assert body["text_prompts"][1] == {"text": "red", "weight": 0.5}
    assert body["extras"] == {"a": 1, "b": 2}


@pytest.mark.parametrize("model", ["core", "sd3.5", "ultra"])
def test_a_model_without_presets_has_its_style_in_words_and_that_is_said_once(
    sdbr, emulator, model
):
    ran = sdbr("txt2img", "a fox", "--model", model, "--style", "pixel-art", "--count", "2")
    assert ran.code == 0, ran.errors
    assert {body["prompt"] for body in bodies(emulator)} == {"a fox, pixel art style"}
    assert ran.errors.count("has no presets, so --style is added to the prompt") == 1
    assert all(path.name.startswith("a-fox-") for path in ran.paths)


def test_a_clip_and_an_animation_have_their_style_in_words(sdbr, emulator, workspace):
    photo_in(workspace)
    for command in ("img2gif", "img2img"):
        ran = sdbr(command, "photo.png", "a fox", "--style", "anime", "--seed", "1")
        assert ran.code == 0, ran.errors
        assert "has no presets" in ran.errors
    assert {body["prompt"] for body in bodies(emulator)} == {"a fox, anime style"}


def test_a_model_with_presets_is_sent_the_preset_itself(sdbr, retired):
    ran = sdbr(*SDXL, "--style", "anime")
    assert bodies(retired)[0]["style_preset"] == "anime"
    assert "has no presets" not in ran.errors


def test_an_unknown_style_is_refused(sdbr, emulator):
    assert "choose from 3d-model" in sdbr("txt2img", "a fox", "--style", "animee").failure
    assert not emulator.received


@pytest.mark.parametrize("flag", ["--steps", "--cfg-scale", "--sampler", "--clip-guidance"])
def test_a_flag_that_no_living_model_takes_says_whose_it_was(sdbr, emulator, flag):
    ran = sdbr("txt2img", "a fox", flag, "30")
    assert ran.code == 2
    assert f"support {flag}. Only SDXL 1.0 did, and it was retired on 2025-05-20." in ran.failure
    assert not emulator.received


@pytest.mark.parametrize(
    ("flags", "field", "value"),
    [
        (("--samples", "1", "--negative-prompt", "rain"), "negative_prompt", "rain"),
        (("--aspect-ratio", "3:2"), "aspect_ratio", "3:2"),
        (("--output-format", "jpeg"), "output_format", "jpeg"),
        (("--style-preset", "anime"), "prompt", "a fox, anime style"),
        (("--width", "1216", "--height", "832"), "aspect_ratio", "3:2"),
    ],
)
def test_flags_are_found_under_the_names_that_tutorials_use(sdbr, emulator, flags, field, value):
    ran = sdbr("txt2img", "a fox", *flags)
    assert ran.code == 0, ran.errors
    assert bodies(emulator)[0][field] == value


def test_sdxls_flags_are_found_under_the_names_of_its_requests(sdbr, retired):
    told = ("--guidance-scale", "10", "--clip-guidance-preset", "NONE", "--width", "640")
    ran = sdbr(*SDXL, *told, "--height", "1536", "--samples", "2")
    assert ran.code == 0, ran.errors
    body, _ = bodies(retired)
    assert (body["width"], body["height"]) == (640, 1536)
    assert (body["cfg_scale"], body["clip_guidance_preset"]) == (10, "NONE")


@pytest.mark.parametrize(
    ("flags", "strength"),
    [(("--denoising-strength", "0.3"), 0.3), (("--image-strength", "0.35"), 0.65)],
)
def test_strength_is_found_under_its_other_names(sdbr, emulator, workspace, flags, strength):
    photo_in(workspace)
    assert sdbr("img2img", "photo.png", "a fox", *flags).code == 0
    assert bodies(emulator)[0]["strength"] == strength


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--width", "640"), "Use both --width and --height"),
        (("--width", "640", "--height", "640", "--size", "640x640"), "or --size WxH."),
    ],
)
def test_half_a_size_or_two_sizes_are_refused(sdbr, emulator, flags, told):
    ran = sdbr("txt2img", "a fox", *flags)
    assert (ran.code, told in ran.failure) == (2, True)
    assert not emulator.received


def test_two_strengths_are_refused(sdbr, emulator, workspace):
    photo_in(workspace)
    ran = sdbr("img2img", "photo.png", "x", "--strength", "0.3", "--image-strength", "0.3")
    assert (ran.code, "Use only one of them" in ran.failure) == (2, True)
    assert not emulator.received
