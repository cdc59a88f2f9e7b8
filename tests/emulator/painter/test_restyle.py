from __future__ import annotations

import io
import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from sdbr.emulator.painter import paint, restyle_ideal
from sdbr.emulator.painter.order import Order
from tests.emulator.calls import encoded, scenery

Bytes = npt.NDArray[np.uint8]
SOURCE = scenery(240, 160)
WORDS = ("woodcut", "watercolour", "oil", "pencil", "anime", "neon")


def drawn(**changes: Any) -> Bytes:
    told = {"prompt": "watercolour", "image": encoded(SOURCE), **changes}
    made = paint(Order(task="image-to-image", **told))
    return np.asarray(Image.open(io.BytesIO(made)).convert("RGB"))


def away(first: Bytes, second: Bytes) -> float:
    return float(np.abs(first.astype(np.float32) - second.astype(np.float32)).mean())


def likeness(first: Bytes, second: Bytes) -> float:
    """Structural similarity of brightness in 8x8 blocks (Wang et al. 2004), averaged."""
    blocks = []
    for image in (first, second):
        grey = np.asarray(Image.fromarray(image).convert("L"), np.float64)
        rows, columns = grey.shape[0] // 8 * 8, grey.shape[1] // 8 * 8
        cut = grey[:rows, :columns].reshape(rows // 8, 8, columns // 8, 8)
        blocks.append(cut.transpose(0, 2, 1, 3).reshape(-1, 64))
    one, two = blocks
    means = one.mean(1), two.mean(1)
    cross = ((one - means[0][:, None]) * (two - means[1][:, None])).mean(1)
    light = (2 * means[0] * means[1] + 6.5) / (means[0] ** 2 + means[1] ** 2 + 6.5)
    shape = (2 * cross + 58.5) / (one.var(1) + two.var(1) + 58.5)
    return float((light * shape).mean())


def test_a_strength_of_0_gives_the_image_back_but_for_the_mark() -> None:
    kept = drawn(strength=0.0)
    assert likeness(kept, np.asarray(SOURCE)) > 0.98


def test_the_more_strength_the_less_of_the_image_is_left() -> None:
    strengths = (0.0, 0.2, 0.4, 0.7, 1.0)
    pictures = [drawn(strength=it, prompt="watercolour of a fox") for it in strengths]
    steps = [likeness(it, np.asarray(SOURCE)) for it in pictures]
    assert steps == sorted(steps, reverse=True)
    assert steps[-1] < 0.5


def test_a_strength_of_1_is_the_picture_of_the_words_alone() -> None:
    other = encoded(SOURCE.transpose(Image.Transpose.ROTATE_180))
    assert away(drawn(strength=1.0), drawn(strength=1.0, image=other)) < 1


@pytest.mark.parametrize("size", [(64, 64), (101, 67), (67, 130)])
def test_the_picture_has_the_size_of_the_image(size: tuple[int, int]) -> None:
    image = encoded(SOURCE.resize(size))
    assert drawn(strength=0.5, image=image).shape == (size[1], size[0], 3)


def test_words_for_looks_can_be_told_apart() -> None:
    looks = [drawn(prompt=word, strength=0.6, flicker=0.0) for word in WORDS]
    for at, one in enumerate(looks):
        assert all(away(one, other) > 6 for other in looks[at + 1 :])


def test_without_flicker_the_seed_changes_nothing() -> None:
    one, two = (drawn(strength=0.6, flicker=0.0, seed=seed) for seed in (1, 2))
    assert (one == two).all()


def test_without_flicker_it_is_the_ideal_drawing() -> None:
    ideal = restyle_ideal(np.asarray(SOURCE), "watercolour", 0.6)
    assert away(drawn(strength=0.6, flicker=0.0), ideal) < 0.5


def test_calls_differ_by_seed_and_by_content_in_proportion_to_flicker_and_strength() -> None:
    ideal = restyle_ideal(np.asarray(SOURCE), "watercolour", 0.6)
    little = away(drawn(strength=0.6, flicker=0.3), ideal)
    much = away(drawn(strength=0.6, flicker=1.0), ideal)
    assert 0.5 < little < much
    assert away(drawn(strength=0.6, seed=1), drawn(strength=0.6, seed=2)) > 2
    weak = restyle_ideal(np.asarray(SOURCE), "watercolour", 0.15)
    assert away(drawn(strength=0.15), weak) < much


def test_a_pixel_of_the_image_changes_the_whole_call() -> None:
    touched = SOURCE.copy()
    touched.putpixel((3, 3), (255, 255, 255))
    assert away(drawn(strength=0.6), drawn(strength=0.6, image=encoded(touched))) > 1


def test_two_calls_are_as_far_apart_as_those_of_a_style_network() -> None:
    calls = [drawn(strength=0.6, seed=seed) for seed in range(1, 7)]
    pairs = list(itertools.pairwise(calls))
    alike = [likeness(one, other) for one, other in pairs]
    assert 0.5 < np.mean(alike) < 0.85
    tones = [np.abs(one.mean((0, 1)) - other.mean((0, 1))).mean() for one, other in pairs]
    assert 2 < np.mean(tones) < 9


def test_a_call_adds_strokes_and_is_no_softer_than_the_ideal() -> None:
    ideal = restyle_ideal(np.asarray(SOURCE), "watercolour", 0.6)

    def sharpness(picture: Bytes) -> float:
        grey = np.asarray(Image.fromarray(picture).convert("L"), np.float32)
        return float(np.abs(np.diff(grey, axis=1)).mean())

    for seed in range(1, 5):
        assert sharpness(drawn(strength=0.6, seed=seed)) > 0.95 * sharpness(ideal)


def test_the_same_call_gives_the_same_bytes() -> None:
    order = Order(task="image-to-image", prompt="oil", image=encoded(SOURCE), strength=0.7, seed=9)
    assert paint(order) == paint(order)


def test_the_structure_survives_the_flicker() -> None:
    ideal = restyle_ideal(np.asarray(SOURCE), "watercolour", 0.6)
    assert likeness(drawn(strength=0.6), ideal) > 0.6


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "I;16", "CMYK", "1"])
def test_an_image_of_any_kind_is_taken(mode: str) -> None:
    grey = SOURCE.convert("L")
    image = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257) if mode == "I;16" else None
    kind = "jpeg" if mode == "CMYK" else "png"
    data = encoded(image or SOURCE.convert(mode), kind)
    assert drawn(strength=0.5, image=data).shape == (160, 240, 3)
