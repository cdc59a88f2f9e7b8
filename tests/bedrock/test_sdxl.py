from dataclasses import replace

import pytest

from sdbr.bedrock.families import sdxl
from sdbr.bedrock.validation import STYLES
from sdbr.errors import Refused, ServiceProblem, UsageProblem
from sdbr.request import ImageRequest, Size
from tests.material import CATALOG, SDXL, blob, emulator_reads, encoded, with_value

PICTURE = blob(512, 512)
WORDS = ImageRequest(SDXL, "a fox")
OVER = ImageRequest(SDXL, "a fox", init_image=PICTURE)
NINE = (
    *("1024x1024", "1152x896", "896x1152", "1216x832", "832x1216"),
    *("1344x768", "768x1344", "1536x640", "640x1536"),
)
# Field, its least and greatest value, what lies just outside, and the model's name for it.
RANGES = [
    (WORDS, "seed", (1, 4294967295), (0, 4294967296), "seed"),
    (WORDS, "steps", (10, 150), (9, 151, 20.5), "steps"),
    (WORDS, "cfg_scale", (0, 35), (-0.1, 35.1), "cfg_scale"),
    (OVER, "step_schedule_start", (0, 1), (-0.01, 1.01), "step_schedule_start"),
    (OVER, "step_schedule_end", (0, 1), (-0.01, 1.01), "step_schedule_end"),
    (OVER, "strength", (0, 1), (-0.01, 1.01, float("nan")), None),
]
CHOICES = {
    "sampler": sdxl.SAMPLERS,
    "clip_guidance_preset": sdxl.CLIP_GUIDANCE,
    "style": STYLES,
}


@pytest.mark.parametrize(("request_", "field", "ends", "outside", "name"), RANGES)
def test_both_ends_of_a_range_are_sent_and_one_beyond_is_refused(
    request_, field, ends, outside, name
):
    for value in ends:
        request = with_value(request_, field, value)
        assert name is None or encoded(request)[name] == value
        emulator_reads(request)
    for value in outside:
        with pytest.raises(UsageProblem, match=f"--{field.replace('_', '-')} is "):
            encoded(with_value(request_, field, value))


@pytest.mark.parametrize("field", CHOICES)
def test_each_word_of_a_choice_is_sent_and_any_other_is_refused(field):
    for word in CHOICES[field]:
        emulator_reads(with_value(WORDS, field, word))
    with pytest.raises(UsageProblem, match="choose from"):
        encoded(with_value(WORDS, field, "nonsense"))


@pytest.mark.parametrize("field", ["prompt", "negative_prompt"])
def test_texts_have_2000_characters_at_most(field):
    emulator_reads(with_value(WORDS, field, "é" * 2000))
    with pytest.raises(UsageProblem, match=r"2,001 characters, .* at most 2,000"):
        encoded(with_value(WORDS, field, "é" * 2001))


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        ("a (red fox:1.4) in the snow", [("a red fox in the snow", 1), ("red fox", 0.4)]),
        ("a fox, (fog:0.5)", [("a fox", 1), ("fog", 0.5)]),
        ("a fox (in fog:.25), at dawn", [("a fox, at dawn", 1), ("in fog", 0.25)]),
        ("a fox (people:-1)", [("a fox", 1), ("people", -1)]),
        ("(a fox:1.0)", [("a fox", 1)]),
        ("(a fox:0.7)", [("a fox", 0.7)]),
        ("a fox (really) at 10:30", [("a fox (really) at 10:30", 1)]),
    ],
)
def test_words_with_a_weight_have_it_in_all(prompt, parts):
    sent = encoded(with_value(WORDS, "prompt", prompt))["text_prompts"]
    assert [(part["text"], part["weight"]) for part in sent] == parts
    emulator_reads(with_value(WORDS, "prompt", prompt))


def test_weights_of_the_negative_prompt_count_against():
    sent = encoded(with_value(WORDS, "negative_prompt", "rain, (text:1.5)"))["text_prompts"]
    assert [(part["text"], part["weight"]) for part in sent[1:]] == [
        ("rain, text", -1),
        ("text", -0.5),
    ]


def test_extras_are_passed_on_as_they_are():
    def told(text):
        return replace(WORDS, extras=(("extras", text),))

    request = told('{"tiling": true, "of": {"a": [1]}}')
    assert encoded(request)["extras"] == {"tiling": True, "of": {"a": [1]}}
    emulator_reads(request)
    for wrong in ("[1]", "tiling", "{"):
        with pytest.raises(UsageProblem, match=r"--extras is .* use a JSON object"):
            encoded(told(wrong))


def test_the_negative_prompt_is_a_prompt_of_negative_weight():
    body = encoded(with_value(WORDS, "negative_prompt", "rain"))
    assert body["text_prompts"] == [
        {"text": "a fox", "weight": 1.0},
        {"text": "rain", "weight": -1.0},
    ]
    assert emulator_reads(with_value(WORDS, "negative_prompt", "rain")).negative == "rain"


@pytest.mark.parametrize("size", NINE)
def test_each_of_the_nine_sizes_is_drawn(size):
    width, height = map(int, size.split("x"))
    assert emulator_reads(with_value(WORDS, "size", Size(width, height))).size == (width, height)


def test_any_other_size_is_refused_with_the_list():
    with pytest.raises(
        UsageProblem, match=r"--size is 1000x1000: use one of SDXL's sizes, 1024x1024, 1152x896"
    ):
        encoded(with_value(WORDS, "size", Size(1000, 1000)))


@pytest.mark.parametrize(
    ("aspect", "size"),
    [("1:1", (1024, 1024)), ("16:9", (1344, 768)), ("9:21", (640, 1536)), ("4:5", (896, 1152))],
)
def test_an_aspect_becomes_the_nearest_size(aspect, size):
    assert emulator_reads(with_value(WORDS, "aspect", aspect)).size == size


@pytest.mark.parametrize("aspect", ["square", "0:0", "1:0", "16x9", "1:1:1", ""])
def test_an_aspect_that_is_none_is_refused(aspect):
    with pytest.raises(UsageProblem, match=r"--aspect is .*choose from 16:9"):
        encoded(with_value(WORDS, "aspect", aspect))


@pytest.mark.parametrize(("strength", "kept"), [(0, 1), (0.3, 0.7), (0.65, 0.35), (1, 0)])
def test_strength_is_turned_round_because_sdxl_says_how_much_of_the_input_stays(strength, kept):
    body = encoded(with_value(OVER, "strength", strength))
    assert body["image_strength"] == kept
    assert body["init_image_mode"] == "IMAGE_STRENGTH"
    assert emulator_reads(with_value(OVER, "strength", strength)).strength == pytest.approx(
        strength
    )


def test_a_schedule_takes_the_place_of_the_strength():
    body = encoded(with_value(OVER, "step_schedule_start", 0.4))
    assert body["init_image_mode"] == "STEP_SCHEDULE"
    assert "image_strength" not in body


def test_a_schedule_and_a_strength_together_are_refused():
    both = with_value(with_value(OVER, "strength", 0.5), "step_schedule_start", 0.4)
    with pytest.raises(UsageProblem, match="--strength and --step-schedule"):
        encoded(both)


def test_no_size_is_sent_beside_an_input_picture():
    assert not {"width", "height"} & encoded(OVER).keys()


@pytest.mark.parametrize("source", ["MASK_IMAGE_WHITE", "MASK_IMAGE_BLACK"])
def test_a_mask_is_sent_with_the_way_to_read_it(source):
    request = with_value(with_value(OVER, "mask", PICTURE), "mask_source", source)
    assert encoded(request)["mask_source"] == source
    assert emulator_reads(request).task == "inpaint"


def test_white_is_repainted_unless_told_otherwise():
    assert encoded(with_value(OVER, "mask", PICTURE))["mask_source"] == "MASK_IMAGE_WHITE"


def test_the_inputs_own_transparency_needs_no_mask_and_every_other_source_does():
    assert emulator_reads(with_value(OVER, "mask_source", "INIT_IMAGE_ALPHA")).task == "inpaint"
    with pytest.raises(UsageProblem, match="--mask-source MASK_IMAGE_BLACK needs --mask"):
        encoded(with_value(OVER, "mask_source", "MASK_IMAGE_BLACK"))
    with pytest.raises(UsageProblem, match="--mask-source is 'RED'"):
        encoded(with_value(OVER, "mask_source", "RED"))


def test_only_png_comes_back():
    assert sdxl.formats(SDXL) == ("png",)
    with pytest.raises(UsageProblem, match="--format is 'webp': choose from png"):
        encoded(with_value(WORDS, "format", "webp"))


def test_the_earlier_version_knows_no_masks():
    old = CATALOG.find("sdxl-0.8")
    assert sdxl.takes(SDXL) - sdxl.takes(old) == {"mask", "mask_source"}


def test_a_picture_comes_back_with_its_seed():
    answer = {
        "result": "success",
        "artifacts": [{"seed": 42, "base64": "aGk=", "finishReason": "SUCCESS"}],
    }
    assert sdxl.decode(answer) == (b"hi", 42)


def test_the_blurred_picture_of_a_refusal_is_not_kept():
    answer = {
        "result": "success",
        "artifacts": [{"seed": 1, "base64": "aGk=", "finishReason": "CONTENT_FILTERED"}],
    }
    with pytest.raises(Refused):
        sdxl.decode(answer)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"result": "success", "artifacts": [{"finishReason": "ERROR"}]}, "reported an error"),
        ({"result": "error", "error": {"id": "x", "message": "no GPU", "name": "y"}}, "no GPU"),
        ({"result": "error"}, "no picture and no reason"),
        ({}, "no picture"),
        ({"result": "success"}, "contains no picture"),
        ({"result": "success", "artifacts": []}, "contains no picture"),
        ({"result": "success", "artifacts": [None]}, "contains no picture"),
        ({"result": "success", "artifacts": [{"base64": ""}]}, "contains no picture"),
        ({"result": "success", "artifacts": [{"base64": "!"}]}, "contains no picture"),
    ],
)
def test_an_answer_without_a_picture_may_be_asked_again(answer, message):
    with pytest.raises(ServiceProblem, match=message) as failed:
        sdxl.decode(answer)
    assert failed.value.again


def test_the_size_rule_is_the_nine_sizes():
    assert [str(size) for size in sdxl.size_rule(SDXL).exact] == list(NINE)
