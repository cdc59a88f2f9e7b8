"""Questions to the ledger: what was spent, on what, when, and what was saved."""

from __future__ import annotations

from datetime import datetime
from statistics import median
from typing import Any

from sdbr.errors import InputProblem
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
_TEXTS = ("command", "realm", "model", "region", "key", "outcome", "billed", "request_id")
_TIMES = ("at", "began", "ended", "day")
_OPEN = ("ended", "price", "status", "latency_ms")
_MOST = 10**15
"""Numbers below it only: a billion USD in millionths, and no date or count comes near."""
_IN_MICRO = ("billed", "perhaps", "saved_by_cache", "saved_by_keyframes", "price")


def totals(ledger: Ledger, since: str) -> list[dict[str, Any]]:
    """One row a realm: sends, pictures, USD billed and perhaps billed, USD saved."""
    return _rows(
        ledger,
        # Joined with its sends a run is several rows, and its savings would be summed as often.
        f"SELECT * FROM (SELECT runs.realm AS realm, {_MONEY} FROM runs LEFT JOIN sends"
        " ON sends.run = runs.id AND sends.at >= ? WHERE runs.began >= ? GROUP BY realm)"
        " JOIN (SELECT realm, SUM(saved_by_cache) AS saved_by_cache,"
        " SUM(saved_by_keyframes) AS saved_by_keyframes, SUM(supplied) AS supplied"
        " FROM runs WHERE began >= ?"
        " GROUP BY realm) USING (realm)",
        (since, since, since),
    )


def group_rows(ledger: Ledger, group: str, since: str) -> list[dict[str, Any]]:
    """One row for each day, model or run, latest or dearest last, realms apart."""
    column = _GROUPS[group]
    return _rows(
        ledger,
        f"SELECT {column} AS {group}, runs.realm AS realm, runs.command AS command, {_MONEY}"
        " FROM sends JOIN runs ON sends.run = runs.id"
        f" WHERE sends.at >= ? GROUP BY {column}, runs.realm ORDER BY {column}",
        (since,),
    )


def runs(ledger: Ledger, since: str, most: int) -> list[dict[str, Any]]:
    """The last runs, oldest first; a run without an end is open or was killed."""
    return _rows(
        ledger,
        "SELECT * FROM (SELECT runs.id AS run, began, ended, command, realm, planned,"
        f" saved_by_cache, saved_by_keyframes, supplied, {_MONEY}"
        " FROM runs LEFT JOIN sends ON sends.run = runs.id WHERE began >= ?"
        " GROUP BY runs.id ORDER BY runs.id DESC LIMIT ?) ORDER BY run",
        (since, most),
    )


def sends(ledger: Ledger, since: str) -> list[dict[str, Any]]:
    """Every request sent, oldest first."""
    return _rows(
        ledger,
        "SELECT sends.*, runs.command AS command, runs.realm AS realm FROM sends"
        " JOIN runs ON sends.run = runs.id WHERE sends.at >= ? ORDER BY sends.id",
        (since,),
    )


def latency(ledger: Ledger, run: int, model: str) -> float | None:
    """Seconds that a picture of `model` usually takes, whoever answers `run`; None if unknown."""
    rows = _rows(
        ledger,
        "SELECT sends.latency_ms AS latency_ms FROM sends JOIN runs ON sends.run = runs.id"
        " WHERE sends.model = ? AND sends.outcome = 'picture' AND sends.latency_ms > 0"
        " AND runs.realm = (SELECT realm FROM runs WHERE id = ?) ORDER BY sends.id DESC LIMIT 20",
        (model, run),
    )
    return median(row["latency_ms"] for row in rows) / 1000 if rows else None


def _rows(ledger: Ledger, sql: str, values: tuple[object, ...]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = ledger.query(sql, values)
    for row in rows:
        _check(ledger, row)
        micros = [name for name in _IN_MICRO if isinstance(row.get(name), int)]
        row.update({name: to_usd(row[name]) for name in micros})
    return rows


def _check(ledger: Ledger, row: dict[str, object]) -> None:
    """Raise InputProblem for a value that sdbr never wrote: SQLite itself holds any."""
    for name, value in row.items():
        if not _fits(name, value):
            raise InputProblem(
                f"The ledger {ledger.path} has a row that sdbr did not write: {name} is "
                f"{str(value)[:40]!r}. Restore a backup, or move the file away."
            )


def _fits(name: str, value: object) -> bool:
    if value is None:
        return name in _OPEN
    # A send's "billed" is a word, a sum's is an amount.
    if name not in (*_TEXTS, *_TIMES) or (name == "billed" and isinstance(value, int)):
        return isinstance(value, int) and abs(value) < _MOST
    if not isinstance(value, str) or name in _TEXTS:
        return isinstance(value, str)
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
