"""sdbr models: list the models with prices and regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sdbr.cli.help import Command
from sdbr.cli.options import json_option, workspace_option
from sdbr.cli.table import fold, stdout_columns, table

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from sdbr.bedrock.families import Flag
    from sdbr.request import Model

_EXAMPLES = """
sdbr models
sdbr models --task image-to-image
sdbr models --all --json
sdbr models sdxl
"""
_OPTIONAL = ("AS OF", "REGIONS", "MODEL", "TASKS", "STATUS")
_HEAD = ("ALIAS", "MODEL", "TASKS", "USD", "AS OF", "REGIONS", "STATUS")


@click.command("models", cls=Command, epilog=_EXAMPLES)
@click.argument("name", required=False, metavar="[MODEL]")
@click.option("--task", metavar="TASK", help="Only models for this task, such as image-to-image.")
@click.option("--all", "everything", is_flag=True, help="Include retired models.")
@json_option
@workspace_option
def command(
    name: str | None, task: str | None, everything: bool, as_json: bool, root: Path
) -> None:
    """List the models: alias, tasks, price, regions and status.

    MODEL, an alias or ID, shows one model and the flags it takes, including those of SDXL alone.
    """
    from datetime import date

    from sdbr import config
    from sdbr.bedrock import catalog
    from sdbr.errors import UsageProblem

    settings = config.load(root)
    known = catalog.load(settings.prices, settings.aliases)
    models = known.models
    tasks = sorted({name for model in models for name in model.tasks})
    if task is not None and task not in tasks:
        raise UsageProblem(f"Unknown task {task!r}. Choose from {', '.join(tasks)}.")
    today = date.today()
    if name is not None:
        models, everything = (known.find(name),), True
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
    elif name is not None:
        _page(chosen, today)
    else:
        rows = [_HEAD, *(_row(model, today) for model in chosen)]
        for line in table(rows, stdout_columns(), _OPTIONAL):
            click.echo(line)


def _row(model: Model, today: date) -> tuple[str, ...]:
    from sdbr.generation.estimate import in_usd

    status = f"retired {model.lifecycle.end}" if model.lifecycle.ended(today) else "active"
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


def _page(models: list[Model], today: date) -> None:
    """One model as a page: what its row of the table says, and its flags."""
    from sdbr.bedrock.families import family_of, flags_of
    from sdbr.bedrock.validation import flag

    for model in models:
        own = flags_of(model)
        cells = zip(_HEAD[1:], _row(model, today)[1:], strict=True)
        hidden = {"mask_source", "faded_prompt", *(one.field for one in own)}
        shared = sorted(map(flag, family_of(model).takes(model) - hidden))
        rows = [("ID", model.invoke_id), ("ALIASES", ", ".join(model.aliases)), *cells]
        rows.append(("FLAGS", ", ".join(name for name in shared if name.startswith("--"))))
        rows += [(flag(one.field), _values(one)) for one in own]
        for line in table(rows, stdout_columns()):
            click.echo(line)
        if model.lifecycle.ended(today):
            text = (
                "Bedrock has retired this model. The emulator still serves it: --offline "
                "--allow-retired."
            )
            click.echo(fold(text, stdout_columns(), hang=0))


def _values(one: Flag) -> str:
    from sdbr.bedrock.validation import Choices

    return ", ".join(one.rule.words) if isinstance(one.rule, Choices) else one.help


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
