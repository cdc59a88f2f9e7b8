from __future__ import annotations

import numpy as np

from sdbr.motion.colour import NO_CORRECTION
from sdbr.motion.harmony import corrections
from tests.motion.scenes import boiling, faded, pan, passing
from tests.motion.simulated import look

TINTS = {0: (0, 0, 0), 8: (18, -10, 6), 16: (-12, 8, -16)}


def tinted(frames, key):
    return np.clip(look(frames[key]) + np.array(TINTS[key]), 0, 255).astype(np.uint8)


def apart(frames, key, picture):
    return float(np.abs(picture.astype(int) - look(frames[key])).mean())


def harmonised(frames, pictures):
    found = corrections(frames, pictures, tuple(pictures))
    return {key: c.of(pictures[key]) for key, c in zip(pictures, found, strict=True)}


def test_each_keyframe_takes_on_the_colours_of_the_first():
    frames = pan(17)
    pictures = {key: tinted(frames, key) for key in TINTS}
    for key, picture in harmonised(frames, pictures).items():
        assert apart(frames, key, picture) < max(0.35 * apart(frames, key, pictures[key]), 0.5)


def test_uneven_light_is_evened_out():
    frames = pan(9, step=1)
    slope = np.linspace(-25, 25, frames[0].shape[1])[None, :, None]
    uneven = np.clip(look(frames[8]) + slope, 0, 255).astype(np.uint8)
    pictures = {0: look(frames[0]), 8: uneven}
    assert apart(frames, 8, harmonised(frames, pictures)[8]) < 0.5 * apart(frames, 8, uneven)


def test_pictures_that_agree_are_left_alone():
    frames = passing(9)
    pictures = {0: look(frames[0]), 8: look(frames[8])}
    assert apart(frames, 8, harmonised(frames, pictures)[8]) < 2.5


def test_a_fade_of_the_source_is_not_undone():
    frames = faded(pan(17, step=1), down_to=0.15)
    pictures = {key: look(frames[key]) for key in TINTS}
    for key, picture in harmonised(frames, pictures).items():
        assert abs(float(picture.mean()) - float(pictures[key].mean())) < 6


def test_without_anything_in_common_the_tint_is_still_matched_in_part():
    frames = boiling(9)
    pictures = {0: look(frames[0]), 8: tinted(frames, 8)}
    assert apart(frames, 8, harmonised(frames, pictures)[8]) < 0.8 * apart(frames, 8, pictures[8])


def test_no_correction_changes_nothing_worth_seeing():
    picture = look(pan(1)[0])
    assert np.abs(NO_CORRECTION.of(picture).astype(int) - picture).max() <= 1


def test_corrections_do_not_wander_off_over_a_long_shot():
    frames = pan(1) * 60
    random = np.random.default_rng(3)
    base = look(frames[0]).astype(np.float32)
    pictures = {
        key: np.clip(base + random.normal(0, 8, 3), 0, 255).astype(np.uint8) for key in range(60)
    }
    last = harmonised(frames, pictures)[59]
    assert apart(frames, 59, last) < 12
