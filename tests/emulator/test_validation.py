from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from sdbr.emulator import Emulator
from sdbr.emulator.errors import Refusal
from sdbr.emulator.models import models
from sdbr.emulator.validation import check
from tests.emulator.calls import CORE, SD35, SKETCH, ULTRA, base64_of, invoke, scenery

SERVICE = "stability.stable-image-control-sketch-v1:0"


def refusal(model: str, body: dict[str, Any]) -> str:
    with pytest.raises(Refusal) as caught:
        check(models()[model], body)
    assert caught.value.status == 400
    assert caught.value.code == "ValidationException"
    return caught.value.message


def test_a_service_names_the_unknown_field_and_lists_its_own() -> None:
    message = refusal(SERVICE, {"image": "", "prompt": "x", "text_prompts": []})
    assert message == (
        '{"detail": "Invalid field \'text_prompts\' in request. Available fields for '
        "control-sketch are: image, prompt, control_strength, negative_prompt, seed, "
        'output_format, style_preset"}'
    )


def test_a_container_lists_its_fields() -> None:
    message = refusal(ULTRA, {"prompt": "x", "cfg_scale": 7})
    assert message == (
        '{"detail": "Invalid field in request. Available fields: '
        "['prompt', 'negative_prompt', 'mode', 'strength', 'seed', 'output_format', 'image', "
        "'aspect_ratio']\"}"
    )


@pytest.mark.parametrize(
    "field", ["width", "height", "steps", "cfg_scale", "samples", "style_preset"]
)
@pytest.mark.parametrize("model", [SD35, CORE, ULTRA])
def test_fields_of_sdxl_are_refused_by_the_later_models(model: str, field: str) -> None:
    assert "Available fields" in refusal(model, {"prompt": "x", field: 1})


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, "#: required key [prompt] not found"),
        ({"prompt": "x", "foo": 1}, "#: extraneous key [foo] is not permitted"),
        ({"foo": 1}, "2 schema violations found"),
        ({"prompt": 7}, "#/prompt: expected type: String, found: Integer"),
        ({"prompt": "x", "seed": -1}, "#/seed: -1 is not greater or equal to 0"),
        ({"prompt": "x", "seed": 2**32}, "#/seed: 4294967296 is not less or equal to 4294967295"),
        ({"prompt": "x", "seed": True}, "#/seed: expected type: Integer, found: Boolean"),
        ({"prompt": "x" * 10_001}, "#/prompt: expected maxLength: 10000, actual: 10001"),
        ({"prompt": "x", "aspect_ratio": "4:3"}, "#/aspect_ratio: 4:3 is not a valid enum value"),
    ],
)
def test_an_older_model_speaks_the_grammar_of_the_json_schema(
    body: dict[str, Any], fault: str
) -> None:
    message = refusal("stability.stable-image-ultra-v1:0", body)
    assert message.startswith(f"Malformed input request: {fault}")
    assert message.endswith(", please reformat your input and try again.")


@pytest.mark.parametrize("seed", [0, 1, 4_294_967_294, 4_294_967_295])
def test_seeds_up_to_the_very_last_are_taken(seed: int) -> None:
    check(models()[SD35], {"prompt": "x", "seed": seed})


@pytest.mark.parametrize("kind", ["png", "jpeg", "PNG", "JPEG"])
def test_core_takes_png_and_jpeg_in_any_case(kind: str) -> None:
    check(models()[CORE], {"prompt": "x", "output_format": kind})


@pytest.mark.parametrize("model", [CORE, ULTRA])
def test_core_and_ultra_do_not_write_webp(model: str) -> None:
    assert "webp is not a valid enum value" in refusal(
        model, {"prompt": "x", "output_format": "webp"}
    )


def test_core_takes_no_image() -> None:
    assert "Available fields" in refusal(CORE, {"prompt": "x", "image": "abc"})


@pytest.mark.parametrize("strength", [-0.01, 1.01, "0.5", None])
def test_a_strength_outside_0_to_1_or_no_number_is_refused(strength: object) -> None:
    assert "strength" in refusal(SD35, {"prompt": "x", "strength": strength})


@pytest.mark.parametrize("text", ["no base64 !", "data:image/png;base64,AAAA", "AAA"])
def test_an_image_must_be_plain_base64(text: str) -> None:
    assert "is not valid base64" in refusal(SERVICE, {"prompt": "x", "image": text})


def test_an_image_must_be_an_image() -> None:
    assert "could not be decoded as an image" in refusal(SERVICE, {"prompt": "x", "image": "AAAA"})


def test_a_gif_is_not_taken() -> None:
    text = base64_of(scenery(), "gif")
    assert "has format GIF" in refusal(SERVICE, {"prompt": "x", "image": text})


@pytest.mark.parametrize(
    ("model", "size", "fault"),
    [
        (SERVICE, (63, 100), "at least 64 pixels on each side"),
        (SERVICE, (64, 161), "aspect ratio between 1:2.5 and 2.5:1"),
        (SERVICE, (3100, 3100), "at most 9437184 pixels in total"),
        (SD35, (63, 63), "at least 64 pixels on each side"),
        ("stability.sd3-large-v1:0", (639, 700), "at least 640 pixels on each side"),
        ("stability.sd3-large-v1:0", (700, 1537), "at most 1536 pixels on each side"),
        ("stability.stable-fast-upscale-v1:0", (31, 40), "at least 32 pixels on each side"),
        ("stability.stable-fast-upscale-v1:0", (1536, 700), "at most 1048576 pixels in total"),
        ("stability.stable-creative-upscale-v1:0", (1100, 1000), "at most 1048576 pixels in total"),
    ],
)
def test_an_image_must_keep_to_the_models_rule(
    model: str, size: tuple[int, int], fault: str
) -> None:
    body = {"prompt": "x", "image": base64_of(Image.new("L", size))}
    body = {name: value for name, value in body.items() if name in models()[model].fields}
    assert f"{fault}, but got {size[0]}x{size[1]}" in refusal(model, body)


@pytest.mark.parametrize("size", [(64, 64), (64, 160), (160, 64)])
def test_an_image_at_the_rules_edge_is_taken(size: tuple[int, int]) -> None:
    text = base64_of(Image.new("L", size))
    check(models()[SERVICE], {"prompt": "x", "image": text})


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"\xff\xfe"])
def test_a_body_that_is_no_json_object_is_malformed(bedrock: Emulator, body: bytes) -> None:
    answer = invoke(bedrock, CORE, body)
    assert (answer.status, answer.error) == (400, "ValidationException")
    assert answer.message.startswith("Malformed input request")


def test_a_body_above_25_million_bytes_is_refused(bedrock: Emulator) -> None:
    body = b'{"prompt":"' + b"x" * 25_000_000 + b'"}'
    answer = invoke(bedrock, CORE, body)
    assert answer.status == 400
    assert "length limit exceeded" in answer.told["message"]


def test_a_truncated_image_is_refused_even_when_its_size_can_be_read(bedrock: Emulator) -> None:
    text = base64_of(scenery(256, 256))
    cut = text[: len(text) // 2 // 4 * 4]
    answer = invoke(bedrock, SKETCH, {"prompt": "x", "image": cut})
    assert answer.status == 400
    assert "could not be decoded" in answer.message
    assert not bedrock.pictures_made
