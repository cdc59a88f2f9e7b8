from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image

from sdbr.emulator import Emulator, Faults
from sdbr.emulator.dialects.sdxl import read
from sdbr.emulator.errors import Refusal
from sdbr.emulator.models import models
from sdbr.emulator.painter.order import Order
from tests.emulator.calls import SDXL, base64_of, invoke

TEXT = [{"text": "a fox"}]
IMAGE = base64_of(Image.new("RGB", (768, 768)))


def order(**body: Any) -> Order:
    return read(models()[SDXL], {"text_prompts": TEXT, **body})


def test_negative_weights_make_the_negative_prompt() -> None:
    prompts = [{"text": "a fox"}, {"text": "snow", "weight": 0.5}, {"text": "people", "weight": -1}]
    made = order(text_prompts=prompts)
    assert (made.prompt, made.negative) == ("a fox, snow", "people")


def test_image_strength_runs_against_strength() -> None:
    assert order(init_image=IMAGE, image_strength=0.8).strength == pytest.approx(0.2)


def test_without_a_strength_about_a_third_of_the_image_is_kept() -> None:
    assert order(init_image=IMAGE).strength == pytest.approx(0.65)


def test_a_step_schedule_that_starts_early_keeps_more() -> None:
    schedule = {"init_image_mode": "STEP_SCHEDULE", "step_schedule_start": 0.3}
    assert order(init_image=IMAGE, **schedule).strength == pytest.approx(0.3)


@pytest.mark.parametrize("size", [(1024, 1024), (1536, 640), (640, 1536), (512, 512)])
def test_its_sizes_are_taken(size: tuple[int, int]) -> None:
    assert order(width=size[0], height=size[1]).size == size


def test_any_other_size_is_refused_with_the_list() -> None:
    with pytest.raises(Refusal, match=r"1536x640, .* but we received 450x672"):
        order(width=450, height=672)


def test_a_size_beside_an_image_is_tolerated() -> None:
    assert order(init_image=IMAGE, width=100, height=100).task == "image-to-image"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"text_prompts": "a fox"}, "#/text_prompts: expected type: JSONArray, found: String"),
        ({"text_prompts": []}, "#/text_prompts: expected minimum item count: 1, found: 0"),
        ({"text_prompts": [{}]}, r"#/text_prompts/0: required key \[text\] not found"),
        (
            {"text_prompts": [{"text": "x" * 2001}]},
            "#/text_prompts/0/text: expected maxLength: 2000",
        ),
        ({"prompt": "x"}, r"#: extraneous key \[prompt\] is not permitted"),
        ({"steps": 9}, "#/steps: 9 is not greater or equal to 10"),
        ({"cfg_scale": 36}, "#/cfg_scale: 36 is not less or equal to 35"),
        ({"samples": 2}, "#/samples: 2 is not less or equal to 1"),
        ({"style_preset": "cubism"}, "#/style_preset: cubism is not a valid enum value"),
        ({"mask_source": "MASK_IMAGE_WHITE"}, r"required key \[init_image\] not found"),
        ({"init_image": base64_of(Image.new("L", (100, 100)))}, "at least 262144 pixels"),
    ],
)
def test_what_it_does_not_take_is_said_in_its_own_words(body: dict[str, Any], fault: str) -> None:
    with pytest.raises(Refusal, match=fault):
        order(**body)


def test_a_mask_must_have_the_size_of_its_image() -> None:
    mask = base64_of(Image.new("L", (1024, 768)))
    with pytest.raises(Refusal, match="same dimensions"):
        order(init_image=IMAGE, mask_source="MASK_IMAGE_WHITE", mask_image=mask)


def test_the_answer_has_a_result_and_one_artifact(old_bedrock: Emulator) -> None:
    told = invoke(old_bedrock, SDXL, {"text_prompts": TEXT, "seed": 9}).told
    artifact = told["artifacts"][0]
    assert (told["result"], artifact["seed"], artifact["finishReason"]) == ("success", 9, "SUCCESS")
    assert Image.open(io.BytesIO(base64.b64decode(artifact["base64"]))).format == "PNG"


def test_a_filtered_picture_comes_all_the_same_and_is_billed() -> None:
    with Emulator(picture_side=48, allow_retired=True, faults=Faults(filter_output=1)) as emulator:
        artifact = invoke(emulator, SDXL, {"text_prompts": TEXT, "seed": 9}).told["artifacts"][0]
        assert artifact["finishReason"] == "CONTENT_FILTERED"
        assert artifact["base64"]
        assert emulator.pictures_made == 1


def test_an_inference_error_has_its_own_reason() -> None:
    with Emulator(allow_retired=True, faults=Faults(inference_error=1)) as emulator:
        artifact = invoke(emulator, SDXL, {"text_prompts": TEXT}).told["artifacts"][0]
        assert artifact["finishReason"] == "ERROR"
