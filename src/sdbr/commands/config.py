"""sdbr config: each setting, its value, and where that came from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdbr.cli.help import Command
from sdbr.cli.options import CONNECTION, EFFORT, SPENDING, json_option, workspace_option

if TYPE_CHECKING:
    from sdbr.settled import Setting

_EXAMPLES = """
sdbr config
SDBR_WORKERS=4 sdbr config --json
sdbr config --workspace films
"""


def _flags(function: Any) -> Any:
    for option in reversed((*CONNECTION, *EFFORT, *SPENDING[:2])):
        function = option(function)
    return function


@click.command("config", cls=Command, examples=_EXAMPLES)
@json_option
@workspace_option
@_flags
@click.pass_context
def command(ctx: click.Context, /, as_json: bool, root: Path, **_: Any) -> None:
    """Show every setting, and whether a flag, the environment, a file or a default decides it.

    sdbr.toml is read from your configuration folder and from the workspace, which wins. A wrong
    key or value is told with its line, an unknown SDBR_ variable and an unknown model as well.
    """
    from sdbr import config, settled

    files = config.files(root)
    settings = settled.settings(ctx, files)
    _print(settings, as_json)
    _check_models(root)
    for name in settled.strangers():
        click.echo(f"{name} is no setting of sdbr. See `sdbr config --help`.", err=True)
    if not files:
        path = root / config.FILE_NAME
        click.echo(f"No settings file: {config.user_file()} or {path}.", err=True)


def _print(settings: list[Setting], as_json: bool) -> None:
    if as_json:
        import json

        for one in settings:
            told = {"setting": one.name, "value": one.value, "from": one.origin}
            click.echo(json.dumps(told, ensure_ascii=False))
        return
    rows = [(it.name, "-" if it.value is None else str(it.value), it.origin) for it in settings]
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    for name, value, origin in rows:
        click.echo(f"{name:<{first}}  {value:<{min(second, 40)}}  {origin}")


def _check_models(root: Path) -> None:
    """Raise UsageProblem for a model that a setting names and nobody knows."""
    from sdbr import config
    from sdbr.bedrock import catalog

    settings = config.load(root)
    known = catalog.load(settings.prices, settings.aliases)
    named = [*settings.models.values(), *settings.aliases.values()]
    named += [look["model"] for look in settings.looks.values() if "model" in look]
    for name in named:
        if not name.startswith("arn:"):
            known.find(name)
