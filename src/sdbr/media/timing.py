"""Times of frames: exact fractions in, whole ticks of a container's clock out."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from statistics import median

from sdbr.media.clip import FrameTiming

_NUMBER = re.compile(r"-?\d{1,40}(?:\.\d{1,40}|/(\d{1,40}))?", re.ASCII)
_MOST = 10**18
_FINEST = 1_000_000
_COARSEST = 10_000
# MPEG's clock.
_FALLBACK = 90_000
_NTSC = Fraction(1000, 1001)


def fraction_of(value: object) -> Fraction:
    """Return the number that a file or a flag gives as 12, 23.976 or 30000/1001, exactly.

    Raises ValueError for anything else, and for one so large or so fine that no clip needs it
    and reckoning with it would take for ever, such as 1e99999999.
    """
    text = str(value).strip()
    match = _NUMBER.fullmatch(text)
    if match is None or not float(match[1] or 1):
        raise ValueError(text)
    found = Fraction(text)
    if abs(found) > _MOST or found.denominator > _MOST:
        raise ValueError(text)
    return found


def to_tick(seconds: Fraction, tick: Fraction) -> int:
    """Return the whole number of ticks nearest to `seconds`; halves go to the even one."""
    return round(seconds / tick)


def timescale(timing: FrameTiming) -> int:
    """Return ticks a second, at least 10000, in which every time of this timing is a whole number.

    A multiple of the rate's and of the clock's; 90000 where that is too fine.
    """
    scale = math.lcm(timing.rate.numerator, timing.tick.denominator)
    # A fine clock also serves frames that do not keep to the timing that was announced.
    scale *= max(1, -(-_COARSEST // scale))
    return scale if scale <= _FINEST else _FALLBACK


def tidy_rate(rate: Fraction) -> Fraction:
    """Return the whole or NTSC rate (n × 1000/1001) that is within 0.05 %, or `rate` itself.

    Containers that count in milliseconds, or keep the rate as a decimal, miss it by that much.
    """
    whole = round(rate)
    ntsc = round(rate / _NTSC) * _NTSC
    for near in sorted((Fraction(whole), ntsc), key=lambda candidate: abs(candidate - rate)):
        if near > 0 and abs(near - rate) <= rate / 2000:
            return near
    return rate


def measure_timing(
    times: Sequence[Fraction], tick: Fraction, declared: Fraction | None
) -> FrameTiming:
    """Return the timing of frames at `times` (seconds, rising).

    They are even when none is further than 2 ms or one and a half ticks from an even grid.
    `declared` is the container's average rate, used where it agrees with the times or where
    there are too few of them.
    """
    if len(times) < 2 or times[-1] <= times[0]:
        return FrameTiming(_sane(declared) or Fraction(25), tick)
    measured = (len(times) - 1) / (times[-1] - times[0])
    middle = Fraction(median(b - a for a, b in pairwise(times) if b > a))
    for rate in (_sane(declared), measured, 1 / middle):
        if rate and _is_even(times, tidy_rate(rate), tick):
            return FrameTiming(tidy_rate(rate), tick)
    return FrameTiming(_sane(declared) or measured, tick, variable=True)


def centiseconds(spans: Sequence[tuple[Fraction, Fraction]]) -> list[tuple[int, int]]:
    """Turn frames' (at, lasts) in seconds into (index, delay) pairs in centiseconds for a GIF.

    Delays are at least 2, because browsers play 0 and 1 as 10. The rounding error never grows
    beyond half a centisecond, so the sum is right; a frame that would get less than 2 is left
    out, and its time goes to its neighbor.
    """
    if not spans:
        return []
    zero = spans[0][0]
    marks = [to_tick(at - zero, Fraction(1, 100)) for at, _ in spans]
    end = max(marks[0] + 2, to_tick(spans[-1][0] + spans[-1][1] - zero, Fraction(1, 100)))
    kept = [0]
    for index, mark in enumerate(marks[1:], 1):
        if mark - marks[kept[-1]] >= 2 and end - mark >= 2:
            kept.append(index)
    ends = [marks[index] for index in kept[1:]] + [end]
    return [(i, stop - marks[i]) for i, stop in zip(kept, ends, strict=True)]


def _sane(rate: Fraction | None) -> Fraction | None:
    return rate if rate and 0 < rate <= 1000 else None


def _is_even(times: Sequence[Fraction], rate: Fraction, tick: Fraction) -> bool:
    slack = max(tick * 3 / 2, Fraction(2, 1000))
    offsets = [time - times[0] - index / rate for index, time in enumerate(times)]
    return max(offsets) - min(offsets) <= 2 * slack and max(map(abs, offsets)) <= 2 * slack
