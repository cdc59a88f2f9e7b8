import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

from sdbr.bedrock.families import SizeRule
from sdbr.media.stills.fit import CropBox, Placement, plan_fit
from sdbr.media.stills.place import apply, restore
from sdbr.request import Size

RULE = SizeRule(min_side=32, max_side=128, max_aspect=2.0, multiple_of=16)
sizes = st.builds(Size, st.integers(1, 300), st.integers(1, 300)) | st.sampled_from(
    [Size(1, 3000), Size(3000, 1), Size(1, 1)]
)


def picture(size: Size, mode: str = "RGB") -> Image.Image:
    across = Image.linear_gradient("L").rotate(90).resize(size)
    down = Image.linear_gradient("L").resize(size)
    return Image.merge("RGB", (across, down, Image.new("L", size, 128))).convert(mode)


@settings(deadline=None, max_examples=150)
@given(sizes, st.sampled_from(["contain", "stretch", "cover"]), st.integers(1, 4))
def test_there_and_back_keeps_the_aspect_within_a_pixel(source, fit, enlarged):
    plan = plan_fit(source, RULE, fit)
    sent = apply(picture(source), plan)
    assert sent.size == plan.size
    drawn = sent.resize((sent.width * enlarged, sent.height * enlarged))
    back = restore(drawn, plan)
    width, height = plan.used.size
    assert (
        abs(back.width * height / width - back.height) <= 1
        or abs(back.height * width / height - back.width) <= 1
    )
    assert restore(drawn, plan, exact=True).size == plan.used.size


@pytest.mark.parametrize("size", [(400, 100), (100, 400), (233, 190)])
def test_what_comes_back_is_the_picture_that_went_in(size):
    source = picture(Size(*size))
    plan = plan_fit(Size(*size), RULE, "contain")
    back = restore(apply(source, plan), plan, exact=True)
    difference = ImageStat.Stat(ImageChops.difference(back, source)).mean
    assert max(difference) < 3


def test_padding_continues_the_picture_instead_of_being_black():
    plan = plan_fit(Size(400, 100), RULE, "contain")
    sent = apply(picture(Size(400, 100)), plan)
    left, top, _, _ = plan.placed
    assert top > 10
    inside, outside = sent.getpixel((left + 60, top)), sent.getpixel((left + 60, top - 1))
    assert max(abs(a - b) for a, b in zip(inside, outside, strict=True)) < 25
    assert sent.getpixel((60, 0))[2] == 128


def test_a_mask_is_padded_with_the_level_asked_for():
    plan = plan_fit(Size(400, 100), RULE, "contain")
    mask = apply(Image.new("L", (400, 100), 255), plan, fill=0)
    assert mask.mode == "L"
    assert mask.getpixel((5, 0)) == 0
    assert mask.getpixel((5, plan.placed.top + 2)) == 255


def test_cover_takes_the_middle():
    plan = plan_fit(Size(400, 100), RULE, "cover")
    sent = apply(picture(Size(400, 100)), plan)
    whole = picture(Size(400, 100))
    assert abs(sent.getpixel((0, 16))[0] - whole.getpixel((plan.used.left, 16))[0]) < 8


def test_a_picture_decoded_at_a_reduced_scale_fits_alike():
    plan = plan_fit(Size(1200, 600), RULE, "cover")
    full, reduced = picture(Size(1200, 600)), picture(Size(300, 150))
    difference = ImageChops.difference(apply(full, plan), apply(reduced, plan))
    assert max(ImageStat.Stat(difference).mean) < 4


def test_a_picture_that_fits_is_not_touched():
    source = picture(Size(96, 64))
    plan = plan_fit(Size(96, 64), RULE, "contain")
    assert apply(source, plan) is source
    assert restore(source, plan) is source


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_every_mode_is_padded(mode):
    plan = plan_fit(Size(300, 20), RULE, "contain")
    assert apply(picture(Size(300, 20), mode), plan).mode == mode


@pytest.mark.parametrize("turned", [False, True])
def test_a_strip_whose_short_side_is_off_by_a_pixel_is_left_as_it_was_drawn(turned):
    went_in, drawn = (2000, 20), (1000, 11)
    sizes = [Size(*(side[::-1] if turned else side)) for side in (went_in, drawn)]
    whole, placed = (CropBox(0, 0, *size) for size in sizes)
    plan = Placement(sizes[0], sizes[1], whole, placed)
    assert restore(picture(sizes[1]), plan).size == sizes[1]
