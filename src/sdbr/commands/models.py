"""sdbr models: what can be called today, for what, where, for how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sdbr.cli.help import Command
from sdbr.cli.options import json_option, workspace_option

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from sdbr.request import Model

_EXAMPLES = """
sdbr models
sdbr models --task image-to-image
sdbr models --all --json
"""


@click.command("models", cls=Command, epilog=_EXAMPLES)
@click.option("--task", help="Only those for a task, such as image-to-image.")
@click.option("--all", "everything", is_flag=True, help="Those whose life has ended as well.")
@json_option
@workspace_option
def command(task: str | None, everything: bool, as_json: bool, root: Path) -> None:
    """List the models: alias, task, price, regions, and which are alive today."""
    from datetime import date

    from sdbr import config
    from sdbr.bedrock import catalog
    from sdbr.errors import UsageProblem

    settings = config.load(root)
    models = catalog.load(settings.prices, settings.aliases).models
    tasks = sorted({name for model in models for name in model.tasks})
    if task is not None and task not in tasks:
        raise UsageProblem(f"Unknown task {task!r}. Choose from {', '.join(tasks)}.")
    today = date.today()
    chosen = [
        model
        for model in models
        if (everything or not model.lifecycle.ended(today))
        and (task is None or task in model.tasks)
    ]
    if as_json:
        import json

        for model in chosen:
            click.echo(json.dumps(_as_json(model, today)))
    else:
        _table([_row(model, today) for model in chosen])


def _row(model: Model, today: date) -> tuple[str, ...]:
    from sdbr.generation.estimate import in_usd

    status = f"ended {model.lifecycle.end}" if model.lifecycle.ended(today) else "alive"
    low, high = model.tiers[0].usd, model.tiers[-1].usd
    price = in_usd(low) if low == high else f"{in_usd(low)}-{in_usd(high)}"
    return (
        model.aliases[0],
        model.title,
        ", ".join(model.tasks),
        price,
        model.price_as_of,
        ", ".join(model.regions) or "unknown",
        status,
    )


def _table(rows: list[tuple[str, ...]]) -> None:
    head = ("ALIAS", "MODEL", "TASKS", "USD", "AS OF", "REGIONS", "STATUS")
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _as_json(model: Model, today: date) -> dict[str, object]:
    life = model.lifecycle
    return {
        "id": model.id,
        "invoke_id": model.invoke_id,
        "title": model.title,
        "aliases": list(model.aliases),
        "family": model.family,
        "tasks": list(model.tasks),
        "regions": list(model.regions),
        "needs_profile": model.needs_profile,
        "alive": not life.ended(today),
        "launch": life.launch and life.launch.isoformat(),
        "legacy": life.legacy and life.legacy.isoformat(),
        "end": life.end and life.end.isoformat(),
        "prices": [
            {"usd": float(tier.usd), "max_steps": tier.max_steps, "max_pixels": tier.max_pixels}
            for tier in model.tiers
        ],
        "price_as_of": model.price_as_of,
        "replaced_by": list(model.replaced_by),
    }
