"""One row for each request sent: written before the send, closed after it.

A process that is killed leaves its open rows to be seen. Money is kept in whole millionths of
a US dollar, so that sums are exact.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from filelock import FileLock

from sdbr.errors import InputProblem
from sdbr.files import check_record_locks, plain_write_errors

_VERSION = 2
"""The format of the file, in SQLite's user_version; 0 and 1 have no count of supplied pictures."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY,
    began TEXT NOT NULL,
    ended TEXT,
    command TEXT NOT NULL,
    realm TEXT NOT NULL,
    planned INTEGER NOT NULL DEFAULT 0,
    saved_by_cache INTEGER NOT NULL DEFAULT 0,
    saved_by_keyframes INTEGER NOT NULL DEFAULT 0,
    supplied INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS sends (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs (id),
    at TEXT NOT NULL,
    model TEXT NOT NULL,
    region TEXT NOT NULL,
    key TEXT NOT NULL,
    seed INTEGER NOT NULL,
    price INTEGER,
    outcome TEXT NOT NULL DEFAULT 'open',
    billed TEXT NOT NULL DEFAULT 'perhaps',
    status INTEGER,
    request_id TEXT NOT NULL DEFAULT '',
    latency_ms INTEGER
);
CREATE INDEX IF NOT EXISTS sends_by_run ON sends (run);
"""
_MICRO = 1_000_000  # SDXL's 0.018 USD is no whole number of cents.


@dataclass(frozen=True, slots=True)
class Send:
    """A request about to be sent; `price` is in USD, None where unknown."""

    model: str
    region: str
    key: str
    seed: int
    price: Decimal | None


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """How a send ended. `billed` is "yes", "no" or "perhaps"."""

    outcome: str
    billed: str
    status: int | None = None
    request_id: str = ""
    latency_ms: int = 0


class Ledger:
    """The workspace's account book, a SQLite file in WAL mode: many threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        guard = path.parent / "locks" / "ledger.lock"
        with plain_write_errors(path):
            guard.parent.mkdir(parents=True, exist_ok=True)
            check_record_locks(guard)
            # SQLite waits `timeout` seconds for other processes, but not in the switch to WAL.
            opening = FileLock(guard)
            opening.acquire()
        try:
            with self._plain_errors():
                self._database = sqlite3.connect(
                    path, timeout=30, isolation_level=None, check_same_thread=False
                )
                self._prepare()
        finally:
            # Safe while held: a waiter finds the name gone and begins anew.
            with suppress(OSError):
                guard.unlink()
            opening.release()

    def _prepare(self) -> None:
        """Make the tables of a new ledger, check those of an old one."""
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        if version > _VERSION:
            raise InputProblem(
                f"The ledger {self.path} is from a newer sdbr (format {version}; this one reads "
                f"{_VERSION}). Upgrade sdbr, or choose another --workspace."
            )
        # Readers of the ledger do not wait for a run that writes, nor it for them.
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.executescript(_SCHEMA)
        if 0 <= version < _VERSION:
            with suppress(sqlite3.OperationalError):  # A new table has it.
                self._database.execute(
                    "ALTER TABLE runs ADD COLUMN supplied INTEGER NOT NULL DEFAULT 0"
                )
        for table, columns in _columns(_SCHEMA):
            there = {row[1] for row in self._database.execute(f"PRAGMA table_info({table})")}
            if missing := [column for column in columns if column not in there]:
                raise InputProblem(
                    f"The ledger {self.path} has no column {missing[0]} in {table}: another "
                    "program created or changed it. Restore a backup, or move the file away."
                )
        if version < _VERSION:
            self._database.execute(f"PRAGMA user_version={_VERSION}")

    def begin_run(self, command: str, realm: str) -> int:
        """Open a run of `command` against `realm` and return its number."""
        return self._write(
            "INSERT INTO runs (began, command, realm) VALUES (?, ?, ?)", (_now(), command, realm)
        )

    def plan_run(self, run: int, planned: int, saved_by_cache: Decimal, supplied: int = 0) -> None:
        """Note how many pictures a run wants, the USD of those it need not send for, and how many
        are the user's own."""
        self._write(
            "UPDATE runs SET planned = ?, saved_by_cache = ?, supplied = ? WHERE id = ?",
            (planned, to_micro(saved_by_cache), supplied, run),
        )

    def saved_by_keyframes(self, run: int, saved: Decimal) -> None:
        """Add the USD of a clip's frames that were filled by motion instead of drawn."""
        self._write(
            "UPDATE runs SET saved_by_keyframes = saved_by_keyframes + ? WHERE id = ?",
            (to_micro(saved), run),
        )

    def end_run(self, run: int) -> None:
        """Close a run."""
        self._write("UPDATE runs SET ended = ? WHERE id = ?", (_now(), run))

    def begin(self, run: int, send: Send) -> int:
        """Write the row of a request before it is sent. Raises InputProblem when it cannot."""
        price = None if send.price is None else to_micro(send.price)
        return self._write(
            "INSERT INTO sends (run, at, model, region, key, seed, price)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (run, _now(), send.model, send.region, send.key, send.seed, price),
        )

    def close_send(self, row: int, end: SendOutcome) -> None:
        """Write how the send of `row` ended.

        The next row, or the end of the run, brings it to the disk. A power cut before that leaves
        the row open, which reads as "perhaps billed".
        """
        self._write(
            "UPDATE sends SET outcome = ?, billed = ?, status = ?, request_id = ?, latency_ms = ?"
            " WHERE id = ?",
            (end.outcome, end.billed, end.status, end.request_id, end.latency_ms, row),
            flush=False,
        )

    def forget(self, row: int) -> None:
        """Remove the row of a request that never left this machine."""
        self._write("DELETE FROM sends WHERE id = ?", (row,))

    def query(self, sql: str, values: tuple[object, ...] = ()) -> list[dict[str, object]]:
        """The rows of a SELECT, each by column name."""
        with self._lock, self._plain_errors():
            cursor = self._database.execute(sql, values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._database.close()

    def _write(self, sql: str, values: tuple[object, ...], *, flush: bool = True) -> int:
        with self._lock, self._plain_errors():
            self._database.execute(f"PRAGMA synchronous={'FULL' if flush else 'NORMAL'}")
            return self._database.execute(sql, values).lastrowid or 0

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise InputProblem(
                f"Cannot use the ledger {self.path}: {error}. Free some space, check the "
                "folder's permissions, or choose another --workspace."
            ) from error


def _columns(schema: str) -> Iterator[tuple[str, list[str]]]:
    """The tables of a schema, each with its columns."""
    for table, body in re.findall(r"CREATE TABLE IF NOT EXISTS (\w+) \((.*?)\n\);", schema, re.S):
        yield table, re.findall(r"^ +(\w+)", body, re.M)


def to_micro(usd: Decimal) -> int:
    """Whole millionths of a dollar."""
    return int((usd * _MICRO).to_integral_value())


def to_usd(micro: int) -> Decimal:
    """Dollars, without trailing zeros beyond the cents."""
    usd = Decimal(micro) / _MICRO
    cents = usd.quantize(Decimal("0.01"))
    return cents if usd == cents else usd


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
