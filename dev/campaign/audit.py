"""Compares what the emulator received and made with what sdbr wrote down and kept."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

from dev.campaign.bedrock import Asked
from dev.campaign.books import Row, kept_of, rows_of, runs_of

_UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class Audit:
    """Counts of one workspace, or sums over several.

    `sent` requests arrived and made `made` pictures, of which `spoiled` did not get through whole,
    or were withheld by the filter. `lost` got through and are on disk nowhere; `twice` were paid
    again although they got through; `in_flight` were under way when a run was killed, or the disk
    full, so that their row stayed open; `unwritten` have no row in the ledger; `overspent` runs
    cost more than was told and agreed to, or than is spent without asking.
    """

    sent: int = 0
    made: int = 0
    spoiled: int = 0
    lost: int = 0
    twice: int = 0
    in_flight: int = 0
    unwritten: int = 0
    overspent: int = 0

    def __add__(self, other: Self) -> Self:
        return type(self)(
            *(getattr(self, each.name) + getattr(other, each.name) for each in fields(self))
        )


def audit(workspace: Path, asked: Sequence[Asked], other_seeds: int = 0) -> Audit:
    """Compare all that was asked for a workspace with its books.

    `other_seeds` is how often each picture may be drawn anew, which is told with the price.
    """
    rows, kept = rows_of(workspace), kept_of(workspace)
    known = {row.request_id for row in rows}
    open_rows = sum(row.outcome == "open" for row in rows)
    whole = [each for each in asked if each.whole]
    unsettled = [each for each in whole if each.request_id not in known]
    gone = [each for each in whole if each.sha256 not in kept]
    return Audit(
        sent=len(asked),
        made=sum(each.made for each in asked),
        spoiled=sum(each.made and not each.whole for each in asked),
        # One that was under way at a kill has an open row; its picture may never have arrived.
        lost=sum(each.request_id in known for each in gone),
        twice=_twice(whole, rows),
        in_flight=open_rows,
        unwritten=max(0, len(asked) - len(rows), len(unsettled) - open_rows),
        overspent=sum(run.spent > run.agreed * (1 + other_seeds) for run in runs_of(workspace)),
    )


def _twice(whole: Iterable[Asked], rows: Sequence[Row]) -> int:
    """How often a picture was paid again, beyond the sends of its request that stayed open."""
    keys = {row.request_id: row.key for row in rows if row.request_id}
    times: dict[str, list[Asked]] = defaultdict(list)
    for each in whole:
        times[each.content].append(each)
    unsettled = Counter(row.key for row in rows if row.outcome == "open")
    total = 0
    for same in times.values():
        key = next((keys[each.request_id] for each in same if each.request_id in keys), _UNKNOWN)
        total += max(0, len(same) - 1 - unsettled[key])
    return total
