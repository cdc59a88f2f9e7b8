from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from sdbr.media.open import open_reader
from sdbr.motion.faces import Face, FaceDetector, draw_faces, has_detector, track_faces

MEDIA = os.environ.get("SDBR_TEST_MEDIA", "")


def jumpy(count, seed=1):
    """A face that drifts to the right, as a detector sees it: some 5 % off."""
    off = np.random.default_rng(seed).normal(0, 0.005, (count, 3))
    return [(Face(0.3 + 0.004 * n + x, 0.3 + y, 0.1 + s),) for n, (x, y, s) in enumerate(off)]


def steps(faces):
    return [np.hypot(b.x - a.x, b.y - a.y) for (a,), (b,) in pairwise(faces)]


def test_a_tracked_face_moves_smoothly():
    found = jumpy(40)
    tracked = track_faces(found, [range(40)])
    assert max(steps(tracked)) < 0.4 * max(steps(found))
    for number, (face,) in enumerate(tracked[5:35], start=5):
        assert abs(face.x - (0.3 + 0.004 * number)) < 0.01


def test_a_face_that_is_missed_for_some_frames_is_there_all_the_same():
    found = jumpy(40)
    found[12:20] = [()] * 8
    assert all(len(faces) == 1 for faces in track_faces(found, [range(40)]))


def test_a_stray_hit_is_no_face_and_no_frame_far_from_a_face_has_one():
    found = [*jumpy(20), *[()] * 40]
    found[50] = (Face(0.8, 0.2, 0.1),)
    tracked = track_faces(found, [range(60)])
    assert all(tracked[:20])
    assert not any(tracked[30:])


def test_two_faces_stay_two_and_none_goes_on_across_a_cut():
    both = [(*one, Face(0.8, 0.3, 0.1)) for one in jumpy(20)]
    tracked = track_faces([*both, *[()] * 20], [range(20), range(20, 40)])
    assert {len(faces) for faces in tracked[:20]} == {2}
    assert not any(tracked[20:])


def test_the_same_face_found_twice_in_a_frame_is_one():
    twice = [(*one, *one) for one in jumpy(20)]
    assert {len(faces) for faces in track_faces(twice, [range(20)])} == {1}


def test_a_face_is_drawn_as_an_ellipse_around_its_box():
    mask = draw_faces([Face(0.5, 0.25, 0.2)], (200, 100))
    assert mask[50, 100] == mask[35, 100] == 255
    assert mask[50, 10] == mask[5, 100] == 0
    assert not draw_faces([], (200, 100)).any()


@pytest.mark.skipif(not (MEDIA and has_detector()), reason="needs the media and OpenCV 4")
def test_the_face_of_a_film_is_found_in_most_frames():
    clip = open_reader(Path(MEDIA, "moving", "people-friday-30-640x480.mp4"))
    frames = [one.image for one in clip.frames()][60:90:5]
    found = [FaceDetector().find(frame) for frame in frames]
    near = [any(abs(f.x - 0.66) < 0.05 and abs(f.y - 0.17) < 0.07 for f in each) for each in found]
    assert sum(near) >= 4
