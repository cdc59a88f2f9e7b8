"""Help that reads well: options under headings, examples to paste."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any, ClassVar

import click

# The names that tutorials and request bodies use, taken for the same.
_ALSO = {
    "--aspect": "--aspect-ratio",
    "--cfg-scale": "--guidance-scale",
    "--clip-guidance": "--clip-guidance-preset",
    "--count": "--samples",
    "--format": "--output-format",
    "--negative": "--negative-prompt",
    "--strength": "--denoising-strength",
    "--style": "--style-preset",
}


class Option(click.Option):
    """An option that stands under the heading `group` in the help, with its other names."""

    group: ClassVar[str]

    def __init__(self, names: Sequence[str], **attributes: Any) -> None:
        also = [_ALSO[names[0]]] if names[0] in _ALSO else []
        super().__init__([*names, *also], **attributes)


class Command(click.Command):
    """A command whose help groups its options and ends with its epilog: examples, one a line."""

    @property
    def examples(self) -> list[str]:
        """The command lines to paste."""
        return [line.strip() for line in (self.epilog or "").strip().splitlines()]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, grouped in the order in which the groups first appear."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            if isinstance(parameter, click.Argument):
                continue
            if (record := parameter.get_help_record(ctx)) is not None:
                groups.setdefault(getattr(parameter, "group", "") or "Other", []).append(record)
        for title in sorted(groups, key=lambda name: name == "Other"):
            with formatter.section(title):
                formatter.write_dl(groups[title])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the examples as they are, unwrapped."""
        with formatter.section("Examples"):
            formatter.write("".join(f"  {line}\n" for line in self.examples))


class Folder(click.Group):
    """A group whose commands are the modules of `package`, each imported when it is asked for."""

    package: ClassVar[str]

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Their names, by the alphabet."""
        names = (entry.partition(".")[0] for entry in os.listdir(self._folder))
        return sorted(name for name in names if name and name[0] != "_")

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The `command` of the module called so, or None."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"{self.package}.{cmd_name}").command
        return command

    def sections(self, ctx: click.Context) -> Iterable[tuple[str, list[str]]]:
        """The headings in the help, and the commands under each."""
        return [("Commands", self.list_commands(ctx))]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command with what its file says of itself."""
        for title, names in self.sections(ctx):
            with formatter.section(title):
                formatter.write_dl([(name, self._summary(name)) for name in names])

    @property
    def _folder(self) -> str:
        return str(import_module(self.package).__path__[0])

    def _summary(self, name: str) -> str:
        """The first sentence of the module's docstring, behind the colon.

        It is read, not imported: importing all commands takes longer than everything else.
        """
        path = os.path.join(self._folder, name)
        with open(
            os.path.join(path, "__init__.py") if os.path.isdir(path) else f"{path}.py",
            encoding="utf-8",
        ) as source:
            summary = source.readline().strip('"\n').partition(": ")[2]
        sentence = summary.partition(". ")[0].rstrip(".")
        return f"{sentence[:1].upper()}{sentence[1:]}."
