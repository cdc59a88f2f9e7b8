"""When each picture is shown: rate, holds, the way back, and crossfades."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

_ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Timing:
    """How drawn pictures follow each other.

    `rate` is frames a second of the result, crossfades counted; `hold` is how many seconds longer
    the first and the last picture are shown; `crossfade` puts so many blends between two
    pictures; `closed` puts them between the last and the first too.
    """

    rate: Fraction = Fraction(10)
    hold: Fraction = _ZERO
    ping_pong: bool = False
    crossfade: int = 0
    closed: bool = False


@dataclass(frozen=True, slots=True)
class ShownBlend:
    """What is shown from `at` for `lasts` seconds: `share` (0 to 1) of picture `second` over
    picture `first`."""

    first: int
    second: int
    share: Fraction
    at: Fraction
    lasts: Fraction


def order_of(count: int, ping_pong: bool) -> list[int]:
    """The numbers of the pictures in turn; the way back repeats neither end."""
    there = list(range(count))
    return there + there[-2:0:-1] if ping_pong else there


def schedule(count: int, timing: Timing) -> list[ShownBlend]:
    """The course of `count` pictures in time, without a gap."""
    order = order_of(count, timing.ping_pong)
    steps = timing.crossfade + 1
    found: list[ShownBlend] = []
    at = _ZERO
    for place, number in enumerate(order):
        following = order[(place + 1) % len(order)]
        fades = steps if place + 1 < len(order) or timing.closed else 1
        for step in range(fades):
            lasts = 1 / timing.rate
            if step == 0 and number in (0, count - 1):
                lasts += timing.hold
            second = following if step else number
            found.append(ShownBlend(number, second, Fraction(step, steps), at, lasts))
            at += lasts
    return found
