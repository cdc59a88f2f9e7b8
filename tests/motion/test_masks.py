from __future__ import annotations

import cv2
import numpy as np
import pytest

from sdbr.motion.masks import composite, feather, follow_mask

WIDTH, HEIGHT = 320, 180
SIDE = 60


def texture(width, height, seed):
    cells = np.random.default_rng(seed).integers(0, 255, (height // 8, width // 8, 3), np.uint8)
    return cv2.resize(cells, (width, height), interpolation=cv2.INTER_CUBIC)


def scene(pan, step, count=10):
    """A square that moves by `step` over ground that moves by `pan` a frame; frames and masks."""
    ground, square = texture(WIDTH + 80, HEIGHT, 1), texture(SIDE, SIDE, 2)
    frames, masks = [], []
    for number in range(count):
        frame = ground[:, 40 + pan * number :][:, :WIDTH].copy()
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        x, y = 120 + step[0] * number, 60 + step[1] * number
        frame[y : y + SIDE, x : x + SIDE], mask[y : y + SIDE, x : x + SIDE] = square, 255
        frames.append(frame)
        masks.append(mask)
    return frames, masks


def overlap(one, other):
    one, other = one > 127, other > 127
    return (one & other).sum() / (one | other).sum()


@pytest.mark.parametrize(("pan", "step"), [(0, (5, 3)), (4, (-3, 2)), (4, (0, 0)), (0, (0, 0))])
def test_a_mask_moves_with_what_it_covers_and_stays_on_what_stays(pan, step):
    frames, masks = scene(pan, step)
    followed = list(follow_mask(masks[0], frames, {0}))
    assert min(map(overlap, followed, masks)) > 0.95


def test_a_mask_lies_as_it_was_drawn_in_the_first_frame_of_each_shot():
    frames, masks = scene(0, (5, 3), 4)
    followed = list(follow_mask(masks[0], [*frames, *frames], {0, 4}))
    assert np.array_equal(followed[4], masks[0])
    assert overlap(followed[7], masks[3]) > 0.95


def test_a_mask_stays_over_plain_ground():
    frames = [np.full((HEIGHT, WIDTH, 3), 90, np.uint8)] * 3
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[40:80, 40:120] = 255
    assert all(np.array_equal(one, mask) for one in follow_mask(mask, frames, {0}))


def test_a_soft_edge_lies_beyond_the_mask():
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[40:80, 40:120] = 255
    mask[100, 200] = 255
    soft = feather(mask)
    assert (soft[mask == 255] == 255).all()
    assert 0 < soft[38, 80] < 255
    assert soft[20, 80] == 0


def test_a_composite_is_exactly_the_source_or_the_result_and_between_them_a_mixture():
    source, result = texture(64, 64, 1), texture(64, 64, 2)
    kept = np.zeros((64, 64), np.uint8)
    kept[:, :30], kept[:, 30:34] = 255, 128
    for alpha in (None, 255):
        pair = [source, result]
        if alpha is not None:
            pair = [np.dstack([one, np.full((64, 64), alpha, np.uint8)]) for one in pair]
        mixed = composite(*pair, kept)
        assert np.array_equal(mixed[:, :30], pair[0][:, :30])
        assert np.array_equal(mixed[:, 34:], pair[1][:, 34:])
        middle = (pair[0][:, 30:34].astype(int) + pair[1][:, 30:34]) / 2
        assert np.abs(mixed[:, 30:34] - middle).max() <= 2


def test_what_is_transparent_gives_no_color_to_a_mixture():
    source = np.full((4, 4, 4), (200, 100, 50, 255), np.uint8)
    result = np.full((4, 4, 4), (0, 255, 0, 0), np.uint8)
    mixed = composite(source, result, np.full((4, 4), 128, np.uint8))
    assert np.abs(mixed[0, 0].astype(int) - (200, 100, 50, 128)).max() <= 1
