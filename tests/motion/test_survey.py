from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from sdbr.motion.arrays import as_bytes
from sdbr.motion.flow import view
from sdbr.motion.survey import DISTANCES, MOVING_COUNTS, find_moving, survey, unexplained_score
from tests.motion.scenes import boiling, faded, pan, passing, still


def test_frames_of_a_still_clip_explain_each_other():
    notes = survey(still(30))
    for number, note in enumerate(notes):
        beside = min(number, 29 - number)
        assert set(note.pair) == {distance for distance in DISTANCES if distance <= beside}
        assert max(note.pair.values(), default=0) < 0.02
        assert note.change.motion < 0.001


def test_frames_that_have_nothing_in_common_explain_nothing():
    # So pale that none of them is a cut, across which nothing is compared.
    notes = survey([frame // 2 + 64 for frame in boiling(6)])
    assert [set(note.alone) for note in notes] == [{1}] * 5 + [set()]
    assert [set(note.pair) for note in notes] == [set(), *[{1}] * 4, set()]
    assert min(share for note in notes for share in note.alone.values()) > 0.8
    assert min(share for note in notes for share in note.pair.values()) > 0.8


def test_two_frames_explain_more_than_one():
    notes = survey(passing(20))
    both = [(note.pair[d], note.alone[d]) for note in notes for d in note.pair.keys() & note.alone]
    assert len(both) > 60
    assert all(together <= alone + 0.01 for together, alone in both)
    assert sum(together < alone - 0.03 for together, alone in both) > len(both) / 3


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
    for number, note in enumerate(notes):
        left = 5 - number % 6
        assert set(note.alone) == {distance for distance in DISTANCES if distance <= left}
        assert set(note.pair) == {distance for distance in note.alone if distance <= number % 6}


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


STILL = np.zeros((100, 200), np.uint8)


def test_a_region_that_is_not_explained_counts_for_more_than_its_share():
    whole = np.full((100, 200), 255, np.uint8)
    assert unexplained_score(whole, STILL) == 0
    part = whole.copy()
    part[40:60, 80:120] = 0
    assert abs(unexplained_score(part, STILL) - 0.3) < 0.001
    strip = whole.copy()
    strip[:, :4] = 0
    assert unexplained_score(strip, STILL) < 0.05
    assert unexplained_score(whole * 0, STILL) == 1


def test_what_moves_counts_however_small_it_is():
    trusted = np.full((100, 200), 255, np.uint8)
    moves = STILL.copy()
    moves[50:60, 50:60] = 255
    trusted[50:60, 50:55] = 0
    assert abs(unexplained_score(trusted, moves) - MOVING_COUNTS / 2) < 0.001
    assert unexplained_score(trusted, STILL) < MOVING_COUNTS / 4


def test_what_differs_from_a_neighbor_moves_and_grain_does_not():
    ground = np.full((100, 200, 3), 90, np.uint8)
    grain = np.random.default_rng(7).integers(-6, 7, ground.shape)
    ball = as_bytes(ground + grain)
    ball[40:60, 80:100] = 220
    now, before = (view(each, (200, 100)) for each in (ball, ground))
    mask = find_moving(now, before)
    assert mask[40:60, 80:100].all()
    assert not mask[:30].any()
    assert not mask[:, :70].any()
    assert not find_moving(now, now).any()
