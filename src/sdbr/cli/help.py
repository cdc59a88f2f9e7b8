"""Help that fits a screen: what matters and examples; `--help-all` has every option."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# The names that tutorials and request bodies use, or that sdbr used, taken for the same.
_ALSO = {
    "--allow-retired": "--allow-ended",
    "--aspect": "--aspect-ratio",
    "--cfg-scale": "--guidance-scale",
    "--clip-guidance": "--clip-guidance-preset",
    "--count": "--samples",
    "--format": "--output-format",
    "--negative": "--negative-prompt",
    "--strength": "--denoising-strength",
    "--style": "--style-preset",
}
_WIDEST = 100
_NARROW = 60
"""Columns: below that an option's text stands under its flags, not beside them."""
_ALL = "sdbr.help_all"


def columns() -> int:
    """How wide help may be: as the terminal, up to 100; 80 where there is none."""
    try:
        wide = int(os.environ.get("COLUMNS") or os.get_terminal_size(1).columns)
    except (ValueError, OSError):
        wide = 0
    return min(wide or 80, _WIDEST)


class Option(click.Option):
    """An option that stands under the heading `group` in the help, with its other names."""

    group: ClassVar[str]

    def __init__(self, names: Sequence[str], **attributes: Any) -> None:
        also = [_ALSO[names[0]]] if names[0] in _ALSO else []
        super().__init__([*names, *also], **attributes)


class PagedHelp(click.Command):
    """A command whose `--help` goes through a pager where the screen is too small."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Click's own, shown otherwise."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.callback = _show_help
        return option


class Command(PagedHelp):
    """A command whose help ends with its epilog: examples, one a line.

    `--help` shows the options that `essentials` names, or all where it names none.
    """

    def __init__(self, *args: Any, essentials: Sequence[str] = (), **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.essentials = essentials
        # Like --help it is no flag of the command's own, which others ask `params` for.
        self._help_all = click.Option(
            ["--help-all"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_help_all,
            help="Show every option.",
        )

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The parameters, with `--help-all` where there is more than `--help` shows."""
        *own, last = super().get_params(ctx)
        return [*own, self._help_all, last] if self.essentials else [*own, last]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; an error of the parser tells whose words were wrong, too."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    @property
    def examples(self) -> list[str]:
        """The command lines to paste."""
        return [line.strip() for line in (self.epilog or "").strip().splitlines()]

    def get_short_help_str(self, limit: int = 45) -> str:  # noqa: ARG002
        """What the command is for, as in the list of commands."""
        module = sys.modules.get(getattr(self.callback, "__module__", ""))
        return _purpose((module.__doc__ if module else None) or "")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """What the Tab key offers, each with the first sentence of its help."""
        offered = super().shell_complete(ctx, incomplete)
        for item in offered:
            item.help = item.help and sentence(item.help)
        return offered

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options: those that matter, or all under their headings."""
        every = [
            one for one in self.get_params(ctx) if isinstance(one, click.Option) and not one.hidden
        ]
        if self.essentials and not ctx.meta.get(_ALL):
            named = {name: one for one in every for name in one.opts}
            rows = [_row(named[name], ctx) for name in self.essentials]
            _write(formatter, "Options", [*rows, ("--help-all", f"Show all {len(every)} options.")])
            return
        groups: dict[str, list[tuple[str, str]]] = {}
        for option in every:
            groups.setdefault(heading(option, self), []).append(_row(option, ctx))
        for title in sorted(groups, key=lambda name: (name == "Other", name != "Options")):
            _write(formatter, title, groups[title])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the examples as they are, unwrapped."""
        with formatter.section("Examples"):
            formatter.write("".join(f"  {line}\n" for line in self.examples))


class UnknownCommand(click.UsageError):
    """No command of the group is called `name`; `names` are those that there are."""

    def __init__(self, name: str, names: list[str], ctx: click.Context) -> None:
        super().__init__(f"No such command: {name}.", ctx)
        self.name = name
        self.names = names


class Folder(PagedHelp, click.Group):
    """A group whose commands are the modules of `package`, each imported when it is asked for."""

    package: ClassVar[str]

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Their names, by the alphabet."""
        names = (entry.partition(".")[0] for entry in os.listdir(self._folder))
        return sorted(name for name in names if name and name[0] != "_")

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The `command` of the module called so. Raises UnknownCommand where there is none."""
        names = self.list_commands(ctx)
        if cmd_name in names:
            command: click.Command = import_module(f"{self.package}.{cmd_name}").command
            return command
        if not cmd_name.startswith("-") and not ctx.resilient_parsing:
            raise UnknownCommand(cmd_name, names, ctx)
        return None

    def sections(self, ctx: click.Context) -> Iterable[tuple[str, list[str]]]:
        """The headings in the help, and the commands under each."""
        return [("Commands", self.list_commands(ctx))]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command with what its file says of itself."""
        for title, names in self.sections(ctx):
            _write(formatter, title, [(name, self._summary(name)) for name in names])

    @property
    def _folder(self) -> str:
        return str(import_module(self.package).__path__[0])

    def _summary(self, name: str) -> str:
        """What the module's docstring says that it is for.

        It is read, not imported: importing all commands takes longer than everything else.
        """
        path = os.path.join(self._folder, name)
        with open(
            os.path.join(path, "__init__.py") if os.path.isdir(path) else f"{path}.py",
            encoding="utf-8",
        ) as source:
            return _purpose(source.readline().strip('"\n'))


def heading(option: click.Parameter, command: click.Command) -> str:
    """What an option stands under; "Other" comes last, and "Options" first."""
    rest = "Other" if getattr(command, "essentials", ()) else "Options"
    return getattr(option, "group", "") or rest


def sentence(text: str) -> str:
    """The first sentence of a text."""
    return f"{text.partition('. ')[0].rstrip('.')}."


def _purpose(docstring: str) -> str:
    """The first sentence behind the colon of `sdbr NAME: what it is for.`"""
    first = sentence(docstring.partition("\n")[0].partition(": ")[2])
    return f"{first[:1].upper()}{first[1:]}"


def _row(option: click.Option, ctx: click.Context) -> tuple[str, str]:
    """An option's line: a short and a long name, its value, and what it does by default.

    Ranges and further sentences are left to the pages of the manual.
    """
    short = [name for name in option.opts if not name.startswith("--")]
    flags = [*short[:1], *[name for name in option.opts if name not in short][:1]]
    if option.secondary_opts:
        flags = [f"--[no-]{flags[-1].removeprefix('--')}"]
    value = "" if option.is_flag or option.count else f" {option.make_metavar(ctx)}"
    extra = option.get_help_extra(ctx)
    notes = [f"default: {extra['default']}"] if "default" in extra else []
    notes += ["required"] if "required" in extra else []
    text = " ".join([sentence(option.help or ""), *(f"[{note}]" for note in notes)])
    return ", ".join(flags) + value, text


def _write(formatter: click.HelpFormatter, title: str, rows: list[tuple[str, str]]) -> None:
    with formatter.section(title):
        formatter.write_dl(rows, col_max=30 if formatter.width >= _NARROW else 4)


def _help_all(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        ctx.meta[_ALL] = True
        _show_help(ctx, _parameter, wanted)


def _show_help(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    text = ctx.get_help()
    terminal = sys.stdout is not None and sys.stdout.isatty()  # None where it is closed.
    if terminal and text.count("\n") + 2 > os.get_terminal_size(1).lines:
        # Ends at once where all fits, passes colors on, and leaves the text on the screen.
        os.environ.setdefault("LESS", "FRX")
        click.echo_via_pager(f"{text}\n")
    else:
        click.echo(text, color=ctx.color)
    ctx.exit()
