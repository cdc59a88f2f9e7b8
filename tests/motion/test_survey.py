from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from sdbr.motion.survey import DISTANCES, survey, unexplained
from tests.motion.scenes import boiling, faded, pan, passing, still


def test_frames_of_a_still_clip_explain_each_other():
    notes = survey(still(30))
    assert all(share < 0.02 for note in notes for share in note.pair.values())
    assert set(notes[12].pair) == set(DISTANCES)
    assert notes[12].change.motion < 0.001


def test_frames_that_have_nothing_in_common_explain_nothing():
    notes = survey(boiling(6))
    assert min(note.pair.get(1, 1.0) for note in notes) > 0.8


def test_two_frames_explain_more_than_one():
    notes = survey(passing(20))
    assert all(
        note.pair[d] <= note.alone[d] + 0.01
        for note in notes
        for d in set(note.pair) & set(note.alone)
    )


def test_the_farther_the_less_is_explained_of_a_pan():
    first = survey(pan(13, step=5))[0]
    shares = [first.alone[distance] for distance in DISTANCES]
    assert shares == sorted(shares)
    assert shares[-1] > 0.3


def test_a_fade_is_explained():
    notes = survey(faded(pan(10, step=1)))
    assert notes[4].pair[4] < 0.2


def test_nothing_is_compared_across_a_cut():
    notes = survey(pan(6) + pan(6, seed=4))
    for number, note in enumerate(notes[:6]):
        assert all(number + distance < 6 for distance in note.alone)


def test_only_cuts_are_looked_for_when_nothing_is_compared():
    assert all(not note.alone and not note.pair for note in survey(pan(5), compare=False))


def test_the_clip_streams_past():
    taken = count()

    def frames():
        for frame in pan(5):
            next(taken)
            yield frame

    assert len(survey(frames())) == next(taken) == 5


@pytest.mark.parametrize("length", [0, 1, 2, 3])
def test_every_frame_of_a_short_clip_has_a_note(length):
    assert len(survey(pan(length))) == length


def test_a_region_that_is_not_explained_counts_for_more_than_its_share():
    whole = np.full((100, 200), 255, np.uint8)
    assert unexplained(whole) == 0
    part = whole.copy()
    part[40:60, 80:120] = 0
    assert abs(unexplained(part) - 0.3) < 0.001
    strip = whole.copy()
    strip[:, :4] = 0
    assert unexplained(strip) < 0.05
    assert unexplained(whole * 0) == 1
