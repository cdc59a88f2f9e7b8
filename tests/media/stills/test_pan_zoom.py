from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from sdbr.media.stills.pan_zoom import NO_MOVE, Move, pan_and_zoom

WIDTH, HEIGHT = 96, 64


def spot(x, y):
    """A soft bright spot on gray."""
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH]
    glow = 180 * np.exp(-((across - x) ** 2 + (down - y) ** 2) / 18)
    return Image.fromarray(np.dstack([40 + glow] * 3).astype(np.uint8))


def brightest(image):
    gray = np.asarray(image.convert("L")).astype(float) - 40
    gray[gray < 30] = 0
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH]
    return (gray * across).sum() / gray.sum(), (gray * down).sum() / gray.sum()


def test_a_camera_that_does_not_move_gives_the_picture_itself():
    picture = spot(30, 30)
    assert pan_and_zoom(picture, NO_MOVE) is picture


@pytest.mark.parametrize(
    ("move", "expected"),
    [
        (Move(zoom=1.5), (48 + 1.5 * 16, 32 + 1.5 * 8)),
        (Move(zoom=0.8), (48 + 0.8 * 16, 32 + 0.8 * 8)),
        (Move(right=0.125), (64 - 12, 40)),
        (Move(down=-0.125), (64, 48)),
        (Move(turn=90), (48 - 8, 32 + 16)),
    ],
)
def test_what_was_beside_the_middle_is_seen_where_the_move_puts_it(move, expected):
    seen = brightest(pan_and_zoom(spot(64, 40), move))
    assert seen == pytest.approx(expected, abs=1.0)


def test_beyond_the_edges_lies_the_mirror_image():
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[:, :12] = (200, 30, 30)
    seen = np.asarray(pan_and_zoom(Image.fromarray(pixels), Move(right=-0.25)))
    assert (seen[:, 14:34, 0] > 190).all()
    assert (seen[:, :10, 0] < 10).all()


def test_no_part_of_a_far_view_is_empty():
    picture = Image.new("RGB", (WIDTH, HEIGHT), (90, 120, 150))
    seen = np.asarray(pan_and_zoom(picture, Move(zoom=0.5, turn=30, right=0.9), 3))
    assert (np.abs(seen.astype(int) - (90, 120, 150)) <= 1).all()


def test_several_steps_at_once_are_as_many_single_ones():
    move = Move(zoom=1.1, right=0.02, turn=4)
    once = brightest(pan_and_zoom(spot(50, 36), move, 3))
    one_by_one = spot(50, 36)
    for _ in range(3):
        one_by_one = pan_and_zoom(one_by_one, move)
    assert brightest(one_by_one) == pytest.approx(once, abs=0.6)


def test_an_alpha_channel_moves_like_its_picture():
    plane = spot(64, 40).convert("L")
    assert pan_and_zoom(plane, Move(right=0.125)).mode == "L"
    assert brightest(pan_and_zoom(plane, Move(right=0.125))) == pytest.approx((52, 40), abs=1)
