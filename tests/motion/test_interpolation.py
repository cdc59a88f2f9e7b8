from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import cv2
import numpy as np
import pytest

from sdbr.motion.harmonization import corrections
from sdbr.motion.interpolation import UNEXPLAINED, interpolate_stretch
from sdbr.motion.keyframes import place_keyframes, read_rule
from sdbr.motion.plan import Stretch
from sdbr.motion.propagation import propagate
from sdbr.motion.survey import survey
from sdbr.motion.warp_error import sharpness, steadiness
from tests.motion.scenes import boiling, faded, ground, pan, passing, real_clip, still
from tests.motion.simulated import drawn, look


class Asked:
    """Frames that count how often each was asked for."""

    def __init__(self, frames):
        self.frames, self.times = frames, Counter()

    def __getitem__(self, number):
        self.times[number] += 1
        return self.frames[number]


def filled(frames, rule="every:8", paint=look):
    """The whole clip, its keyframes drawn and harmonized and the rest filled."""
    plan = place_keyframes(survey(frames, compare=False), read_rule(rule))
    pictures = {key: paint(frames[key]) for key in plan.keyframes}
    for shot in plan.shots:
        keys = plan.keyframes_of(shot)
        for key, correction in zip(keys, list(corrections(frames, pictures, keys)), strict=True):
            pictures[key] = correction.of(pictures[key])
    whole = dict(pictures)
    for stretch in plan.stretches():
        for made in interpolate_stretch(
            frames, stretch, pictures[stretch.left], pictures.get(stretch.right)
        ):
            whole[made.number] = made.picture()
    return [whole[number] for number in range(len(frames))]


def apart(one, other):
    return float(np.abs(one.astype(int) - other).mean())


def test_frames_come_in_order_and_each_source_frame_is_asked_for_once():
    frames = Asked(pan(9))
    ends = look(frames.frames[0]), look(frames.frames[8])
    numbers = [made.number for made in interpolate_stretch(frames, Stretch(0, 8, 8), *ends)]
    assert numbers == [1, 2, 3, 4, 5, 6, 7]
    assert frames.times == Counter(range(9))


def test_a_moving_camera_carries_the_look_with_it():
    frames = pan(9, step=4)
    made = list(interpolate_stretch(frames, Stretch(0, 8, 8), look(frames[0]), look(frames[8])))
    assert max(apart(each.picture(), look(frames[each.number])) for each in made) < 2
    assert max(each.unexplained for each in made) < 0.1


def test_a_look_without_an_idea_of_its_own_gives_the_source_back():
    frames = passing(9)
    for made in interpolate_stretch(frames, Stretch(0, 8, 8), frames[0], frames[8]):
        assert apart(made.picture(), frames[made.number]) < 3


def test_a_still_ground_stays_still_behind_what_passes():
    frames = passing(9)
    pictures = [drawn(frames[0], call=1)] * 2
    made = [
        each.picture()[70:].astype(int)
        for each in interpolate_stretch(frames, Stretch(0, 8, 8), *pictures)
    ]
    assert max(np.abs(each - pictures[0][70:]).mean() for each in made) < 0.5


def test_grain_of_the_source_does_not_boil_in_the_result():
    frames = still(9, grain=4)
    made = list(interpolate_stretch(frames, Stretch(0, 8, 8), look(frames[0]), look(frames[8])))
    steps = [apart(a.picture(), b.picture()) for a, b in pairwise(made)]
    assert max(steps) < 0.6 * apart(frames[1], frames[2])


def test_nothing_bleeds_across_a_cut():
    frames = pan(10) + pan(10, seed=4)
    green = np.zeros_like(frames[0]) + np.uint8([0, 200, 0])
    for number, picture in enumerate(filled(frames, paint=lambda frame: frame // 2 + green // 2)):
        assert apart(picture, frames[number] // 2 + green // 2) < 4


def test_a_fade_goes_on_between_and_at_the_keyframes():
    frames = faded(pan(17, step=1), down_to=0.2)
    for number, picture in enumerate(filled(frames)):
        assert abs(picture.mean() - look(frames[number]).mean()) < 8


def test_light_that_comes_and_goes_between_keyframes_is_let_in():
    frames = still(9)
    frames[4] = frames[4].copy()
    frames[4][30:70, 40:100] = (frames[4][30:70, 40:100] * 0.5).astype(np.uint8)
    made = list(interpolate_stretch(frames, Stretch(0, 8, 8), look(frames[0]), look(frames[8])))
    region = np.s_[40:60, 50:90]
    expected = look(frames[4])[region].mean() - look(frames[0])[region].mean()
    arrived = made[3].picture()[region].mean() - made[0].picture()[region].mean()
    assert expected < -30
    assert abs(arrived - expected) < 0.35 * abs(expected)


def test_a_frame_that_nothing_explains_is_reported():
    frames = still(9)
    frames[5] = ground(160, 96, seed=77)
    made = {
        each.number: each
        for each in interpolate_stretch(frames, Stretch(0, 8, 8), frames[0], frames[8])
    }
    assert made[5].unexplained > UNEXPLAINED
    assert [number for number, each in made.items() if each.better_drawn] == [5]


def test_where_nothing_is_explained_the_look_is_guessed_not_smeared():
    frames = boiling(5)
    paint = lambda frame: 255 - frame  # noqa: E731
    for made in interpolate_stretch(frames, Stretch(0, 4, 4), paint(frames[0]), paint(frames[4])):
        assert made.better_drawn
        assert apart(made.picture(), paint(frames[made.number])) < 60


def test_a_shot_may_end_without_a_keyframe():
    frames = pan(5)
    made = list(interpolate_stretch(frames, Stretch(0, None, 5), look(frames[0])))
    assert [each.number for each in made] == [1, 2, 3, 4]
    assert apart(made[-1].picture(), look(frames[4])) < 9


def test_pictures_may_have_another_size_than_the_source():
    frames = pan(4)
    left, right = (cv2.resize(look(frames[n]), (200, 128)) for n in (0, 3))
    for made in interpolate_stretch(frames, Stretch(0, 3, 3), left, right):
        assert made.picture().shape == (128, 200, 3)
        assert apart(made.picture(), cv2.resize(look(frames[made.number]), (200, 128))) < 9


@pytest.mark.parametrize("size", [(1, 1), (9, 1), (2, 3), (64, 48), (161, 121)])
def test_the_smallest_and_oddest_sizes_are_filled(size):
    frames = [ground(*size, seed=number) for number in range(4)]
    made = list(interpolate_stretch(frames, Stretch(0, 3, 3), frames[0], frames[3]))
    assert [each.picture().shape for each in made] == [frames[0].shape] * 2


def test_stretches_may_be_filled_in_threads():
    frames = pan(17)
    stretches = Stretch(0, 8, 8), Stretch(8, 16, 16)

    def pictures(stretch):
        ends = look(frames[stretch.left]), look(frames[stretch.right])
        return [made.picture() for made in interpolate_stretch(frames, stretch, *ends)]

    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(pictures, stretches))
    for stretch, made in zip(stretches, together, strict=True):
        assert np.array_equal(made, pictures(stretch))


def mean_error(frames, results):
    return np.mean([each.result_error for each in steadiness(zip(frames, results, strict=True))])


@pytest.mark.parametrize("frames", [pan(17, step=3), passing(17)], ids=["pan", "passing"])
def test_keyframes_are_steadier_than_calls_for_every_frame_and_as_sharp(frames):
    calls = iter(range(1, 99))
    naive = [drawn(frame, next(calls)) for frame in frames]
    calls = iter(range(1, 99))
    made = filled(frames, paint=lambda frame: drawn(frame, next(calls)))
    assert mean_error(frames, made) < 0.2 * mean_error(frames, naive)
    sharp = np.mean([sharpness(picture) for picture in made])
    assert sharp > 0.6 * np.mean([sharpness(picture) for picture in naive])


@pytest.mark.parametrize("name", ["rabbit-vp8-vorbis.webm", "keyboard-rotated90.mp4"])
def test_real_clips_become_steady(name):
    frames = real_clip(name, count=13, width=200)
    calls = iter(range(1, 99))
    naive = [drawn(frame, next(calls)) for frame in frames]
    calls = iter(range(1, 99))
    made = filled(frames, paint=lambda frame: drawn(frame, next(calls)))
    assert mean_error(frames, made) < 0.2 * mean_error(frames, naive)
    nearer = [
        apart(a, look(f)) < apart(b, look(f)) for a, b, f in zip(made, naive, frames, strict=True)
    ]
    assert sum(nearer) >= 9


def test_what_lies_in_place_after_the_last_keyframe_looks_as_it_did_there():
    frames = pan(6, step=6)
    made = interpolate_stretch(frames, Stretch(0, None, 6), look(frames[0]))
    assert max(apart(each.picture(), look(frames[each.number])) for each in made) < 3


def test_a_fade_comes_in_as_far_as_the_model_follows_it():
    frames = faded(pan(9, step=1), down_to=0.4)
    paint = look(frames[0])
    whole = paint.mean() - look(frames[8]).mean()
    for follow in (0.0, 0.5, 1.0):
        *_, last = interpolate_stretch(frames, Stretch(0, None, 9), paint, follow=follow)
        assert abs(paint.mean() - last.picture().mean() - follow * whole) < 0.11 * whole


@pytest.mark.parametrize(("gain", "offset"), [(2.5, 0), (0.35, 160)], ids=["strobe", "flash"])
def test_another_light_leaves_the_strokes_of_the_keyframes(gain, offset):
    frames = [(frame * 0.4).astype(np.uint8) for frame in pan(9, step=1)]
    frames[4] = np.clip(frames[4] * gain + offset, 0, 255).astype(np.uint8)
    ends = [drawn(frames[number], call=1) for number in (0, 8)]
    made = interpolate_stretch(frames, Stretch(0, 8, 8), *ends)
    assert made[3].unexplained < 0.1
    before, lit = (cv2.blur(each.picture(), (3, 3)).astype(float) for each in made[2:4])
    assert lit.mean() > before.mean() + 10
    assert (lit > 250).mean() < 0.05
    assert np.corrcoef(before[8:-8, 8:-8].ravel(), lit[8:-8, 8:-8].ravel())[0, 1] > 0.9


def test_the_mean_color_stays_near_the_keyframes_where_the_flow_explains_little():
    left, right = look(ground(160, 96, seed=1)), look(ground(160, 96, seed=2))
    blend = [
        cv2.addWeighted(ground(160, 96, seed=1), 1 - i / 8, ground(160, 96, seed=2), i / 8, 0)
        for i in range(9)
    ]
    ends = left.mean(), right.mean()
    for made in interpolate_stretch(blend, Stretch(0, 8, 8), left, right, follow=0.0):
        due = np.interp(made.number / 8, (0, 1), ends)
        assert abs(made.picture().mean() - due) < 2.5


def test_what_no_keyframe_explains_is_known_before_any_picture_is_made(monkeypatch):
    frames = passing(9)
    ends = look(frames[0]), look(frames[8])
    shares = []

    def noting(*arguments):
        picture, share = propagate(*arguments)
        shares.append(share)
        return picture, share

    monkeypatch.setattr("sdbr.motion.interpolation.propagate", noting)
    made = interpolate_stretch(frames, Stretch(0, 8, 8), *ends)
    assert not shares
    for each in made:
        each.picture()
    assert shares == [each.unexplained for each in made]
