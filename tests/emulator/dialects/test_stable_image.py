from __future__ import annotations

from typing import Any

import pytest

from sdbr.emulator import Emulator
from sdbr.emulator.dialects.stable_image import read
from sdbr.emulator.errors import Refusal
from sdbr.emulator.models import models
from sdbr.emulator.painter.order import Order
from tests.emulator.calls import CORE, SD35, ULTRA, base64_of, encoded, invoke, scenery

IMAGE = base64_of(scenery())
I2I = {"prompt": "oil", "mode": "image-to-image", "image": IMAGE, "strength": 0.4}


def order(model: str, **body: Any) -> Order:
    return read(models()[model], body)


def test_text_to_image_takes_its_size_from_the_ratio() -> None:
    assert order(SD35, prompt="x", aspect_ratio="16:9").size == (1344, 768)
    assert order(CORE, prompt="x").size == (1024, 1024)


def test_image_to_image_of_sd35_has_mode_image_and_strength() -> None:
    made = order(SD35, **I2I)
    assert (made.task, made.strength, made.image) == ("image-to-image", 0.4, encoded(scenery()))


@pytest.mark.parametrize("field", ["image", "strength"])
def test_image_to_image_of_sd35_needs_both(field: str) -> None:
    body = {name: value for name, value in I2I.items() if name != field}
    with pytest.raises(Refusal, match=f"'{field}' is required"):
        order(SD35, **body)


def test_an_image_without_the_mode_is_refused_by_sd35() -> None:
    with pytest.raises(Refusal, match="requires mode 'image-to-image'"):
        order(SD35, prompt="x", image=IMAGE, strength=0.4)


def test_a_ratio_beside_an_image_is_ignored() -> None:
    assert order(SD35, **I2I, aspect_ratio="16:9").task == "image-to-image"


def test_a_strength_without_an_image_is_tolerated() -> None:
    assert order(SD35, prompt="x", mode="text-to-image", strength=0.7).task == "text-to-image"


def test_ultra_takes_an_image_without_a_mode_and_keeps_two_thirds_of_it() -> None:
    made = order(ULTRA, prompt="x", image=IMAGE)
    assert (made.task, made.strength) == ("image-to-image", 0.35)


@pytest.mark.parametrize("model", [CORE, ULTRA])
def test_core_and_ultra_tolerate_the_mode_of_older_pages(model: str) -> None:
    assert order(model, prompt="x", mode="text-to-image").task == "text-to-image"
    with pytest.raises(Refusal, match="image-to-image is not a valid enum value"):
        order(model, prompt="x", mode="image-to-image")


def test_an_outpaint_must_grow_somewhere() -> None:
    with pytest.raises(Refusal, match="At least one of left, right, up, down"):
        order("stability.stable-outpaint-v1:0", image=IMAGE, left=0)


def test_numbers_of_a_service_reach_the_painter() -> None:
    made = order("stability.stable-outpaint-v1:0", image=IMAGE, left=8, creativity=0.9)
    assert (made.number("left", 0), made.number("creativity", 0)) == (8, 0.9)


def test_the_answer_has_one_seed_one_reason_and_one_picture(bedrock: Emulator) -> None:
    told = invoke(bedrock, CORE, {"prompt": "a fox", "seed": 42}).told
    assert (told["seeds"], told["finish_reasons"], len(told["images"])) == ([42], [None], 1)


@pytest.mark.parametrize("body", [{"prompt": "x"}, {"prompt": "x", "seed": 0}])
def test_a_seed_of_0_or_none_is_drawn_and_told(bedrock: Emulator, body: dict[str, Any]) -> None:
    seeds = [invoke(bedrock, CORE, body).told["seeds"][0] for _ in range(3)]
    assert len(set(seeds)) == 3
    again = invoke(bedrock, CORE, {"prompt": "x", "seed": seeds[0]})
    assert again.told["seeds"] == seeds[:1]


@pytest.mark.parametrize(("asked", "got"), [("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WEBP")])
def test_the_picture_has_the_format_asked_for(bedrock: Emulator, asked: str, got: str) -> None:
    answer = invoke(bedrock, SD35, {"prompt": "x", "seed": 1, "output_format": asked})
    assert answer.picture.format == got
