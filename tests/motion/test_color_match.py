from __future__ import annotations

import numpy as np

from sdbr.motion.color_match import NO_CORRECTION
from sdbr.motion.harmonization import corrections
from tests.motion.scenes import boiling, faded, pan, passing
from tests.motion.simulated import look

TINTS = {0: (0, 0, 0), 8: (18, -10, 6), 16: (-12, 8, -16)}


def tinted(frames, key):
    return np.clip(look(frames[key]) + np.array(TINTS[key]), 0, 255).astype(np.uint8)


def apart(frames, key, picture):
    return float(np.abs(picture.astype(int) - look(frames[key])).mean())


def harmonized(frames, pictures):
    found = corrections(frames, pictures, tuple(pictures))
    return {key: c.of(pictures[key]) for key, c in zip(pictures, found, strict=True)}


def test_keyframes_come_to_agree_on_colors_between_those_that_they_came_in():
    frames = pan(17)
    pictures = {key: tinted(frames, key) for key in TINTS}
    made = harmonized(frames, pictures)
    tints = [made[key].mean(axis=(0, 1)) - look(frames[key]).mean(axis=(0, 1)) for key in TINTS]
    assert np.ptp(tints, axis=0).max() < 3
    came = np.array(list(TINTS.values()))
    assert (np.mean(tints, axis=0) > came.min(axis=0)).all()
    assert (np.mean(tints, axis=0) < came.max(axis=0)).all()


def test_a_keyframe_of_odd_colors_at_the_beginning_does_not_color_its_shot():
    frames = pan(33, step=1)
    pictures = {key: look(frames[key]) for key in range(0, 33, 8)}
    pictures[0] = np.clip(look(frames[0]).astype(int) + 24, 0, 255).astype(np.uint8)
    made = harmonized(frames, pictures)
    assert max(apart(frames, key, picture) for key, picture in made.items()) < 0.35 * 24


def test_with_none_around_the_colors_are_those_of_the_first():
    frames = pan(17)
    pictures = {key: tinted(frames, key) for key in TINTS}
    found = corrections(frames, pictures, tuple(pictures), around=0)
    for key, correction in zip(pictures, found, strict=True):
        picture = correction.of(pictures[key])
        assert apart(frames, key, picture) < max(0.35 * apart(frames, key, pictures[key]), 0.5)


def test_uneven_light_is_evened_out():
    frames = pan(9, step=1)
    slope = np.linspace(-25, 25, frames[0].shape[1])[None, :, None]
    uneven = np.clip(look(frames[8]) + slope, 0, 255).astype(np.uint8)
    made = harmonized(frames, {0: look(frames[0]), 8: uneven})
    lights = [made[key].astype(int) - look(frames[key]) for key in made]
    assert np.abs(lights[1] - lights[0]).mean() < 0.5 * apart(frames, 8, uneven)


def test_pictures_that_agree_are_left_alone():
    frames = passing(9)
    pictures = {0: look(frames[0]), 8: look(frames[8])}
    assert apart(frames, 8, harmonized(frames, pictures)[8]) < 2.5


def test_a_fade_of_the_source_is_not_undone():
    frames = faded(pan(17, step=1), down_to=0.15)
    pictures = {key: look(frames[key]) for key in TINTS}
    for key, picture in harmonized(frames, pictures).items():
        assert abs(float(picture.mean()) - float(pictures[key].mean())) < 8


def test_without_anything_in_common_the_tint_is_still_matched_in_part():
    frames = boiling(9)
    pictures = {0: look(frames[0]), 8: tinted(frames, 8)}
    found = list(corrections(frames, pictures, (0, 8), around=0))[1].of(pictures[8])
    assert apart(frames, 8, found) < 0.8 * apart(frames, 8, pictures[8])
    left = found.mean(axis=(0, 1)) - look(frames[8]).mean(axis=(0, 1))
    assert 0 < left @ TINTS[8] < 0.8 * np.square(TINTS[8]).sum()


def test_no_correction_changes_nothing_worth_seeing():
    picture = look(pan(1)[0])
    assert np.abs(NO_CORRECTION.of(picture).astype(int) - picture).max() <= 1


def test_colors_do_not_wander_off_over_a_long_shot():
    frames = pan(1) * 60
    random = np.random.default_rng(3)
    base = look(frames[0]).astype(np.float32)
    pictures = {
        key: np.clip(base + random.normal(0, 4, 3), 0, 255).astype(np.uint8) for key in range(60)
    }
    drawn = np.mean([picture.mean(axis=(0, 1)) for picture in pictures.values()], axis=0)
    made = [picture.mean(axis=(0, 1)) for picture in harmonized(frames, pictures).values()]
    assert np.abs(np.array(made) - drawn).max() < 2


def test_a_fade_that_the_model_ignores_does_not_darken_its_pictures():
    frames = faded(pan(49, step=1), down_to=0.3)
    picture = look(pan(1)[0])
    made = harmonized(frames, dict.fromkeys(range(0, 49, 4), picture))
    assert max(abs(each.mean() - picture.mean()) for each in made.values()) < 4


def test_two_keyframes_meet_halfway_between_their_colors():
    frames = pan(9, step=1)
    pictures = {
        key: np.clip(look(frames[key]).astype(int) + tint, 0, 255).astype(np.uint8)
        for key, tint in ((0, 12), (8, -12))
    }
    levels = [
        picture.mean() - look(frames[key]).mean()
        for key, picture in harmonized(frames, pictures).items()
    ]
    assert np.abs(levels).max() < 3


def test_a_keyframe_of_more_contrast_than_the_one_before_takes_on_its_contrast():
    frames = pan(9, step=1)
    shown = look(frames[8]).astype(float)
    harder = np.clip((shown - shown.mean()) * 1.1 + shown.mean(), 0, 255).astype(np.uint8)
    found = corrections(frames, {0: look(frames[0]), 8: harder}, (0, 8), around=0)
    corrected = [c.of(p) for c, p in zip(found, (look(frames[0]), harder), strict=True)][1]
    assert abs(corrected.std() - shown.std()) < 0.35 * abs(harder.std() - shown.std())
