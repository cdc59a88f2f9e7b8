from datetime import date
from decimal import Decimal

import pytest

from sdbr.bedrock import catalog
from sdbr.bedrock.catalog import names_of, price_of
from sdbr.errors import UsageProblem
from sdbr.request import ImageRequest, Size
from tests.material import CATALOG

TODAY = date(2026, 11, 22)
SERVICE_REGIONS = ("us-east-1", "us-east-2", "us-west-2")
# Alias, price in USD, end of life, regions: Amazon Bedrock's pages as of November 2026.
EXPECTED = {
    "sdxl-0.8": ("stability.stable-diffusion-xl-v0", "0.036", "2024-04-30", ()),
    "sdxl": ("stability.stable-diffusion-xl-v1", "0.04", "2025-05-20", ("us-east-1", "us-west-2")),
    "sd3": ("stability.sd3-large-v1:0", "0.08", "2025-09-04", ("us-west-2",)),
    "sd3.5": ("stability.sd3-5-large-v1:0", "0.08", None, ("us-west-2",)),
    "core-1.0": ("stability.stable-image-core-v1:0", "0.04", "2025-09-04", ("us-west-2",)),
    "core": ("stability.stable-image-core-v1:1", "0.04", None, ("us-west-2",)),
    "ultra-1.0": ("stability.stable-image-ultra-v1:0", "0.14", "2025-09-04", ("us-west-2",)),
    "ultra": ("stability.stable-image-ultra-v1:1", "0.14", None, ("us-west-2",)),
    "inpaint": ("stability.stable-image-inpaint-v1:0", "0.07", None, SERVICE_REGIONS),
    "outpaint": ("stability.stable-outpaint-v1:0", "0.06", None, SERVICE_REGIONS),
    "erase": ("stability.stable-image-erase-object-v1:0", "0.07", None, SERVICE_REGIONS),
    "remove-bg": ("stability.stable-image-remove-background-v1:0", "0.07", None, SERVICE_REGIONS),
    "search-replace": ("stability.stable-image-search-replace-v1:0", "0.07", None, SERVICE_REGIONS),
    "search-recolor": ("stability.stable-image-search-recolor-v1:0", "0.07", None, SERVICE_REGIONS),
    "sketch": ("stability.stable-image-control-sketch-v1:0", "0.07", None, SERVICE_REGIONS),
    "structure": ("stability.stable-image-control-structure-v1:0", "0.07", None, SERVICE_REGIONS),
    "style-guide": ("stability.stable-image-style-guide-v1:0", "0.07", None, SERVICE_REGIONS),
    "style-transfer": ("stability.stable-style-transfer-v1:0", "0.08", None, SERVICE_REGIONS),
    "creative-upscale": ("stability.stable-creative-upscale-v1:0", "0.60", None, SERVICE_REGIONS),
    "conservative-upscale": (
        "stability.stable-conservative-upscale-v1:0",
        *("0.40", None, SERVICE_REGIONS),
    ),
    "fast-upscale": ("stability.stable-fast-upscale-v1:0", "0.03", None, SERVICE_REGIONS),
}


@pytest.mark.parametrize("alias", EXPECTED)
def test_each_model_is_found_by_alias_with_its_price_its_end_and_its_regions(alias):
    id, usd, end, regions = EXPECTED[alias]
    model = CATALOG.find(alias)
    assert model.id == id
    assert price_of(model) == Decimal(usd)
    assert model.lifecycle.end == (date.fromisoformat(end) if end else None)
    assert model.regions == regions


def test_the_catalogue_holds_these_models_and_no_others():
    assert {model.id for model in CATALOG.models} == {id for id, *_ in EXPECTED.values()}


def test_no_two_models_share_a_name():
    names = [name for model in CATALOG.models for name in (model.id, *model.aliases)]
    assert len(names) == len(set(names))


def test_only_the_image_services_are_called_through_an_inference_profile():
    for model in CATALOG.models:
        service = model.family == "image_services"
        assert model.needs_profile == service
        assert model.invoke_id == (f"us.{model.id}" if service else model.id)


def test_every_ended_model_names_living_ones_to_use_instead():
    for model in CATALOG.models:
        heirs = [CATALOG.find(name) for name in model.replaced_by]
        assert bool(heirs) == model.lifecycle.ended(TODAY)
        assert not any(heir.lifecycle.ended(TODAY) for heir in heirs)


def test_a_model_has_ended_on_the_day_itself():
    life = CATALOG.find("sdxl").lifecycle
    assert not life.ended(date(2025, 5, 19))
    assert life.ended(date(2025, 5, 20))


def test_the_cheapest_living_model_comes_first():
    able = CATALOG.able("text-to-image", TODAY)
    assert [model.aliases[0] for model in able] == ["core", "sd3.5", "ultra"]
    assert [m.aliases[0] for m in CATALOG.able("image-to-image", TODAY)] == ["sd3.5", "ultra"]
    assert CATALOG.able("no such task", TODAY) == ()


@pytest.mark.parametrize(
    ("size", "steps", "usd"),
    [
        ((512, 512), 50, "0.018"),
        ((512, 512), 51, "0.036"),
        ((1024, 1024), 50, "0.036"),
        ((1024, 1024), 51, "0.072"),
        ((513, 512), 50, "0.036"),
    ],
)
def test_the_price_of_sdxl_0_8_depends_on_size_and_steps(size, steps, usd):
    request = ImageRequest(CATALOG.find("sdxl-0.8"), size=Size(*size), extras=(("steps", steps),))
    assert price_of(request.model, request.size, request.extras) == Decimal(usd)


@pytest.mark.parametrize(
    ("steps", "usd"), [(10, "0.04"), (50, "0.04"), (51, "0.08"), (150, "0.08")]
)
def test_the_price_of_sdxl_1_0_doubles_above_50_steps(steps, usd):
    request = ImageRequest(CATALOG.find("sdxl"), extras=(("steps", steps),))
    assert price_of(request.model, request.size, request.extras) == Decimal(usd)


@pytest.mark.parametrize(
    "name",
    [
        "us.stability.stable-image-inpaint-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/"
        "us.stability.stable-image-inpaint-v1:0",
        "arn:aws:bedrock:us-west-2::foundation-model/stability.stable-image-inpaint-v1:0",
    ],
)
def test_profiles_and_arns_are_known_by_what_they_end_in_and_called_as_given(name):
    model = CATALOG.find(name)
    assert model.aliases[0] == "inpaint"
    assert model.invoke_id == name


def test_an_arn_that_tells_nothing_needs_a_family():
    arn = "arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/abc123"
    with pytest.raises(UsageProblem, match="add --family"):
        CATALOG.find(arn)
    model = CATALOG.find(arn, "sd3.5")
    assert model.invoke_id == arn
    assert model.id == "stability.sd3-5-large-v1:0"
    assert model.tiers == CATALOG.find("sd3.5").tiers


def test_an_unknown_family_is_refused():
    with pytest.raises(UsageProblem, match="Unknown --family 'sd9'"):
        CATALOG.find("arn:aws:bedrock:us-west-2::x/y", "sd9")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("cor", "core"),
        ("sd3-5", "sd3.5"),
        ("stability.stable-image-outpaint-v1:0", "stability.stable-outpaint-v1:0"),
        ("stability.stable-image-core-v1", "stability.stable-image-core-v1:"),
    ],
)
def test_a_mistyped_name_is_answered_with_the_nearest_one(wrong, right):
    with pytest.raises(UsageProblem, match=rf"Did you mean .*{right}"):
        CATALOG.find(wrong)


def test_a_name_like_no_other_points_to_the_list():
    with pytest.raises(UsageProblem, match="See `sdbr models`"):
        CATALOG.find("zzzzzz")


def test_own_aliases_lead_to_models_and_arns():
    arn = "arn:aws:bedrock:us-west-2::foundation-model/stability.sd3-5-large-v1:0"
    own = catalog.load({}, {"mine": "core", "theirs": arn})
    assert own.find("mine").id == "stability.stable-image-core-v1:1"
    assert own.find("theirs").invoke_id == arn


def test_own_prices_replace_the_catalogues_for_any_size():
    own = catalog.load({"sdxl-0.8": Decimal("0.5")}, {})
    model = own.find("sdxl-0.8")
    assert price_of(model, extras=(("steps", 150),)) == Decimal("0.5")
    assert model.price_as_of == "your settings"
    assert own.find("core").tiers == CATALOG.find("core").tiers


def test_a_price_for_an_unknown_model_is_refused():
    with pytest.raises(UsageProblem, match="Unknown model 'corre'"):
        catalog.load({"corre": Decimal(1)}, {})


def test_names_are_put_in_one_phrase():
    assert names_of(CATALOG.able("text-to-image", TODAY)) == "core, sd3.5 or ultra"
    assert names_of(CATALOG.able("text-to-image", TODAY)[:1]) == "core"
