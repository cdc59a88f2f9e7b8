import pytest

from sdbr.bedrock.families import image_services
from sdbr.bedrock.validation import ASPECTS, STYLES
from sdbr.errors import UsageProblem
from sdbr.request import ImageRequest
from tests.material import CATALOG, blob, emulator_reads, encoded, request_for, with_value

ALL = {model.aliases[0]: model for model in CATALOG.models if model.family == "image_services"}
GROW = ("grow_mask", (0, 20), (-1, 21, 2.5), "grow_mask")
CONTROL = ("strength", (0, 1), (-0.01, 1.01), None)
UPSCALE = ("creativity", (0.1, 0.5), (0.09, 0.51), "creativity")
SIDES = [(side, (1, 2000), (-1, 2001, 1.5), side) for side in ("left", "right", "up", "down")]
# For each service: field, its least and greatest value, what lies just outside, its name.
RANGES = {
    "inpaint": [GROW],
    "outpaint": [("creativity", (0.1, 1.0), (0.09, 1.01), "creativity"), *SIDES],
    "erase": [GROW],
    "remove-background": [],
    "search-replace": [GROW],
    "search-recolor": [GROW],
    "sketch": [CONTROL],
    "structure": [CONTROL],
    "style-guide": [CONTROL],
    "style-transfer": [
        ("strength", (0.1, 1), (0.09, 1.01), "change_strength"),
        ("composition_fidelity", (0, 1), (-0.01, 1.01), "composition_fidelity"),
        ("style_strength", (0, 1), (-0.01, 1.01), "style_strength"),
    ],
    "creative-upscale": [UPSCALE],
    "conservative-upscale": [UPSCALE],
    "fast-upscale": [],
}
STYLED = {
    *("inpaint", "outpaint", "search-replace", "search-recolor", "sketch", "structure"),
    *("style-guide", "creative-upscale"),
}
UNSEEDED = {"remove-background", "fast-upscale"}
WITHOUT_NEGATIVE = {"outpaint", "erase", "remove-background", "fast-upscale"}
WITHOUT_PROMPT = {"erase", "remove-background", "fast-upscale"}
PROMPT_IF_WANTED = {"outpaint", "style-transfer"}

each = pytest.mark.parametrize("name", ALL)


def ask(name, field, value):
    return with_value(request_for(ALL[name]), field, value)


def test_every_service_stands_in_the_table():
    assert set(RANGES) == set(ALL)


@each
def test_both_ends_of_a_range_are_sent_and_one_beyond_is_refused(name):
    for field, ends, outside, sent_as in RANGES[name]:
        for value in ends:
            request = ask(name, field, value)
            emulator_reads(request)
            assert sent_as is None or encoded(request)[sent_as] == value
        for value in outside:
            with pytest.raises(UsageProblem, match=f"--{field.replace('_', '-')} is "):
                encoded(ask(name, field, value))


@each
def test_the_seed_is_sent_where_the_service_knows_one(name):
    if name in UNSEEDED:
        assert "seed" not in encoded(request_for(ALL[name]))
        return
    for seed in (1, 4294967294):
        assert emulator_reads(ask(name, "seed", seed)).seed == seed
    for seed in (0, 4294967295):
        with pytest.raises(UsageProblem, match="--seed is "):
            encoded(ask(name, "seed", seed))


@each
def test_the_17_styles_are_taken_where_the_service_has_them(name):
    assert ("style" in image_services.takes(ALL[name])) == (name in STYLED)
    if name not in STYLED:
        return
    for style in STYLES:
        assert emulator_reads(ask(name, "style", style)).style == style
    with pytest.raises(UsageProblem, match="--style is 'oil'"):
        encoded(ask(name, "style", "oil"))


@each
def test_texts_have_10000_characters_at_most(name):
    fields = image_services.takes(ALL[name]) & {
        *("prompt", "negative_prompt", "search_prompt", "select_prompt")
    }
    assert ("negative_prompt" in fields) == (name not in WITHOUT_NEGATIVE)
    assert ("prompt" in fields) == (name not in WITHOUT_PROMPT)
    for field in fields:
        emulator_reads(ask(name, field, "é" * 10_000))
        with pytest.raises(UsageProblem, match="10,001 characters"):
            encoded(ask(name, field, "é" * 10_001))


@each
def test_an_empty_prompt_is_refused_where_one_is_required(name):
    request = ask(name, "prompt", "")
    if name in WITHOUT_PROMPT | PROMPT_IF_WANTED:
        assert "prompt" not in encoded(request)
        emulator_reads(request)
        return
    with pytest.raises(UsageProblem, match=r"The prompt is empty|needs a prompt. Describe"):
        encoded(request)


@each
def test_without_an_input_picture_nothing_is_sent(name):
    with pytest.raises(UsageProblem, match=f"{ALL[name].title} needs an input picture"):
        encoded(ask(name, "init_image", None))


@each
def test_png_jpeg_and_webp_come_back(name):
    for format in ("png", "jpeg", "webp"):
        assert emulator_reads(ask(name, "format", format)).format == format
    with pytest.raises(UsageProblem, match="--format is 'gif'"):
        encoded(ask(name, "format", "gif"))


def test_strength_runs_the_other_way_where_the_service_counts_what_it_keeps():
    assert encoded(ask("structure", "strength", 0.3))["control_strength"] == 0.7
    assert encoded(ask("sketch", "strength", 1))["control_strength"] == 0
    assert encoded(ask("style-guide", "strength", 0.5))["fidelity"] == 0.5
    assert encoded(ask("style-transfer", "strength", 0.4))["change_strength"] == 0.4


def test_only_the_style_guide_takes_an_aspect():
    assert [name for name in ALL if "aspect" in image_services.takes(ALL[name])] == ["style-guide"]
    for aspect in ASPECTS:
        assert encoded(ask("style-guide", "aspect", aspect))["aspect_ratio"] == aspect
    with pytest.raises(UsageProblem, match="--aspect is '2:1'"):
        encoded(ask("style-guide", "aspect", "2:1"))


def test_masks_go_to_inpaint_and_erase_alone():
    able = [name for name in ALL if "mask" in image_services.takes(ALL[name])]
    assert able == ["inpaint", "erase"]
    for name in able:
        assert emulator_reads(ask(name, "mask", blob())).mask


def test_style_transfer_needs_both_pictures_under_their_own_names():
    body = encoded(request_for(ALL["style-transfer"]))
    assert {"init_image", "style_image"} <= body.keys()
    assert "image" not in body
    with pytest.raises(UsageProblem, match="Style Transfer needs --style-image"):
        encoded(ask("style-transfer", "style_image", None))


@pytest.mark.parametrize(
    ("name", "flag"),
    [("search-replace", "--search-prompt"), ("search-recolor", "--select-prompt")],
)
def test_a_search_needs_what_to_look_for(name, flag):
    for nothing in ((), ((flag[2:].replace("-", "_"), " "),)):
        request = ImageRequest(ALL[name], "a cat", init_image=blob(), extras=nothing)
        with pytest.raises(UsageProblem, match=f"needs {flag}"):
            encoded(request)


def test_outpaint_needs_a_side_to_grow():
    for extras in ((), (("left", 0), ("up", 0))):
        request = ImageRequest(ALL["outpaint"], init_image=blob(), extras=extras)
        with pytest.raises(UsageProblem, match="--left, --right, --up or --down"):
            encoded(request)


# Sizes that each service's rule lets in or keeps out; the emulator has them from elsewhere.
@pytest.mark.parametrize(
    ("name", "fits", "does_not"),
    [
        ("structure", [(64, 64), (160, 64), (3072, 3072)], [(63, 64), (161, 64), (3073, 3072)]),
        ("conservative-upscale", [(64, 160), (3072, 3072)], [(64, 161), (3072, 3073)]),
        ("creative-upscale", [(64, 64), (1024, 1024)], [(63, 80), (1025, 1024)]),
        ("fast-upscale", [(32, 32), (1536, 682)], [(31, 40), (1537, 64), (1024, 1025)]),
    ],
)
def test_the_size_rule_is_the_services_own(name, fits, does_not):
    rule = image_services.size_rule(ALL[name])

    def within(width, height):
        low, high = sorted((width, height))
        return (
            rule.min_side <= low
            and high <= rule.max_side
            and rule.min_pixels <= width * height <= rule.max_pixels
            and (rule.max_aspect is None or high <= rule.max_aspect * low)
        )

    for size in fits:
        assert within(*size)
        emulator_reads(ask(name, "init_image", blob(*size)))
    for size in does_not:
        assert not within(*size)
        with pytest.raises(Exception, match="must"):
            emulator_reads(ask(name, "init_image", blob(*size)))
