from __future__ import annotations

import numpy as np

from sdbr.media.stills.pixels import (
    Box,
    changed_box,
    flatten,
    pad_to_even,
    part,
    scale,
    with_channels,
)
from tests.media.made_clips import picture


def test_the_changed_box_holds_every_changed_pixel() -> None:
    before, after = picture(0), picture(0).copy()
    after[11, 7] ^= 255
    after[30, 40] ^= 255
    assert changed_box(before, after) == Box(7, 11, 34, 20)
    assert changed_box(before, after, step=2) == Box(6, 10, 35, 21)
    assert part(after, Box(7, 11, 34, 20)).shape == (20, 34, 3)


def test_nothing_changed_is_one_corner_and_no_picture_before_is_all() -> None:
    assert changed_box(picture(0), picture(0)) == Box(0, 0, 1, 1)
    assert changed_box(None, picture(0)) == Box(0, 0, 96, 64)


def test_half_transparent_black_on_white_is_gray() -> None:
    image = np.zeros((1, 3, 4), np.uint8)
    image[0, :, 3] = (0, 128, 255)
    assert flatten(image)[0, :, 0].tolist() == [255, 127, 0]


def test_odd_sides_become_even_by_doubling_the_last() -> None:
    image = picture(0, 5, 3)
    even = pad_to_even(image)
    assert even.shape == (4, 6, 3)
    assert np.array_equal(even[:3, :5], image)
    assert np.array_equal(even[3, :5], image[2])


def test_scaling_keeps_the_shape() -> None:
    assert scale(picture(0), 48).shape == (32, 48, 3)
    assert scale(picture(0, 500, 2), 5).shape == (1, 5, 3)


def test_channels_are_added_opaque_and_taken_away_on_white() -> None:
    assert (with_channels(picture(0), 4)[..., 3] == 255).all()
    assert with_channels(picture(0, alpha=True), 3).shape == (64, 96, 3)


def test_a_side_that_is_even_stays_as_it_is() -> None:
    assert [pad_to_even(picture(0, *size)).shape[:2] for size in ((6, 3), (7, 4), (6, 4))] == [
        (4, 6),
        (4, 8),
        (4, 6),
    ]
