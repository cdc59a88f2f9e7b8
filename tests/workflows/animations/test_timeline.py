from __future__ import annotations

from fractions import Fraction

import pytest

from sdbr.workflows.animations.timeline import Timing, order_of, schedule


def shown(count, **timing):
    return [(one.first, one.second, one.share) for one in schedule(count, Timing(**timing))]


def length(count, **timing):
    last = schedule(count, Timing(**timing))[-1]
    return last.at + last.lasts


def test_the_way_back_repeats_neither_end():
    assert order_of(4, True) == [0, 1, 2, 3, 2, 1]
    assert order_of(2, True) == [0, 1]


@pytest.mark.parametrize("rate", [Fraction(10), Fraction(12), Fraction(24000, 1001)])
def test_the_duration_is_exactly_frames_by_rate(rate):
    assert length(25, rate=rate) == 25 / rate


def test_each_shot_begins_where_the_one_before_ends():
    timeline = schedule(7, Timing(Fraction(12), Fraction(1, 3), True, 2, True))
    ends = [one.at + one.lasts for one in timeline]
    assert [one.at for one in timeline[1:]] == ends[:-1]


def test_a_hold_is_on_the_first_and_the_last_picture_alone():
    hold = Fraction(3, 4)
    timeline = schedule(4, Timing(Fraction(10), hold))
    assert [one.lasts for one in timeline] == [
        Fraction(17, 20),
        *[Fraction(1, 10)] * 2,
        Fraction(17, 20),
    ]


def test_on_the_way_there_and_back_each_end_is_held_once():
    timeline = schedule(3, Timing(Fraction(10), Fraction(1), ping_pong=True))
    assert [one.lasts > 1 for one in timeline] == [True, False, True, False]


def test_crossfades_stand_between_pictures_in_even_steps():
    third = Fraction(1, 3)
    assert shown(2, crossfade=2) == [(0, 0, 0), (0, 1, third), (0, 1, 2 * third), (1, 1, 0)]


def test_a_closed_loop_melts_from_the_last_picture_into_the_first():
    assert shown(2, crossfade=1, closed=True)[-1] == (1, 0, Fraction(1, 2))
    assert shown(3, crossfade=1, closed=True, ping_pong=True)[-1] == (1, 0, Fraction(1, 2))
