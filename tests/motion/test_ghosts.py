from __future__ import annotations

import cv2
import numpy as np

from sdbr.motion.ghosts import (
    MovingThings,
    Structure,
    compare_moving,
    find_ghosts,
    find_own_motion,
    measure_shortfalls,
    measure_structure,
    shrink_luma,
)
from tests.motion.scenes import ground, pan, passing, still

KEYS = (0, 8)


def look(frame):
    """A drawing that keeps edges, more strongly, and adds strokes of its own."""
    soft = cv2.GaussianBlur(frame, (0, 0), 1.2).astype(np.float32)
    strokes = ground(frame.shape[1], frame.shape[0], seed=77).astype(np.float32) - 128
    return np.clip((soft - 128) * 1.4 + 128 + 0.2 * strokes, 0, 255).astype(np.uint8)


def curve_of(frames, results, keys=KEYS, drawn=look):
    curve = {}
    for number in range(1, len(frames)):
        pair = shrink_luma(frames[number - 1]), shrink_luma(frames[number])
        pictures = [
            shrink_luma(drawn(frames[at])) if at in keys else None for at in (number - 1, number)
        ]
        one = compare_moving(pair, shrink_luma(results[number]), tuple(pictures))
        if one is not None:
            curve[number] = one
    return curve


def lacking(results, keys=KEYS):
    return measure_shortfalls(curve_of(passing(9), results, keys))


def halfway(frames, number):
    """A frame between two keyframes as their mean: two half transparent things."""
    share = np.float32(number / 8)
    mixed = look(frames[0]) * (1 - share) + look(frames[8]) * share
    return mixed.astype(np.uint8)


def test_frames_as_they_were_drawn_lack_nothing():
    assert max(lacking([look(frame) for frame in passing(9)]).values()) < 0.05


def test_a_mean_of_two_things_is_a_ghost_and_worst_midway():
    frames = passing(9)
    short = lacking([halfway(frames, number) for number in range(9)])
    assert short[4] > 0.25
    assert short[4] > short[1] + 0.1 > short[8]
    assert 4 in find_ghosts(short)[0]


def test_a_bare_copy_of_the_source_lacks_the_strokes_of_the_look():
    frames = passing(9)
    copies = [cv2.GaussianBlur(frame, (0, 0), 1.2) for frame in frames]
    assert min(lacking(copies).values()) > 0.1


def test_a_ghost_shows_without_knowing_what_was_drawn_if_other_frames_are_well():
    frames = passing(9)
    results = [look(frame) for frame in frames]
    results[5] = halfway(frames, 5)
    short = lacking(results, keys=())
    assert max(short, key=short.__getitem__) == 5


def test_a_camera_that_moves_is_no_thing_that_moves():
    one, two = map(shrink_luma, pan(2, step=5))
    assert find_own_motion(one, two)[:, :-12].mean() == 0


def test_grain_is_no_motion():
    one, two = map(shrink_luma, still(2, grain=8))
    assert compare_moving((one, two), two) is None


def test_a_small_thing_counts_by_the_root_of_its_area():
    one, two = np.full((2, 270, 480), 128, np.uint8)
    two[40:60, 40:60] = 200
    two[100:220, 200:400] = 200
    weights = find_own_motion(one, two)
    small, large = weights[50, 50], weights[150, 300]
    assert (weights[:, :30] == 0).all()
    assert small > 3 * large > 0
    area = [(weights == weight).sum() for weight in (small, large)]
    assert abs(small / large - (area[1] / area[0]) ** 0.5) < 0.01


def test_structure_is_what_follows_the_source_and_what_is_added():
    source = shrink_luma(ground(160, 96))
    weights = np.ones(source.shape, np.float32)
    same = measure_structure(source, source, weights)
    assert same.likeness > 0.99
    inverted = measure_structure(255 - source, source, weights)
    assert inverted.likeness > 0.99
    other = measure_structure(shrink_luma(ground(160, 96, seed=3)), source, weights)
    assert other.likeness < 0.5
    weak = measure_structure((source // 2).astype(np.uint8), source, weights)
    assert abs(weak.richness[0] / same.richness[0] - 0.5) < 0.05


def test_pictures_of_another_size_are_compared_at_the_sources():
    frame = passing(1)[0]
    assert shrink_luma(cv2.resize(frame, (640, 384)), frame).shape == shrink_luma(frame).shape


def test_the_nearer_drawn_picture_says_more_of_what_to_expect():
    rich, poor = Structure(4, 4, 1, 1), Structure(1, 1, 1, 1)
    things = {
        1: MovingThings(0.1, rich, drawn=rich),
        3: MovingThings(0.1, poor),
        40: MovingThings(0.1, poor),
        42: MovingThings(0.1, poor, drawn=poor),
    }
    short = measure_shortfalls(things)
    assert short[1] < 0.05 < 0.4 < short[3]
    assert short[40] < 0.1


def test_passages_near_each_other_are_one_and_a_single_hard_frame_is_none():
    short = dict.fromkeys(range(60), 0.02)
    short |= dict.fromkeys((*range(10, 15), *range(18, 22), *range(40, 44)), 0.4)
    short[55] = 0.3
    first, second = find_ghosts(short)
    assert (first.start, first.stop - 1) == (10, 21)
    assert (second.start, second.stop - 1) == (40, 43)


def test_a_clip_without_things_that_move_has_no_ghosts():
    assert measure_shortfalls({}) == {}
    assert find_ghosts({}) == []
