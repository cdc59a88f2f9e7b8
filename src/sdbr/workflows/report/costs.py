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


def section(ledger: Ledger | None, run: Mapping[str, object] | None) -> str:
    """The boxes with sums; "" for a workspace that has no ledger."""
    if ledger is None:
        return ""
    rows = [(f"Run {run['run']}", run)] if run else []
    rows += [("Workspace", row) for row in ledger_queries.totals(ledger, "")]
    cells = "".join(
        f"<div><dt>{escape(title)}</dt><dd>{escape(value)}<small>{escape(also)}</small></dd></div>"
        for name, row in rows
        for title, value, also in _boxes(name, row)
    )
    return f'<dl class="money">{cells}</dl>'


def _boxes(name: str, row: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    yield name, f"{in_usd(row['billed'])} USD", _sends(row)
    cache, keyframes = Decimal(row["saved_by_cache"]), Decimal(row["saved_by_keyframes"])
    if cache or keyframes:
        ways = (("the cache", cache), ("keyframes", keyframes))
        also = ", ".join(f"{in_usd(saved)} by {way}" for way, saved in ways if saved)
        yield f"{name} saved", f"{in_usd(cache + keyframes)} USD", also
    if row["perhaps"]:
        yield f"{name}, possibly billed", f"{in_usd(row['perhaps'])} USD", "no answer came back"


def _sends(row: Mapping[str, Any]) -> str:
    pictures, sends = counted(row["pictures"], "picture"), counted(row["sends"], "request")
    realm = row["realm"]
    note = "" if realm == "aws" else f"; emulated ({realm}), not billed"
    return f"{pictures} from {sends}{note}"
