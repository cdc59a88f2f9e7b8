"""What a run and its workspace cost, for the head of a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from html import escape
from typing import Any

from sdbr.console import counted
from sdbr.generation.estimate import in_usd
from sdbr.store import ledger_queries
from sdbr.store.ledger import Ledger


def section(ledger: Ledger | None, run: Mapping[str, Any] | None) -> str:
    """The boxes with sums; "" for a workspace that has no ledger."""
    if ledger is None:
        return ""
    boxes = [*(_of_run(run) if run else ()), *_of_workspace(ledger)]
    cells = "".join(
        f"<div><dt>{escape(title)}</dt><dd>{escape(value)}<small>{escape(also)}</small></dd></div>"
        for title, value, also in boxes
    )
    return f'<dl class="money">{cells}</dl>'


def _of_run(run: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    name = f"Run {run['run']}"
    yield name, f"{in_usd(run['billed'])} USD", _sends(run)
    yield from _saved(run, f"{name} saved")
    if run["perhaps"]:
        yield f"{name}, perhaps", f"{in_usd(run['perhaps'])} USD", "no answer came back"


def _of_workspace(ledger: Ledger) -> Iterator[tuple[str, str, str]]:
    for row in ledger_queries.totals(ledger, ""):
        yield "Workspace", f"{in_usd(row['billed'])} USD", _sends(row)
        yield from _saved(row, "Workspace saved")
        if row["perhaps"]:
            yield "Workspace, perhaps", f"{in_usd(row['perhaps'])} USD", "no answer came back"


def _saved(row: Mapping[str, Any], title: str) -> Iterator[tuple[str, str, str]]:
    cache, keyframes = Decimal(row["saved_by_cache"]), Decimal(row["saved_by_keyframes"])
    if cache or keyframes:
        ways = (("the cache", cache), ("keyframes", keyframes))
        also = ", ".join(f"{in_usd(saved)} by {way}" for way, saved in ways if saved)
        yield title, f"{in_usd(cache + keyframes)} USD", also


def _sends(row: Mapping[str, Any]) -> str:
    pictures, sends = counted(row["pictures"], "picture"), counted(row["sends"], "request")
    realm = row["realm"]
    note = "" if realm == "aws" else f"; emulated ({realm}), nothing was billed"
    return f"{pictures} from {sends}{note}"
