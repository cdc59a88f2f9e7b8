from __future__ import annotations

import numpy as np
import pytest

from sdbr.motion.color_match import NO_CORRECTION
from sdbr.motion.harmonization import corrections
from tests.motion.scenes import faded, pan
from tests.motion.simulated import drawn, look


def apart(one, other):
    """Mean difference, tint left out: it is the first picture's."""
    difference = one.astype(float) - other
    return float(np.abs(difference - difference.mean(axis=(0, 1))).mean())


def test_keyframes_come_nearer_to_the_look_that_they_share():
    frames = pan(33, step=1)
    keys = (0, 8, 16, 24, 32)
    pictures = {key: drawn(frames[key], call=key + 1) for key in keys}
    made = zip(keys, corrections(frames, pictures, keys), strict=True)
    after = [apart(c.of(pictures[key]), look(frames[key])) for key, c in made]
    before = [apart(pictures[key], look(frames[key])) for key in keys]
    assert np.mean(after) < 0.9 * np.mean(before)


def test_each_keyframe_waits_for_those_around_it_and_for_no_more():
    frames = pan(41, step=1)
    pictures = {key: look(frames[key]) for key in range(0, 41, 8)}
    asked = []

    def keys():
        for key in pictures:
            asked.append(key)
            yield key

    made = corrections(frames, pictures, keys(), around=2)
    next(made)
    assert asked == [0, 8, 16]
    next(made)
    assert asked == [0, 8, 16, 24]
    assert len(list(made)) == 4


def test_a_keyframe_alone_in_its_shot_stays_as_it_was_drawn():
    frames = pan(1)
    assert list(corrections(frames, [look(frames[0])], [0])) == [NO_CORRECTION]


@pytest.mark.parametrize("light", [(1.0, 160), (0.3, 170), (0.0, 255), (0.0, 0)])
def test_a_flash_takes_nothing_over_from_its_neighbors_nor_they_from_it(light):
    frames = pan(5, step=1)
    gain, offset = light
    frames[2] = np.clip(frames[2] * gain + offset, 0, 255).astype(np.uint8)
    keys = (0, 1, 2, 3, 4)
    pictures = [look(frame) for frame in frames]
    made = zip(keys, corrections(frames, pictures, keys), strict=True)
    for key, correction in made:
        assert np.abs(correction.of(pictures[key]).astype(int) - pictures[key]).mean() < 1.5


def test_after_a_flash_the_colors_are_those_from_before():
    frames = pan(17, step=1)
    frames[8] = np.full_like(frames[8], 255)
    keys = (0, 4, 8, 12, 16)
    tints = dict(
        zip(keys, ((0, 0, 0), (6, -4, 8), (0, 0, 0), (-20, 14, -12), (12, 6, -18)), strict=True)
    )
    pictures = {
        key: np.clip(look(frames[key]) + np.array(tints[key]), 0, 255).astype(np.uint8)
        for key in keys
    }
    made = dict(zip(keys, corrections(frames, pictures, keys), strict=True))
    tones = {
        key: made[key].of(pictures[key]).mean(axis=(0, 1)) - look(frames[key]).mean(axis=(0, 1))
        for key in (4, 12)
    }
    assert np.abs(tones[12] - tones[4]).max() < 4


def one_brightness(frame):
    """A model that draws a scene alike in any light."""
    picture = look(frame).astype(float)
    return np.clip((picture - picture.mean()) * 40 / (picture.std() + 5) + 110, 0, 255).astype("u1")


def test_a_fade_stays_as_bright_as_a_model_draws_it():
    frames = faded(pan(49, step=1), down_to=0.1)
    keys = range(0, 49, 4)
    for paint, off, least, most in ((one_brightness, 2, 0.0, 0.3), (look, 3, 0.6, 1.0)):
        pictures = {key: paint(frames[key]) for key in keys}
        made = zip(keys, corrections(frames, pictures, keys), strict=True)
        for key, correction in made:
            means = [each.mean() for each in (correction.of(pictures[key]), pictures[key])]
            assert abs(means[0] - means[1]) < off
            assert least <= correction.follow <= most


def test_the_mean_color_of_a_shot_stays_where_its_keyframes_have_it_on_the_mean():
    gray = [frame[..., :1].repeat(3, axis=2) for frame in pan(97, step=2)]
    frames = faded(gray, down_to=0.4)
    keys = range(0, 97, 4)
    random = np.random.default_rng(1)
    pictures = {
        key: np.clip(
            (one_brightness(frames[key]) - 127.0) * (1 + random.normal(0, 0.03))
            + 127
            + random.normal(0, 4, 3),
            0,
            255,
        ).astype(np.uint8)
        for key in keys
    }
    made = zip(keys, corrections(frames, pictures, keys), strict=True)
    means = np.array([c.of(pictures[key]).mean(axis=(0, 1)) for key, c in made])
    wanted = np.array([one_brightness(frames[key]).mean(axis=(0, 1)) for key in keys])
    calls = np.array([picture.mean(axis=(0, 1)) for picture in pictures.values()]) - wanted
    assert np.abs(calls).max() > 6
    assert np.abs(means - wanted - calls.mean(axis=0)).max() < 2.5
