"""sdbr ledger: show what was spent, and on what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sdbr.cli.help import Command
from sdbr.cli.options import json_option, workspace_option
from sdbr.cli.table import fold, stdout_columns, table

if TYPE_CHECKING:
    from sdbr.store.ledger import Ledger

_EXAMPLES = """
sdbr ledger
sdbr ledger --by model --since 2026-11-01
sdbr ledger --by send --csv > spend.csv
"""


@click.command("ledger", cls=Command, epilog=_EXAMPLES)
@click.option(
    "--by",
    "group",
    type=click.Choice(["day", "model", "run", "send"]),
    help="One row for each [default: an overview].",
)
@click.option("--since", metavar="DATE", default="", help="Only from this day on (YYYY-MM-DD).")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@json_option
@workspace_option
def command(group: str | None, since: str, as_csv: bool, as_json: bool, root: Path) -> None:
    """Show what the workspace's requests cost: billed, possibly billed, saved.

    "possibly" ("perhaps" in JSON and CSV): no answer came, so AWS may have billed the request.
    "open": the request is still running, or its process was killed.
    """
    from sdbr.errors import UsageProblem
    from sdbr.store import ledger_queries
    from sdbr.store.ledger import Ledger

    _check_day(since)
    path = root / ".sdbr" / "ledger.db"
    if not path.is_file():
        raise UsageProblem(
            f"No ledger in {root} yet. Generate a picture first, or choose another --workspace."
        )
    ledger = Ledger(path)
    if group is None and not (as_csv or as_json):
        _overview(ledger, since)
        return
    match group:
        case None:
            rows = ledger_queries.totals(ledger, since)
        case "run":
            rows = ledger_queries.runs(ledger, since, 1_000_000)
        case "send":
            rows = ledger_queries.sends(ledger, since)
        case _:
            rows = ledger_queries.group_rows(ledger, group, since)
    _print(rows, as_csv, as_json)


def _overview(ledger: Ledger, since: str) -> None:
    from sdbr.console import counted
    from sdbr.generation.estimate import in_usd
    from sdbr.store import ledger_queries

    for row in ledger_queries.totals(ledger, since):
        aws = row["realm"] == "aws"
        where = "Amazon Bedrock" if aws else f"emulated ({row['realm']}), not billed"
        paid = "billed" if aws else "at list prices"
        _say(
            f"{where}: {in_usd(row['billed'])} USD {paid}, {in_usd(row['perhaps'])} USD "
            f"possibly billed, {counted(row['pictures'], 'picture')} from "
            f"{counted(row['sends'], 'request')}"
        )
        _say(
            f"  saved: {in_usd(row['saved_by_cache'])} USD by the cache, "
            f"{in_usd(row['saved_by_keyframes'])} USD by keyframes"
        )
        if row["supplied"]:
            click.echo(f"  keyframes: {row['supplied']} supplied")
        if row["open"]:
            _say(f"  open: {counted(row['open'], 'request')} in flight or killed; possibly billed")
    for title, rows in (
        ("By day", ledger_queries.group_rows(ledger, "day", since)),
        ("By model", ledger_queries.group_rows(ledger, "model", since)),
        ("Last runs", ledger_queries.runs(ledger, since, 10)),
    ):
        click.echo(f"\n{title}")
        _table(rows)


# Of an emulator nothing is billed, so the column is named after what it counts.
_TITLES = {"billed": "USD", "perhaps": "possibly", "realm": "answered by"}
_HIDDEN = ("saved_by_cache", "saved_by_keyframes", "planned", "open")
# Those that a narrow terminal misses least come first.
_OPTIONAL = (
    *("request_id", "key", "region", "latency_ms", "status", "ended", "supplied", "answered by"),
    *("sends", "possibly", "pictures", "seed", "id", "command", "model", "run"),
)
_MINUTE = len("2026-11-01T09:00")
_KEY = 12  # Letters that tell keys apart, as in `sdbr cache list`.


def _say(line: str) -> None:
    click.echo(fold(line, stdout_columns()))


def _table(rows: list[dict[str, object]]) -> None:
    if not rows:
        click.echo("  nothing yet")
        return
    names = [
        n for n in rows[0] if n not in _HIDDEN and not (n == "command" and "run" not in rows[0])
    ]
    titles = _TITLES if "price" not in rows[0] else {**_TITLES, "billed": "billed"}
    head = [titles.get(name, name) for name in names]
    cells = [head, *([_cell(name, row) for name in names] for row in rows)]
    for line in table(cells, stdout_columns(), _OPTIONAL, indent="  "):
        click.echo(line)


def _cell(name: str, row: Mapping[str, object]) -> str:
    value = row[name]
    if value is None:
        return "-"
    if name in ("began", "ended", "at"):
        return str(value)[:_MINUTE].replace("T", " ")
    return str(value)[:_KEY] if name == "key" else str(value)


def _print(rows: Iterable[Mapping[str, object]], as_csv: bool, as_json: bool) -> None:
    if as_json:
        import json

        for row in rows:
            click.echo(json.dumps(row, default=float))
        return
    listed = list(rows)
    if as_csv:
        import csv
        import sys

        if listed:
            writer = csv.DictWriter(sys.stdout, list(listed[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(listed)
        return
    _table([dict(row) for row in listed])


def _check_day(since: str) -> None:
    from datetime import date

    from sdbr.errors import UsageProblem

    try:
        if since:
            date.fromisoformat(since[:10])
    except ValueError:
        raise UsageProblem(f"--since is {since!r}: use a date such as 2026-11-01.") from None
