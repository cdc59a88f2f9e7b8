from __future__ import annotations

from datetime import date

import pytest

from sdbr.emulator import Emulator
from sdbr.emulator.models import data, models, size_of
from tests.emulator.calls import CORE, SD35, SDXL, SKETCH, invoke


def test_all_twenty_one_models_of_stability_are_known() -> None:
    assert len({model.id for model in models().values() if model.id.startswith("stab")}) == 21


def test_thirteen_of_them_need_a_profile_and_are_offered_in_three_regions() -> None:
    services = {model.id: model for model in models().values() if model.profile}
    assert len(services) == 13
    assert {model.regions for model in services.values()} == {
        ("us-east-1", "us-east-2", "us-west-2")
    }


@pytest.mark.parametrize("ratio", data()["ratios"])
def test_every_ratio_has_a_size_of_that_shape_within_640_to_1536(ratio: str) -> None:
    width, height = size_of(ratio)
    across, down = map(int, ratio.split(":"))
    assert width / height == pytest.approx(across / down, rel=0.06)
    assert 640 <= min(width, height) <= max(width, height) <= 1536


@pytest.mark.parametrize(
    "model",
    [SDXL, "stability.sd3-large-v1:0", "amazon.nova-canvas-v1:0", "stability.stable-diffusion-xl"],
)
def test_an_ended_model_answers_that_its_life_is_over(bedrock: Emulator, model: str) -> None:
    answer = invoke(
        bedrock, model, {"prompt": "x"}, region="us-east-1" if "nova" in model else "us-west-2"
    )
    assert (answer.status, answer.error) == (404, "ResourceNotFoundException")
    assert answer.message.startswith("This model version has reached the end of its life.")


def test_a_model_lives_until_its_last_day() -> None:
    with Emulator(picture_side=48, today=date(2025, 5, 19)) as emulator:
        assert invoke(emulator, SDXL, {"text_prompts": [{"text": "x"}]}).status == 200
    with Emulator(picture_side=48, today=date(2025, 5, 20)) as emulator:
        assert invoke(emulator, SDXL, {"text_prompts": [{"text": "x"}]}).status == 404


@pytest.mark.parametrize(
    ("model", "region"), [(SD35, "us-east-1"), (CORE, "eu-west-1"), (SKETCH, "eu-west-1")]
)
def test_a_model_is_unknown_in_a_region_that_does_not_offer_it(
    bedrock: Emulator, model: str, region: str
) -> None:
    answer = invoke(bedrock, model, {"prompt": "x"}, region=region)
    assert (answer.status, answer.message) == (400, "The provided model identifier is invalid.")


def test_a_made_up_region_is_not_checked(bedrock: Emulator) -> None:
    assert invoke(bedrock, CORE, {"prompt": "x"}, region="here").status == 200


def test_the_region_check_can_be_switched_off() -> None:
    with Emulator(picture_side=48, check_region=False) as emulator:
        assert invoke(emulator, CORE, {"prompt": "x"}, region="eu-west-1").status == 200
