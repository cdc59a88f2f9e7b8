"""sdbr config: show the settings and where each comes from."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from sdbr.cli.help import Command
from sdbr.cli.options import (
    CONNECTION,
    EFFORT,
    PROVENANCE,
    SIGN,
    SPENDING,
    collect_options,
    json_option,
    workspace_option,
)
from sdbr.cli.table import stdout_columns, table
from sdbr.config import MODEL_VARIABLE, TABLES, models_of
from sdbr.config.drawing_commands import DRAWING
from sdbr.config.settings import Connection, Effort, Spending

if TYPE_CHECKING:
    from sdbr.config.file import File, Key


_EXAMPLES = """
sdbr config
SDBR_WORKERS=4 sdbr config --json
sdbr config --workspace films
"""


@click.command("config", cls=Command, epilog=_EXAMPLES)
@json_option
@workspace_option
@collect_options("_", dict, *CONNECTION, *EFFORT, *SPENDING[:2], PROVENANCE, SIGN)
@click.pass_context
def command(ctx: click.Context, as_json: bool, root: Path, _: Mapping[str, object]) -> None:
    """Show every setting and where it comes from: a flag, the environment, a file or a default.

    sdbr.toml is read from your configuration folder and from the workspace, which takes precedence.
    Invalid keys and values are reported with their line. Unknown models and SDBR_ variables are
    reported, too.
    """
    from sdbr import config
    from sdbr.console import Console

    console, files = Console(), config.files(root)
    settings = every_setting(ctx, files)
    _print(settings, as_json)
    _check_models(root)
    for name in unknown_variables():
        console.say(f"{name} is not an sdbr setting. See `sdbr config --help`.")
    if not files:
        path = root / config.FILE_NAME
        console.say(f"No settings file found. Looked for {config.user_file()} and {path}.")


def _print(settings: list[Setting], as_json: bool) -> None:
    if as_json:
        import json

        for one in settings:
            record = {"setting": one.name, "value": one.value, "from": one.origin}
            click.echo(json.dumps(record, ensure_ascii=False))
        return
    rows = [(it.name, "-" if it.value is None else str(it.value), it.origin) for it in settings]
    for line in table(rows, stdout_columns()):
        click.echo(line)


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


_DEFAULTS: dict[str, object] = {
    "offline": Connection().offline,
    "timeout": Connection().timeout,
    "workers": Effort().workers,
    "attempts": Effort().attempts,
    "ask_above": Spending().ask_above,
    "provenance": True,
}
# What AWS's own variables decide where sdbr is told nothing.
_AWS = {
    "region": ("AWS_REGION", "AWS_DEFAULT_REGION"),
    "profile": ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"),
    "endpoint_url": ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_ENDPOINT_URL"),
}
_SILENT = {
    "region": "default: the AWS profile's region, or one that offers the model",
    "profile": "default: AWS's own",
    "endpoint_url": "default: Amazon Bedrock",
}
_ELSEWHERE = frozenset({"SDBR_CONFIG", "SDBR_DEBUG", "SDBR_YES", "SDBR_TEST_MEDIA"})


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting by its dotted name, its value (None where nothing decides it), and its origin."""

    name: str
    value: object
    origin: str


def every_setting(ctx: click.Context, files: Sequence[File]) -> list[Setting]:
    """Every setting of the command under way, its flags included, and every table's entries."""
    singles = [_single(ctx, option, files) for option in _options(ctx)]
    return [*singles, *_entries(files)]


def unknown_variables() -> list[str]:
    """Variables that look like sdbr's own and are not."""
    known = _ELSEWHERE | {str(option.envvar) for option in _options(click.get_current_context())}
    known |= {_variable(command) for command in DRAWING}
    return [name for name in os.environ if name.startswith("SDBR_") and name not in known]


def _options(ctx: click.Context) -> list[click.Option]:
    parameters = ctx.command.params
    return [it for it in parameters if isinstance(it, click.Option) and it.envvar]


def _single(ctx: click.Context, option: click.Option, files: Sequence[File]) -> Setting:
    name = option.name or ""
    shown = "workspace" if name == "root" else name
    source = ctx.get_parameter_source(name)
    if source is ParameterSource.COMMANDLINE:
        return Setting(shown, _plain(ctx.params[name]), f"flag {option.opts[0]}")
    if source is ParameterSource.ENVIRONMENT:
        return Setting(shown, _plain(ctx.params[name]), f"environment {option.envvar}")
    for file in reversed(files):
        if name in file.values:
            return Setting(shown, _plain(file.values[name]), _place(file, (name,)))
    for variable in _AWS.get(name, ()):
        if value := os.environ.get(variable):
            return Setting(shown, value, f"environment {variable}")
    default = ctx.params[name] if name == "root" else _DEFAULTS.get(name)
    return Setting(shown, _plain(default), _SILENT.get(name, "default"))


def _entries(files: Sequence[File]) -> Iterator[Setting]:
    """The tables' entries, each once, as the last file that has it says."""
    for group in TABLES:
        found: dict[str, list[Setting]] = {}
        for file in files:
            for key, value in file.values.get(group, {}).items():
                found[key] = _of_entry(file, (group, key), value)
        if group == "models":
            for key, value in models_of(os.environ).items():
                origin = f"environment {_variable(key)}"
                found[key] = [Setting(f"models.{key}", value, origin)]
        for several in found.values():
            yield from several


def _of_entry(file: File, key: Key, value: object) -> list[Setting]:
    if not isinstance(value, Mapping):
        return [Setting(".".join(key), _plain(value), _place(file, key))]
    return [one for name in value for one in _of_entry(file, (*key, name), value[name])]


def _variable(command: str) -> str:
    return MODEL_VARIABLE + command.upper().replace(" ", "_")


def _place(file: File, key: Key) -> str:
    return f"{file.path} line {file.line(key)}"


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return value if value is None or isinstance(value, bool | int | float) else str(value)
