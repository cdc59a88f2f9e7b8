"""Reads what sdbr left in a workspace, without sdbr's own code: ledger, cache, results."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from typing import Any

Tree = dict[str, str]
"""Digests of files by their paths within a workspace."""


@dataclass(frozen=True, slots=True)
class Row:
    """One send in the ledger."""

    key: str
    outcome: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Run:
    """What a run may have cost and what it was allowed to, in millionths of a dollar."""

    spent: int
    agreed: int


_UNASKED = 1_000_000
_RUNS = """
    SELECT COALESCE(SUM(CASE WHEN billed != 'no' THEN price END), 0), planned * MAX(price)
    FROM runs JOIN sends ON sends.run = runs.id GROUP BY runs.id
"""


def runs_of(workspace: Path) -> list[Run]:
    """The ledger's runs that sent anything."""
    return [Run(spent, max(told, _UNASKED)) for spent, told in _query(workspace, _RUNS)]


def rows_of(workspace: Path) -> list[Row]:
    """The ledger's sends; none where there is no ledger yet."""
    return [Row(*row) for row in _query(workspace, "SELECT key, outcome, request_id FROM sends")]


def _query(workspace: Path, sql: str) -> list[tuple[Any, ...]]:
    path = workspace / ".sdbr" / "ledger.db"
    if not path.exists():
        return []
    with closing(sqlite3.connect(path, timeout=30)) as database:
        try:
            return database.execute(sql).fetchall()
        except sqlite3.OperationalError:
            return []  # Killed before its tables were made.


def kept_of(workspace: Path) -> set[str]:
    """The digests of all pictures in the cache and in the spare one in the temporary folder that
    are whole, by what stands beside them."""
    found = set()
    name = hashlib.sha256(os.fsencode(workspace.resolve())).hexdigest()[:16]
    spare = Path(gettempdir(), f"sdbr-{os.getuid()}", name)
    both = (workspace / ".sdbr" / "cache", spare)
    for path in (path for cache in both for path in cache.glob("??/[!.]*.json")):
        told = json.loads(path.read_bytes())
        picture = path.with_suffix(f".{told['format'] or 'png'}")
        if picture.exists() and _digest(picture) == told["sha256"]:
            found.add(told["sha256"])
    return found


def results_of(workspace: Path) -> Tree:
    """All results and kept frames; what a preview shows depends on when the run ended."""
    return {
        str(path.relative_to(workspace)): _digest(path)
        for top in ("source", "generate")
        for path in _files(workspace / top)
        if not path.name.startswith(".") and not path.name.endswith(".preview.mp4")
    }


def leftovers_of(workspace: Path) -> list[Path]:
    """Unfinished files and locks that nobody will end."""
    hidden = workspace / ".sdbr"
    return [
        path
        for path in _files(workspace)
        if path.name.startswith(".sdbr-") or path.parent == hidden / "locks"
    ]


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
