"""What the shell offers at the Tab key, by click's own mechanism.

Only loaded while a shell asks. click's scripts know values, files and folders; these three know
one kind more, files by suffix, so that `sdbr img2img <Tab>` offers pictures and folders alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ClassVar, TypeAlias

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
)

from sdbr.workflows.inputs import PICTURES, VIDEOS

VARIABLE = "_SDBR_COMPLETE"
_BASH = """\
        elif [[ $type == 'suffixes' ]]; then
            compopt -o filenames
            local path
            while IFS= read -r path; do
                if [[ -d $path || ${path,,} =~ \\.(${value})$ ]]; then COMPREPLY+=("$path"); fi
            done < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
        elif [[ $type == 'plain' ]]; then
"""
_ZSH = """\
        elif [[ "$type" == "suffixes" ]]; then
            _files -g "*.(#i)(${key})"
        elif [[ "$type" == "file" ]]; then
"""
_FISH = """\
        else if test $metadata[1] = "suffixes";
            __fish_complete_path (commandline -ct) \
                | string match -eri '(?:/|\\.(?:'$metadata[2]'))(?:\\t.*)?$';
        else if test $metadata[1] = "plain";
"""

Values = Callable[[click.Context], Iterable[str]]


class Bash(BashComplete):
    """click's, with files by suffix."""

    source_template: ClassVar[str] = BashComplete.source_template.replace(
        "        elif [[ $type == 'plain' ]]; then\n", _BASH
    )


class Zsh(ZshComplete):
    """click's, with files by suffix."""

    source_template: ClassVar[str] = ZshComplete.source_template.replace(
        '        elif [[ "$type" == "file" ]]; then\n', _ZSH
    )


class Fish(FishComplete):
    """click's, with files by suffix."""

    source_template: ClassVar[str] = FishComplete.source_template.replace(
        '        else if test $metadata[1] = "plain";\n', _FISH
    )


SHELLS: dict[str, type[ShellComplete]] = {"bash": Bash, "zsh": Zsh, "fish": Fish}


def script(shell: str, cli: click.Command) -> str:
    """The script that a shell has to read once."""
    return SHELLS[shell](cli, {}, "sdbr", VARIABLE).source()


def install(cli: click.Group) -> None:
    """Teach every command's parameters what to offer."""
    for cls in SHELLS.values():
        add_completion_class(cls)
    _teach(cli, click.Context(cli, info_name="sdbr"), "sdbr")


def _teach(command: click.Command, ctx: click.Context, name: str) -> None:
    for parameter in command.params:
        if (offer := _offer(parameter, name)) is not None:
            # An instance's own method: click asks each parameter for what it offers.
            setattr(parameter, "shell_complete", offer)  # noqa: B010
    if isinstance(command, click.Group):
        for child in command.list_commands(ctx):
            found = command.get_command(ctx, child)
            if found is not None:
                _teach(found, ctx, child)


Offer: TypeAlias = "Callable[[click.Context, str], list[CompletionItem[str]]]"


def _offer(parameter: click.Parameter, command: str) -> Offer | None:
    name = parameter.name or ""
    if isinstance(parameter, click.Option):
        if name in _VALUES:
            return _several(_VALUES[name])
        suffixes = _FILES.get(name)
        return None if suffixes is None else _suffixes(suffixes)
    metavar = parameter.metavar or ""
    if "INPUT" in metavar or "FILE" in metavar or name == "clip":
        return _suffixes(_INPUTS.get(command, PICTURES))
    return None


def _several(values: Values) -> Offer:
    """Offer values; behind a comma the next one of a sweep."""

    def offer(ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        before, comma, begun = incomplete.rpartition(",")
        return [
            CompletionItem(f"{before}{comma}{value}")
            for value in values(ctx)
            if value.startswith(begun)
        ]

    return offer


def _suffixes(suffixes: Iterable[str]) -> Offer:
    pattern = "|".join(sorted(suffix.removeprefix(".") for suffix in suffixes))
    return lambda _ctx, _incomplete: [CompletionItem(pattern, type="suffixes")]


def _models(ctx: click.Context) -> list[str]:
    from datetime import date

    from sdbr import config
    from sdbr.bedrock import catalog

    settings = config.load(_root(ctx))
    known = catalog.load(settings.prices, settings.aliases)
    active = (model for model in known.models if not model.lifecycle.ended(date.today()))
    return [*settings.aliases, *(alias for model in active for alias in model.aliases)]


def _looks(ctx: click.Context) -> list[str]:
    from sdbr import config

    return list(config.load(_root(ctx)).looks)


def _regions(_ctx: click.Context) -> list[str]:
    from sdbr.bedrock import catalog

    return sorted({region for model in catalog.load({}, {}).models for region in model.regions})


def _styles(_ctx: click.Context) -> tuple[str, ...]:
    from sdbr.bedrock.validation import STYLES

    return STYLES


def _aspects(_ctx: click.Context) -> tuple[str, ...]:
    from sdbr.bedrock.validation import ASPECTS

    return ASPECTS


def _tasks(_ctx: click.Context) -> list[str]:
    from sdbr.bedrock import catalog

    return sorted({task for model in catalog.load({}, {}).models for task in model.tasks})


def _root(ctx: click.Context) -> Path:
    return Path(ctx.params.get("root") or ".")


_VALUES: dict[str, Values] = {
    "model": _models,
    "family": _models,
    "look": _looks,
    "region": _regions,
    "style": _styles,
    "aspect": _aspects,
    "task": _tasks,
    "on_filtered": lambda _ctx: ("stop", "skip", "hold", "reseed"),
}
_FILES = {
    **dict.fromkeys(("mask", "style_image"), PICTURES),
    **dict.fromkeys(("direction", "plan"), frozenset({".toml"})),
    "file": frozenset({".txt"}),
}
_INPUTS = {
    **dict.fromkeys(("vid2vid", "review", "flicker"), VIDEOS),
    **dict.fromkeys(("img2gif", "inspect", "replay"), PICTURES | VIDEOS),
}
