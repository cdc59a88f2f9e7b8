from __future__ import annotations

from itertools import product

import cv2
import numpy as np

from sdbr.motion.cuts import Change, find_cuts
from sdbr.motion.survey import survey
from tests.motion.scenes import boiling, faded, ground, pan, passing, still


def cuts(frames):
    return find_cuts([note.change for note in survey(frames, compare=False)])


def test_a_cut_is_found_at_the_first_frame_of_the_new_shot():
    assert cuts(pan(9) + pan(7, seed=4) + still(6)) == (9, 16)


def test_neither_a_pan_nor_a_passing_thing_nor_a_fade_is_a_cut():
    assert cuts(pan(12, step=6)) == ()
    assert cuts(passing(12)) == ()
    assert cuts(faded(pan(12), down_to=0.0)) == ()


def test_a_flash_is_no_cut():
    frames = pan(14)
    for number in (6, 7):
        frames[number] = np.full_like(frames[0], 255)
    assert cuts(frames) == ()


def test_a_shot_of_one_frame_at_the_end_is_still_a_shot():
    assert cuts([*still(8), ground(160, 96, seed=7)]) == (8,)


def test_constant_boiling_is_not_a_cut_at_every_frame():
    assert cuts(boiling(16)) == ()


def test_a_cut_must_stand_out_from_its_neighbors():
    busy = [Change(20.0, 0.5, 0.01)] * 30
    assert find_cuts(busy) == ()
    busy[15] = Change(90.0, 0.8, 0.01)
    assert find_cuts(busy) == (15,)


def test_a_change_of_light_without_new_colors_is_no_cut():
    quiet = [Change(1.0, 0.01, 0.0)] * 20
    quiet[10] = Change(12.0, 0.05, 0.0)
    assert find_cuts(quiet) == ()


def test_no_frames_have_no_cuts():
    assert find_cuts([]) == ()
    assert cuts(pan(1)) == ()


def lit(frames, gain):
    return [(frame * gain).astype(np.uint8) for frame in frames]


def test_another_exposure_of_the_same_scene_is_no_cut():
    frames = pan(36, step=1)
    assert cuts([*frames[:12], *lit(frames[12:24], 0.5), *frames[24:]]) == ()


def test_a_cut_between_dark_scenes_is_one():
    first, then = pan(14, step=1), pan(14, step=1, seed=8)
    assert cuts([*lit(first, 0.15), *lit(then, 0.15)]) == (14,)


def test_a_fade_to_black_and_back_is_no_cut():
    frames = pan(33, step=1)
    shares = np.abs(np.linspace(-1, 1, 33))
    faded = [(frame * share).astype(np.uint8) for frame, share in zip(frames, shares, strict=True)]
    assert cuts(faded) == ()


def lamps(ground_level):
    """A street at night under lamps."""
    street = np.full((96, 160, 3), ground_level, np.uint8)
    for x, y in product(range(10, 160, 30), range(14, 96, 34)):
        cv2.circle(street, (x, y), 5, (255, 230, 180), -1)
    return street


def test_a_cut_from_the_dark_to_lamps_is_one_and_a_light_that_comes_on_in_the_black_is_none():
    dark, black = (lit(pan(14, step=1), gain) for gain in (0.1, 0.05))
    assert cuts([*dark, *[lamps(14)] * 14]) == (14,)
    assert cuts([*black, *[lamps(14)] * 14]) == ()


def test_a_shot_of_two_frames_is_found_between_its_cuts():
    quiet = [Change(1.0, 0.01, 0.0)] * 20
    quiet[8], quiet[10] = Change(60.0, 0.8, 0.01), Change(50.0, 0.8, 0.01)
    assert find_cuts(quiet) == (8, 10)


def test_of_two_changes_in_a_row_the_larger_one_is_the_cut():
    quiet = [Change(1.0, 0.01, 0.0)] * 20
    quiet[8], quiet[9] = Change(50.0, 0.8, 0.01), Change(60.0, 0.8, 0.01)
    assert find_cuts(quiet) == (9,)


def test_a_cut_stands_three_times_above_what_is_usual_there():
    steady = [Change(4.0, 0.01, 0.0)] * 30
    steady[15] = Change(16.5, 0.5, 0.01)
    assert find_cuts(steady) == (15,)
    steady[15] = Change(14.5, 0.5, 0.01)
    assert find_cuts(steady) == ()


def test_what_is_usual_is_told_by_the_twelve_changes_on_either_side():
    quiet, busy = Change(1.0, 0.01, 0.0), Change(10.0, 0.01, 0.0)
    changes = [busy] * 13 + [Change(25.0, 0.5, 0.01)] + [quiet] * 12 + [busy] * 10
    assert find_cuts(changes) == (13,)
