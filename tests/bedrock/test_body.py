import json
from base64 import b64decode
from dataclasses import replace

import pytest

from sdbr.bedrock import body
from sdbr.bedrock.families import family_of
from sdbr.errors import InputProblem, UsageProblem
from sdbr.request import Blob, ImageRequest, Size
from tests.material import CATALOG, CORE, SD35, SDXL, ULTRA, blob, request_for, with_value

ALL = CATALOG.models
# A value for each field and extra that some model knows.
SOME = {
    "negative_prompt": "rain",
    "aspect": "16:9",
    "size": Size(1024, 1024),
    "style": "anime",
    "init_image": blob(512, 512),
    "strength": 0.5,
    "mask": blob(512, 512),
    "style_image": blob(),
    "steps": 20,
    "cfg_scale": 7.5,
    "sampler": "DDIM",
    "clip_guidance_preset": "NONE",
    "step_schedule_start": 0.2,
    "step_schedule_end": 0.8,
    "mask_source": "MASK_IMAGE_WHITE",
    "grow_mask": 5,
    "creativity": 0.3,
    "left": 10,
    "right": 10,
    "up": 10,
    "down": 10,
    "search_prompt": "a dog",
    "select_prompt": "a coat",
    "composition_fidelity": 0.9,
    "style_strength": 1.0,
}
# Another value than the one sent when nothing is told.
OTHER = SOME | {
    "prompt": "a blue fox",
    "size": Size(1344, 768),
    "init_image": blob(96, 96),
    "strength": 0.45,
    "mask_source": "MASK_IMAGE_BLACK",
    "style_image": blob(96, 96),
    "search_prompt": "a cat",
    "select_prompt": "a hat",
    "left": 11,
}
FLAGS = {
    "negative_prompt": "--negative",
    "init_image": "input picture",
    "clip_guidance_preset": "--clip-guidance",
}


def flag_of(field):
    return FLAGS.get(field, "--" + field.replace("_", "-"))


def prepared(request, field):
    """The request with what `field` needs beside it."""
    if field in ("strength", "mask", "step_schedule_start", "step_schedule_end"):
        request = with_value(request, "init_image", SOME["init_image"])
    if field == "mask_source":
        request = replace(request, init_image=SOME["init_image"], mask=SOME["mask"])
    return request


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.aliases[0])
def test_what_a_model_takes_is_let_through_and_all_else_is_refused_by_the_flags_name(model):
    takes = family_of(model).takes(model)
    for field, value in SOME.items():
        least = request_for(model)
        if field in takes:
            body.check(with_value(prepared(least, field), field, value), ALL)
            continue
        request = with_value(least, field, value)
        with pytest.raises(UsageProblem) as refused:
            body.check(request, ALL)
        message = str(refused.value)
        assert flag_of(field) in message
        assert model.title in message
        assert model.id in message


def test_a_refused_flag_names_living_models_that_take_it_for_the_same_job():
    with pytest.raises(UsageProblem) as refused:
        body.check(ImageRequest(CORE, "a fox", init_image=blob(), strength=0.5), ALL)
    assert str(refused.value) == (
        "Stable Image Core 1.1 (stability.stable-image-core-v1:1) does not support an input "
        "picture. Use --model sd3.5, ultra, sketch, structure, style-guide or style-transfer."
    )


def test_where_no_living_model_can_do_it_the_flag_is_to_be_left_out():
    with pytest.raises(
        UsageProblem, match=r"does not support --steps\. Only SDXL 1\.0 did, and it was retired on"
    ):
        body.check(ImageRequest(CORE, "a fox", extras=(("steps", 30),)), ALL)


def test_strength_without_an_input_picture_is_refused_and_not_dropped():
    for model in (SDXL, SD35, ULTRA):
        with pytest.raises(UsageProblem, match="--strength needs an input picture"):
            body.check(ImageRequest(model, "a fox", strength=0.5), ALL)


def test_a_mask_without_an_input_picture_is_refused_and_not_dropped():
    with pytest.raises(UsageProblem, match="--mask needs an input picture"):
        body.check(ImageRequest(SDXL, "a fox", mask=blob()), ALL)


def test_pictures_travel_as_plain_base64():
    picture = blob(64, 64)
    sent = json.loads(body.wire(ImageRequest(SD35, "a fox", init_image=picture, strength=0.4)))
    assert b64decode(sent["image"], validate=True) == picture.read()


def test_a_picture_on_disk_is_sent_as_it_was_when_the_run_was_planned(tmp_path):
    file = tmp_path / "in.png"
    file.write_bytes(blob().read())
    request = ImageRequest(SD35, "a fox", init_image=Blob(blob().sha256, path=file), strength=0.4)
    assert body.wire(request) == body.wire(replace(request, init_image=blob()))
    assert body.cache_key(request, "aws") == body.cache_key(
        replace(request, init_image=blob()), "aws"
    )
    file.write_bytes(b"something else")
    with pytest.raises(InputProblem, match=r"in.png was changed or removed"):
        body.wire(request)


def test_the_outline_tells_the_digest_of_a_picture_and_everything_else_as_sent():
    request = ImageRequest(SD35, "a “fox”", init_image=blob(), strength=0.4)
    sent, told = json.loads(body.wire(request)), json.loads(body.outline(request))
    assert told.pop("image") == f"<base64 of the picture with SHA-256 {blob().sha256}>"
    sent.pop("image")
    assert told == sent


def test_a_body_over_25_megabytes_is_refused_before_it_is_sent():
    fits = ImageRequest(SD35, "a fox", init_image=Blob.of(bytes(18_749_000)), strength=0.5)
    assert len(body.wire(fits)) <= body.MAX_BODY
    with pytest.raises(UsageProblem, match="accepts at most 25 MB"):
        body.wire(replace(fits, init_image=Blob.of(bytes(18_750_000))))


def test_the_key_is_the_same_for_equal_requests_and_in_every_process():
    request = ImageRequest(CORE, "a fox", seed=7)
    assert body.cache_key(request, "aws") == body.cache_key(replace(request), "aws")
    # Written down: a change here makes every paid picture be paid again.
    assert body.cache_key(request, "aws") == (
        "060e717f880b680743cda0eb0b8f9783ee814b56ca998b703402b80999011d42"
    )


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.aliases[0])
def test_each_field_that_a_model_takes_changes_the_key(model):
    for field in family_of(model).takes(model).intersection(OTHER):
        least = prepared(request_for(model), field)
        changed = with_value(least, field, OTHER[field])
        assert body.cache_key(least, "aws") != body.cache_key(changed, "aws"), field


def test_who_answers_and_which_model_is_called_change_the_key():
    request = ImageRequest(CATALOG.find("inpaint"), "a fox", init_image=blob())
    arn = "arn:aws:bedrock:us-east-1:1:inference-profile/us.stability.stable-image-inpaint-v1:0"
    keys = {
        body.cache_key(request, "aws"),
        body.cache_key(request, "local"),
        body.cache_key(replace(request, model=CATALOG.find(arn)), "aws"),
    }
    assert len(keys) == 3
