"""What a run's ledger says was sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sdbr.store import ledger_queries
from sdbr.store.ledger import Ledger


def ledger_rows(workspace: Path) -> list[dict[str, Any]]:
    """Every send of a workspace."""
    return ledger_queries.sends(Ledger(workspace / ".sdbr" / "ledger.db"), "")
