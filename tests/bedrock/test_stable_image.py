import pytest

from sdbr.bedrock.families import stable_image
from sdbr.bedrock.validation import ASPECTS
from sdbr.errors import UsageProblem
from sdbr.request import ImageRequest
from tests.material import CATALOG, CORE, SD35, ULTRA, blob, emulator_reads, encoded, with_value

SD3 = CATALOG.find("sd3")
ALL = [model for model in CATALOG.models if model.family == "stable_image"]
OVER_PICTURES = [SD3, SD35, ULTRA]
PICTURE = blob(640, 640)

each_model = pytest.mark.parametrize("model", ALL, ids=lambda model: model.aliases[0])
each_restyler = pytest.mark.parametrize("model", OVER_PICTURES, ids=lambda model: model.aliases[0])


@each_model
def test_both_ends_of_the_seed_are_sent_and_one_beyond_is_refused(model):
    for seed in (1, 4294967294):
        assert emulator_reads(ImageRequest(model, "a fox", seed=seed)).seed == seed
    for seed in (0, -1, 4294967295):
        with pytest.raises(UsageProblem, match=r"--seed is .* from 1 to 4294967294"):
            encoded(ImageRequest(model, "a fox", seed=seed))


@each_model
@pytest.mark.parametrize("field", ["prompt", "negative_prompt"])
def test_texts_have_10000_characters_at_most(model, field):
    request = ImageRequest(model, "a fox")
    emulator_reads(with_value(request, field, "é" * 10_000))
    with pytest.raises(UsageProblem, match=r"10,001 characters, .* at most 10,000"):
        encoded(with_value(request, field, "é" * 10_001))


@each_model
def test_an_empty_prompt_is_refused(model):
    for prompt in ("", "  \n\t"):
        with pytest.raises(UsageProblem, match="The prompt is empty"):
            encoded(ImageRequest(model, prompt))


@each_model
def test_each_of_the_nine_aspects_is_sent_and_any_other_is_refused(model):
    for aspect in ASPECTS:
        emulator_reads(ImageRequest(model, "a fox", aspect=aspect))
        assert encoded(ImageRequest(model, "a fox", aspect=aspect))["aspect_ratio"] == aspect
    with pytest.raises(UsageProblem, match="--aspect is '7:5'"):
        encoded(ImageRequest(model, "a fox", aspect="7:5"))


@each_model
def test_each_format_of_the_model_is_sent_and_any_other_is_refused(model):
    formats = stable_image.formats(model)
    assert formats == (("png", "jpeg", "webp") if model is SD35 else ("png", "jpeg"))
    for format in formats:
        assert emulator_reads(ImageRequest(model, "a fox", format=format)).format == format
    for format in {"webp", "gif", "PNG"} - set(formats):
        with pytest.raises(UsageProblem, match=f"--format is '{format}'"):
            encoded(ImageRequest(model, "a fox", format=format))


@each_model
def test_only_sd3_and_sd35_are_told_a_mode_because_it_is_unsure_for_the_others(model):
    body = encoded(ImageRequest(model, "a fox"))
    assert body.get("mode") == ("text-to-image" if model in (SD3, SD35) else None)


@each_restyler
def test_both_ends_of_the_strength_are_sent_and_one_beyond_is_refused(model):
    over = ImageRequest(model, "a fox", init_image=PICTURE)
    for strength in (0, 0.5, 1):
        order = emulator_reads(with_value(over, "strength", strength))
        assert order.strength == strength
        assert order.task == "image-to-image"
    for strength in (-0.01, 1.01, float("nan"), float("inf")):
        with pytest.raises(UsageProblem, match=r"--strength is .* from 0 to 1"):
            encoded(with_value(over, "strength", strength))


@each_restyler
def test_a_strength_is_always_sent_with_an_input_picture_because_sd35_requires_one(model):
    strength = encoded(ImageRequest(model, "a fox", init_image=PICTURE))["strength"]
    assert strength == (0.35 if model is ULTRA else 0.6)


@each_restyler
def test_an_aspect_beside_an_input_picture_is_refused_because_the_input_has_one(model):
    with pytest.raises(UsageProblem, match="--aspect"):
        encoded(ImageRequest(model, "a fox", init_image=PICTURE, aspect="16:9"))
    body = encoded(ImageRequest(model, "a fox", init_image=PICTURE))
    assert "aspect_ratio" not in body
    assert body.get("mode") == (None if model is ULTRA else "image-to-image")


def test_which_models_draw_over_a_picture():
    able = [model for model in ALL if "init_image" in stable_image.takes(model)]
    assert able == OVER_PICTURES


def test_sd3_wants_sides_of_640_to_1536_pixels():
    assert stable_image.size_rule(SD3)[1:3] == (640, 1536)
    assert stable_image.size_rule(SD35).min_side == 64
    emulator_reads(ImageRequest(SD3, "a fox", init_image=blob(640, 640)))
    emulator_reads(ImageRequest(SD35, "a fox", init_image=blob(64, 64)))


def test_the_extras_of_another_family_are_not_in_the_body():
    told = {"steps": 30, "cfg_scale": 7, "grow_mask": 5, "creativity": 0.5}
    assert encoded(ImageRequest(CORE, "a fox", extras=tuple(told.items()))) == {
        "prompt": "a fox",
        "seed": 1,
        "output_format": "png",
    }
