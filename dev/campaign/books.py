"""Reads what sdbr left in a workspace, without sdbr's own code: ledger, cache, results."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

Tree = dict[str, str]
"""Digests of files by their paths within a workspace."""


@dataclass(frozen=True, slots=True)
class Row:
    """One send in the ledger."""

    key: str
    outcome: str
    request_id: str


def rows_of(workspace: Path) -> list[Row]:
    """The ledger's sends; none where there is no ledger yet."""
    path = workspace / ".sdbr" / "ledger.db"
    if not path.exists():
        return []
    with closing(sqlite3.connect(path, timeout=30)) as database:
        try:
            found = database.execute("SELECT key, outcome, request_id FROM sends").fetchall()
        except sqlite3.OperationalError:
            return []  # Killed before its tables were made.
    return [Row(*row) for row in found]


def kept_of(workspace: Path) -> set[str]:
    """The digests of all pictures in the cache that are whole, by what stands beside them."""
    found = set()
    for path in (workspace / ".sdbr" / "cache").glob("??/[!.]*.json"):
        told = json.loads(path.read_bytes())
        picture = path.with_suffix(f".{told['format'] or 'png'}")
        if picture.exists() and _digest(picture) == told["sha256"]:
            found.add(told["sha256"])
    return found


def results_of(workspace: Path) -> Tree:
    """All results and kept frames."""
    return {
        str(path.relative_to(workspace)): _digest(path)
        for top in ("source", "generate")
        for path in _files(workspace / top)
        if not path.name.startswith(".")
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
