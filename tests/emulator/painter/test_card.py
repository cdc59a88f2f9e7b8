from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from sdbr.emulator.painter.order import Order
from sdbr.emulator.painter.restyle import plain_picture
from sdbr.emulator.painter.words import read

Bytes = npt.NDArray[np.uint8]
SIZE = (320, 320)


def card(prompt: str, **changes: Any) -> Bytes:
    return np.asarray(plain_picture(Order(prompt=prompt, **{"size": SIZE, **changes})))


def ink(pixels: Bytes) -> npt.NDArray[np.bool_]:
    """Where letters are: what is far darker than the paper."""
    return pixels.max(axis=2) < 110


def paper_share(pixels: Bytes) -> float:
    """How much of a picture has its most common color."""
    _, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)
    return float(counts.max() / counts.sum())


@pytest.mark.parametrize("prompt", ["a bicycle", "quarterly report", "an espresso machine at dawn"])
def test_what_the_painter_cannot_paint_is_words_on_plain_paper(prompt: str) -> None:
    made = card(prompt)
    assert paper_share(made) > 0.75
    assert ink(made).any()


@pytest.mark.parametrize("prompt", ["a fox", "a beautiful sunset", "the sea at night"])
def test_what_it_can_paint_is_painted(prompt: str) -> None:
    assert paper_share(card(prompt)) < 0.3


def test_a_card_has_the_words_of_its_prompt() -> None:
    same = {"seed": 1}
    short, long = (ink(card(prompt, **same)).any(axis=0) for prompt in ("ox cart", "ox cart wheel"))
    assert np.ptp(np.flatnonzero(short)) < np.ptp(np.flatnonzero(long))
    assert (card("ox cart") != card("tax form")).any()


def test_a_card_says_that_it_is_emulated_and_what_else_was_asked_for() -> None:
    low = slice(SIZE[1] * 3 // 4, SIZE[1] * 15 // 16)
    plain = card("a bicycle")[low, 20:-20]
    assert paper_share(plain) < 1
    for change in ({"seed": 2}, {"style": "anime"}, {"negative": "people"}):
        assert (card("a bicycle", **change)[low, 20:-20] != plain).any()


@pytest.mark.parametrize("size", [(320, 320), (640, 200), (200, 640), (64, 64), (5, 3)])
@pytest.mark.parametrize("prompt", ["", "x " * 900, "unbreakable" * 6, "auto in Nürnberg"])
def test_a_card_of_any_size_holds_any_words(size: tuple[int, int], prompt: str) -> None:
    made = card(prompt, size=size)
    assert made.shape == (size[1], size[0], 3)
    if len(prompt) < 60 or " " in prompt:
        # Nothing is cut off at the border.
        assert not ink(made)[:, [0, -1]].any()


def test_words_that_no_font_has_are_said_to_be_so() -> None:
    assert ink(card("\U00012345\U00012346")).any()


def test_a_withheld_card_cannot_be_read() -> None:
    assert not ink(card("a bicycle", style="blurred")).any()


def test_words_for_light_and_color_are_no_subject() -> None:
    assert read("a deep blue sky at dawn").paintable
    assert not read("a blue bicycle at dawn").paintable
    assert not read("as a woodcut").paintable
