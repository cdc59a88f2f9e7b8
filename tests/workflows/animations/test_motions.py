from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from sdbr.bedrock.families import SizeRule, family_of
from sdbr.media.stills.fit import CropBox, Placement, plan_fit
from sdbr.media.stills.pan_zoom import Move, pan_and_zoom
from sdbr.request import Blob, ImageRequest, Picture, Size
from sdbr.workflows.animations import motions
from sdbr.workflows.animations.motions import Feedback, Motion, PreparedStill
from tests.material import SD35, SDXL

FIRST = ImageRequest(SD35, "a fox", seed=7, init_image=Blob.of(b"still"), strength=0.6)


def still(size=(96, 64), model=SD35):
    rule = family_of(model).size_rule(model)
    return PreparedStill(FIRST, Feedback.of(plan_fit(Size(*size), rule), rule))


def gradient(size=(96, 64), turned=False):
    across = np.linspace(0, 255, size[0])
    plane = np.tile(across[::-1] if turned else across, (size[1], 1))
    return Image.fromarray(np.dstack([plane, plane, 255 - plane]).astype(np.uint8))


def drawn(image):
    file = BytesIO()
    image.save(file, "PNG")
    return Picture(file.getvalue(), "png", Size(*image.size), 7)


def sent(request):
    return np.asarray(Image.open(BytesIO(request.init_image.read())).convert("RGB")).astype(int)


def test_vary_draws_over_the_same_picture_with_successive_seeds():
    frames = motions.vary(still(), Motion("vary", 3))
    assert [frame.request.seed for frame in frames] == [7, 8, 9]
    assert {frame.request.init_image for frame in frames} == {FIRST.init_image}


def test_the_last_seed_is_followed_by_the_first():
    last = replace(still(), request=replace(FIRST, seed=4_294_967_294))
    assert motions.vary(last, Motion("vary", 2))[1].request.seed == 1


def test_ramp_rises_evenly_from_low_to_the_strength_under_one_seed():
    frames = motions.ramp(still(), Motion("ramp", 5, low=0.2))
    assert [frame.request.strength for frame in frames] == [0.2, 0.3, 0.4, 0.5, 0.6]
    assert {frame.request.seed for frame in frames} == {7}


def test_each_frame_of_evolve_is_drawn_over_the_one_before_as_the_camera_sees_it():
    move = Move(zoom=1.25)
    frames = motions.evolve(still(), Motion("evolve", 3, move))
    assert frames[0].request_over({}).init_image == FIRST.init_image
    assert frames[2].of == (1,)
    picture = gradient()
    expected = np.asarray(pan_and_zoom(picture, move)).astype(int)
    assert np.abs(sent(frames[2].request_over({1: drawn(picture)})) - expected).max() <= 1


def test_the_same_picture_before_gives_the_same_request_unread():
    frame = motions.evolve(still(), Motion("evolve", 2, Move(zoom=1.1)))[1]
    one, other = drawn(gradient()), drawn(gradient(turned=True))
    assert frame.request_over({0: one}) == frame.request_over({0: one})
    assert frame.request_over({0: one}) != frame.request_over({0: other})


def test_a_picture_that_came_larger_goes_in_again_as_large():
    frame = motions.evolve(still(), Motion("evolve", 2))[1]
    assert sent(frame.request_over({0: drawn(gradient((192, 128)))})).shape == (128, 192, 3)


def test_padding_is_not_drawn_over_again_and_again():
    padded = still((300, 200), SDXL)
    size = padded.feedback.placement.size
    canvas = Image.new("RGB", size, (255, 0, 255))
    box = padded.feedback.placement.placed
    canvas.paste((20, 90, 60), tuple(box))
    again = sent(motions.evolve(padded, Motion("evolve", 2))[1].request_over({0: drawn(canvas)}))
    assert again.shape[:2] == size[::-1]
    assert (np.abs(again - (20, 90, 60)) <= 8).all()


def test_a_journey_begins_with_its_own_prompt_and_ends_where_it_says():
    end = replace(FIRST, prompt="a wolf", init_image=Blob.of(b"end"))
    frames = motions.journey(replace(still(), end=end), Motion("journey", 7))
    assert frames[0].request == FIRST
    assert frames[-1].request == end
    assert [frame.request.prompt for frame in frames[1:-1]] == [
        *["a fox"], *["a fox, a wolf"] * 3, "a wolf",
    ]  # fmt: skip


def test_on_a_journey_the_strength_is_least_near_the_ends():
    strengths = [
        frame.request.strength
        for frame in motions.journey(replace(still(), end=FIRST), Motion("journey", 7))[1:-1]
    ]
    assert strengths == sorted(strengths)[::2] + sorted(strengths)[1::2][::-1]
    assert max(strengths) == pytest.approx(0.6)
    assert min(strengths) >= 0.1


def test_a_frame_between_is_drawn_over_a_blend_of_both_ends():
    frames = motions.journey(replace(still(), end=FIRST), Motion("journey", 5))
    one, other = gradient(), gradient(turned=True)
    request = frames[1].request_over({0: drawn(one), 4: drawn(other)})
    expected = np.asarray(one) * 0.75 + np.asarray(other) * 0.25
    assert np.abs(sent(request) - expected).max() <= 1.5


def quarters(size):
    """Red, green, blue and white, each a quarter of the picture."""
    image = Image.new("RGB", (2, 2))
    image.putdata([(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)])
    return image.resize(size, Image.Resampling.NEAREST)


@pytest.mark.parametrize(
    ("largest", "size", "box"),
    [(4096, (192, 128), (20, 8, 160, 120)), (100, (96, 64), (10, 4, 80, 60))],
)
def test_what_is_seen_goes_in_again_where_it_lay_whatever_size_came(largest, size, box):
    """At the size that came, where the model takes that; else at the one that it was sent."""
    whole = CropBox(0, 0, 70, 56)
    loop = Feedback(
        Placement(Size(70, 56), Size(96, 64), whole, CropBox(10, 4, 80, 60)),
        SizeRule(max_side=largest),
    )
    again = Image.open(BytesIO(loop.again(quarters((140, 112)), Size(192, 128)))).convert("RGB")
    assert again.size == size
    seen = np.asarray(again.crop(box).resize((8, 8), Image.Resampling.BOX)).astype(int)
    wanted = np.asarray(quarters((8, 8)))
    assert np.abs(seen - wanted)[[0, 2, 5, 7]][:, [0, 2, 5, 7]].max() < 20
    x, y = (box[0] + box[2]) // 2, (box[1] + box[3]) // 2
    middle = np.asarray(again.crop((x - 3, y - 3, x + 3, y + 3))).astype(int)
    assert np.abs(middle - np.asarray(quarters((6, 6))))[[0, 5]][:, [0, 5]].max() < 60
