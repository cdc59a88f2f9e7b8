"""sdbr cache: show, check or prune cached pictures and scans of clips."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sdbr.cli.help import Command
from sdbr.cli.numbers import FiniteNumber
from sdbr.cli.options import json_option, workspace_option
from sdbr.cli.table import fold, stdout_columns

if TYPE_CHECKING:
    from sdbr.store.cache import Cache
    from sdbr.store.scans import ScanStore

_EXAMPLES = """
sdbr cache
sdbr cache verify
sdbr cache prune --older-than 30
"""

_ACTIONS = ("size", "list", "verify", "prune")


@click.command("cache", cls=Command, epilog=_EXAMPLES)
@click.argument(
    "action",
    type=click.Choice(_ACTIONS),
    default="size",
    metavar=f"[{'|'.join(_ACTIONS)}]",
)
@click.option(
    "--older-than",
    type=FiniteNumber(min=0),
    metavar="DAYS",
    help="prune: what was not used for this long. A picture counts from when it was written.",
)
@click.option(
    "--all", "everything", is_flag=True, help="prune: everything that no unfinished run needs."
)
@json_option
@workspace_option
def command(
    action: str, older_than: float | None, everything: bool, as_json: bool, root: Path
) -> None:
    """Show, check or prune the cache of generated pictures and scans of clips.

    size counts them, list names them, verify removes broken pictures, prune removes what is old.
    prune keeps pictures that an unfinished run needs. A removed picture is charged again if
    requested again; a clip whose scan was removed is scanned again.
    """
    from sdbr.errors import UsageProblem
    from sdbr.store.cache import Cache
    from sdbr.store.scans import ScanStore

    cache, scans = Cache(root / ".sdbr" / "cache"), ScanStore(root / ".sdbr" / "scans")
    match action:
        case "size":
            _size(cache, scans, as_json)
        case "list":
            _list(cache, scans, as_json)
        case "verify":
            _verify(cache, as_json)
        case _:
            if older_than is None and not everything:
                raise UsageProblem(
                    "Specify what to remove: --older-than DAYS or --all. A removed picture "
                    "costs money again when it is next requested."
                )
            runs = [root / ".sdbr" / "runs", root / ".sdbr" / "reviews"]
            _prune(cache, scans, runs, older_than, as_json)


def _say(record: dict[str, object], text: str, as_json: bool) -> None:
    import json

    click.echo(json.dumps(record) if as_json else fold(text, stdout_columns()))


def _size(cache: Cache, scans: ScanStore, as_json: bool) -> None:
    from sdbr.console import counted
    from sdbr.store import cache_upkeep

    size, (kept, kept_bytes) = cache_upkeep.measure(cache), scans.measure()
    _say(
        {
            "pictures": size.pictures,
            "refusals": size.refusals,
            "bytes": size.bytes,
            "scans": kept,
            "scan_bytes": kept_bytes,
        },
        f"{counted(size.pictures, 'picture')}, {size.bytes / 1e6:.1f} MB; "
        f"{counted(size.refusals, 'refusal')} cached{_and_scans(kept, kept_bytes)}",
        as_json,
    )


def _and_scans(count: int, size: int) -> str:
    from sdbr.console import counted

    return f"; {counted(count, 'clip scan')}, {size / 1e6:.1f} MB" if count else ""


def _list(cache: Cache, scans: ScanStore, as_json: bool) -> None:
    from dataclasses import asdict

    for key in sorted(cache.all_keys()):
        if (entry := cache.entry(key)) is not None:
            what = (
                f"refused: {entry.refused}"
                if entry.refused
                else str(cache.picture_path(key, entry))
            )
            _say({"key": key, **asdict(entry)}, f"{key[:12]}  {entry.model}  {what}", as_json)
    for path in sorted(scans.paths()):
        _say({"key": path.stem, "scan": str(path)}, f"{path.stem[:12]}  clip scan  {path}", as_json)


def _verify(cache: Cache, as_json: bool) -> None:
    from sdbr.console import counted
    from sdbr.errors import PartlyDone
    from sdbr.store import cache_upkeep

    checked, broken = cache_upkeep.verify(cache)
    _say(
        {"checked": checked, "broken": broken},
        f"{counted(checked, 'picture')} checked, {len(broken)} broken",
        as_json,
    )
    if broken:
        raise PartlyDone(
            f"{counted(len(broken), 'broken picture')} removed. A run that needs one pays "
            "for it again."
        )


def _prune(
    cache: Cache, scans: ScanStore, runs: list[Path], older_than: float | None, as_json: bool
) -> None:
    from sdbr.console import counted
    from sdbr.store import cache_upkeep

    removed = cache_upkeep.prune(cache, runs, older_than or 0.0)
    gone, gone_bytes = scans.prune(older_than or 0.0)
    _say(
        {
            "removed": removed.pictures,
            "bytes": removed.bytes,
            "scans": gone,
            "scan_bytes": gone_bytes,
        },
        f"{counted(removed.pictures, 'picture')} removed, {removed.bytes / 1e6:.1f} MB freed"
        f"{_and_scans(gone, gone_bytes)}",
        as_json,
    )
