"""Questions to the ledger: what was spent, on what, when, and what was saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sdbr.store.ledger import Ledger, to_usd

_GROUPS = {
    "day": "substr(sends.at, 1, 10)",
    "model": "sends.model",
    "run": "sends.run",
}
_MONEY = """
    COUNT(sends.id) AS sends,
    COALESCE(SUM(sends.outcome = 'picture'), 0) AS pictures,
    COALESCE(SUM(CASE WHEN sends.billed = 'yes' THEN sends.price END), 0) AS billed,
    COALESCE(SUM(CASE WHEN sends.billed = 'perhaps' THEN sends.price END), 0) AS perhaps,
    COALESCE(SUM(sends.outcome = 'open'), 0) AS open
"""


def totals(ledger: Ledger, since: str) -> list[dict[str, Any]]:
    """One row a realm: sends, pictures, USD billed and perhaps billed, USD saved."""
    rows = ledger.query(
        f"SELECT runs.realm AS realm, {_MONEY} FROM runs LEFT JOIN sends"
        " ON sends.run = runs.id AND sends.at >= ? WHERE runs.began >= ? GROUP BY realm",
        (since, since),
    )
    saved = {row["realm"]: row for row in _saved(ledger, since)}
    return [_in_usd({**row, **saved[row["realm"]]}) for row in rows]


def by(ledger: Ledger, group: str, since: str) -> list[dict[str, Any]]:
    """One row for each day, model or run, latest or dearest last, realms apart."""
    column = _GROUPS[group]
    rows = ledger.query(
        f"SELECT {column} AS {group}, runs.realm AS realm, runs.command AS command, {_MONEY}"
        " FROM sends JOIN runs ON sends.run = runs.id"
        f" WHERE sends.at >= ? GROUP BY {column}, runs.realm ORDER BY {column}",
        (since,),
    )
    return [_in_usd(row) for row in rows]


def runs(ledger: Ledger, since: str, most: int) -> list[dict[str, Any]]:
    """The last runs, oldest first; a run without an end is open or was killed."""
    rows = ledger.query(
        "SELECT * FROM (SELECT runs.id AS run, began, ended, command, realm, planned,"
        f" saved_by_cache, saved_by_keyframes, {_MONEY}"
        " FROM runs LEFT JOIN sends ON sends.run = runs.id WHERE began >= ?"
        " GROUP BY runs.id ORDER BY runs.id DESC LIMIT ?) ORDER BY run",
        (since, most),
    )
    return [_in_usd(row) for row in rows]


def sends(ledger: Ledger, since: str) -> list[dict[str, Any]]:
    """Every request sent, oldest first."""
    rows = ledger.query(
        "SELECT sends.*, runs.command AS command, runs.realm AS realm FROM sends"
        " JOIN runs ON sends.run = runs.id WHERE sends.at >= ? ORDER BY sends.id",
        (since,),
    )
    return [_in_usd(row) for row in rows]


def _saved(ledger: Ledger, since: str) -> list[dict[str, Any]]:
    return ledger.query(
        "SELECT realm, SUM(saved_by_cache) AS saved_by_cache,"
        " SUM(saved_by_keyframes) AS saved_by_keyframes FROM runs WHERE began >= ? GROUP BY realm",
        (since,),
    )


def _in_usd(row: Mapping[str, Any]) -> dict[str, Any]:
    money = ("billed", "perhaps", "saved_by_cache", "saved_by_keyframes", "price")
    return {
        name: to_usd(value) if name in money and isinstance(value, int) else value
        for name, value in row.items()
    }
