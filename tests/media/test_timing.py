from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdbr.media.clip import FrameTiming
from sdbr.media.timing import centiseconds, fraction_of, measure_timing, tidy_rate, timescale

MS = Fraction(1, 1000)


def spans(lengths: list[Fraction]) -> list[tuple[Fraction, Fraction]]:
    at, out = Fraction(0), []
    for length in lengths:
        out.append((at, length))
        at += length
    return out


def delays(lengths: list[Fraction]) -> list[int]:
    return [delay for _, delay in centiseconds(spans(lengths))]


def test_thirty_frames_a_second_become_threes_and_fours() -> None:
    assert delays([Fraction(1, 30)] * 6) == [3, 4, 3, 3, 4, 3]


def test_twelve_frames_a_second_last_as_long_as_before() -> None:
    assert sum(delays([Fraction(1, 12)] * 120)) == 1000


def test_whole_centiseconds_are_kept_exactly() -> None:
    assert delays([Fraction(n, 100) for n in (5, 2, 2, 40, 9)]) == [5, 2, 2, 40, 9]


def test_sixty_frames_a_second_lose_frames_but_no_time() -> None:
    pairs = centiseconds(spans([Fraction(1, 60)] * 60))
    assert sum(delay for _, delay in pairs) == 100
    assert 40 <= len(pairs) <= 50


def test_a_single_short_frame_lasts_two_hundredths() -> None:
    assert delays([Fraction(1, 1000)]) == [2]


@settings(max_examples=40)
@given(st.lists(st.fractions(Fraction(1, 240), 3, max_denominator=90000), min_size=1, max_size=40))
def test_delays_never_drop_below_two_and_always_add_up(lengths: list[Fraction]) -> None:
    pairs = centiseconds(spans(lengths))
    assert all(delay >= 2 for _, delay in pairs)
    total = sum(delay for _, delay in pairs)
    assert total == max(2, round(sum(lengths) * 100))
    assert [index for index, _ in pairs] == sorted({index for index, _ in pairs})


@pytest.mark.parametrize(
    ("rate", "tick", "expected"),
    [
        (Fraction(30000, 1001), Fraction(1, 30000), 30000),
        (Fraction(24000, 1001), MS, 24000),
        (Fraction(25), Fraction(1, 12800), 12800),
        (Fraction(1800, 41), Fraction(1, 100), 10800),
        (Fraction(99991, 7), Fraction(1, 99989), 90000),
    ],
)
def test_the_clock_divides_every_time_or_falls_back(
    rate: Fraction, tick: Fraction, expected: int
) -> None:
    assert timescale(FrameTiming(rate, tick)) == expected


def test_rates_from_millisecond_clocks_are_tidied() -> None:
    assert tidy_rate(Fraction(2997, 100)) == Fraction(30000, 1001)
    assert tidy_rate(Fraction(23976, 1000)) == Fraction(24000, 1001)
    assert tidy_rate(Fraction(29999, 1000)) == 30
    assert tidy_rate(Fraction(52, 5)) == Fraction(52, 5)


def test_millisecond_jitter_is_an_even_pace() -> None:
    times = [Fraction(round(1000 * i / 30), 1000) for i in range(300)]
    assert measure_timing(times, MS, None) == FrameTiming(Fraction(30), MS)


def test_a_nonsense_declared_rate_is_not_believed() -> None:
    times = [Fraction(i, 10) for i in range(20)]
    assert measure_timing(times, MS, Fraction(90000)).rate == 10


def test_steps_of_eighty_and_a_hundred_milliseconds_are_variable() -> None:
    times = [Fraction(i // 2 * 18 + i % 2 * 8, 100) for i in range(40)]
    assert measure_timing(times, Fraction(1, 90000), Fraction(11)).variable


@pytest.mark.parametrize(
    ("value", "number"),
    [("12", 12), (" 23.976", Fraction(2997, 125)), ("30000/1001", Fraction(30000, 1001)), (8, 8)],
)
def test_a_number_is_read_exactly(value: object, number: Fraction) -> None:
    assert fraction_of(value) == number


@pytest.mark.parametrize(
    "value", ["", "x", "1/0", "1e9", "1e99999999", "nan", None, "1" * 30, "1/" + "1" * 30, True]
)
def test_a_number_that_no_clip_needs_is_refused_at_once(value: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        fraction_of(value)


def test_time_is_counted_from_the_first_frame() -> None:
    late = [(at + Fraction(1, 3), lasts) for at, lasts in spans([Fraction(1, 30)] * 6)]
    assert centiseconds(late) == centiseconds(spans([Fraction(1, 30)] * 6))
