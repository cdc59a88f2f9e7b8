"""Run one sdbr command while the clock stands still and chance repeats itself.

So its results bear the same date, and the same seed where the emulator draws one.

Usage: python dev/frozen.py 2026-11-27T12:00:00 txt2img "a fox" --offline
"""

from __future__ import annotations

import datetime
import random
import secrets
import sys


def stand_still(at: datetime.datetime) -> None:
    """Let the classes of `datetime` tell this moment, in UTC; only what waits sees time go by."""

    class Moment(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Moment:
            there = at.astimezone(tz) if tz else at.replace(tzinfo=None)
            return cls.fromisoformat(there.isoformat())

        @classmethod
        def utcnow(cls) -> Moment:
            return cls.now()

    class Day(datetime.date):
        @classmethod
        def today(cls) -> Day:
            return cls(at.year, at.month, at.day)

    # Before anything that takes the names from the module is imported.
    datetime.datetime, datetime.date = Moment, Day  # type: ignore[misc]


def repeat_chance() -> None:
    """Let `secrets` draw the same numbers in each process."""
    chance = random.Random(7)
    secrets.randbelow = lambda exclusive_upper_bound: chance.randrange(exclusive_upper_bound)


if __name__ == "__main__":
    stand_still(datetime.datetime.fromisoformat(sys.argv[1]).replace(tzinfo=datetime.UTC))
    repeat_chance()
    del sys.argv[1]
    from sdbr.__main__ import main

    main()
