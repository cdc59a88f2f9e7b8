import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdbr.bedrock.families import SizeRule
from sdbr.errors import InputProblem
from sdbr.media.stills.fit import Placement, allows, describe_rule, plan_fit
from sdbr.request import Size

NINE = (
    *(Size(1024, 1024), Size(1152, 896), Size(896, 1152), Size(1216, 832), Size(832, 1216)),
    *(Size(1344, 768), Size(768, 1344), Size(1536, 640), Size(640, 1536)),
)
RULES = {
    "exact": SizeRule(exact=NINE),
    "small": SizeRule(min_side=640, max_side=1536),
    "services": SizeRule(max_aspect=2.5),
    "creative": SizeRule(min_pixels=4096, max_pixels=1_048_576),
    "fast": SizeRule(min_side=32, max_side=1536, min_pixels=1024, max_pixels=1_048_576),
    "stepped": SizeRule(min_pixels=262_144, max_pixels=1_048_576, multiple_of=64, max_aspect=2.5),
    "narrow": SizeRule(min_side=640, max_side=1536, max_aspect=2.4, multiple_of=64),
}
sizes = st.builds(Size, st.integers(1, 12_000), st.integers(1, 12_000))
rules = st.sampled_from(list(RULES.values()))
fits = st.sampled_from(["cover", "contain", "stretch"])


@given(sizes, rules, fits)
def test_every_planned_size_obeys_its_rule(source, rule, fit):
    assert allows(rule, plan_fit(source, rule, fit).size)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
@pytest.mark.parametrize("fit", ["cover", "contain", "stretch"])
@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (16_000, 11_000)])
def test_extreme_shapes_find_a_place(rule, fit, size):
    plan = plan_fit(Size(*size), rule, fit)
    assert allows(rule, plan.size)
    assert min(*plan.used.size, *plan.placed.size) >= 1


@given(sizes, rules)
def test_contain_keeps_all_of_the_picture_and_its_aspect(source, rule):
    plan = plan_fit(source, rule, "contain")
    assert plan.used.size == source
    width, height = plan.placed.size
    assert (
        abs(width * source.height / source.width - height) <= 1.5
        or abs(height * source.width / source.height - width) <= 1.5
    )


@given(sizes, rules)
def test_cover_fills_the_size_from_the_middle(source, rule):
    plan = plan_fit(source, rule, "cover")
    assert plan.placed.size == plan.size
    left, top, right, bottom = plan.used
    assert left in (source.width - right, source.width - right - 1)
    assert top in (source.height - bottom, source.height - bottom - 1)


@given(sizes, rules, fits)
def test_a_size_that_fits_already_is_left_alone(source, rule, fit):
    again = plan_fit(plan_fit(source, rule, fit).size, rule, fit)
    assert again.source == again.size == again.placed.size == again.used.size


@given(sizes)
def test_a_picture_is_scaled_no_more_than_needed(source):
    plan = plan_fit(source, SizeRule(min_side=1, max_pixels=1_048_576), "contain")
    if source.width * source.height > 1_048_576 and max(source) < 20 * min(source):
        assert plan.size.width * plan.size.height > 1_000_000


def test_the_nearest_of_the_exact_sizes_is_taken():
    rule = RULES["exact"]
    assert plan_fit(Size(4608, 1976), rule).size == (1536, 640)
    assert plan_fit(Size(1920, 1080), rule).size == (1344, 768)
    assert plan_fit(Size(660, 480), rule).size == (1216, 832)
    assert plan_fit(Size(32, 32), rule).size == (1024, 1024)


def test_one_line_tells_what_is_done():
    rule = RULES["exact"]
    placements = {fit: str(plan_fit(Size(1800, 1200), rule, fit)) for fit in ("contain", "cover")}
    assert placements["contain"] == "1800x1200 -> 1216x811, padded to 1216x832"
    assert placements["cover"] == "1800x1200 cropped to 1754x1200 -> 1216x832"
    assert str(plan_fit(Size(1800, 1200), rule, "stretch")) == "1800x1200 -> 1216x832"
    assert str(plan_fit(Size(1024, 1024), rule)) == "1024x1024 unchanged"


def test_none_refuses_a_size_that_does_not_fit_and_names_those_that_do():
    with pytest.raises(InputProblem, match=r"is 800x600, and the model takes only 1024x1024, 11"):
        plan_fit(Size(800, 600), RULES["exact"], "none")
    with pytest.raises(InputProblem, match=r"sides of 640 to 1536"):
        plan_fit(Size(320, 200), RULES["small"], "none")
    whole = plan_fit(Size(640, 700), RULES["small"], "none")
    assert isinstance(whole, Placement)
    assert whole.size == (640, 700)


def test_a_rule_that_nothing_fits_is_told():
    with pytest.raises(InputProblem, match="No size close to 10x10"):
        plan_fit(Size(10, 10), SizeRule(min_side=100, max_side=110, multiple_of=64))


def test_a_rule_reads_as_words():
    assert describe_rule(RULES["stepped"]) == (
        "sides of 64 to 16384, multiples of 64, 262,144 to 1,048,576 pixels, "
        "an aspect ratio of at most 2.5:1"
    )
