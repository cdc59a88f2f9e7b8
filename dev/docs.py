"""Write docs/cli/*.md and the man page docs/sdbr.1 from the commands themselves.

Usage: python dev/docs.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from sdbr import __version__
from sdbr.cli import cli
from sdbr.cli.help import heading
from sdbr.errors import EXIT_CODES

DOCS = Path(__file__).parent.parent / "docs"
_FILES = (
    ("sdbr.toml", "Settings, in the workspace or the user's configuration folder."),
    ("source/", "Pictures from prompts, and the source frames of clips."),
    ("generate/", "Results."),
    (".sdbr/", "The cache, the ledger, and the state of unfinished runs."),
)
_VARIABLES = (
    ("SDBR_CONFIG", "Settings file to use instead of the user's own."),
    ("SDBR_MODEL_IMG2IMG", "Default model of img2img; likewise for each command that generates."),
    ("SDBR_DEBUG", "Print the traceback of a failure."),
    ("AWS_BEARER_TOKEN_BEDROCK", "A Bedrock API key, instead of AWS credentials."),
)

Row = tuple[str, str]


def commands() -> Iterator[tuple[str, click.Command, click.Context]]:
    """Every command with its full name; the commands of a folder after the folder."""
    with click.Context(cli, info_name="sdbr", **cli.context_settings) as ctx:
        yield from _below(cli, ctx, "")


def _below(
    group: click.Group, ctx: click.Context, before: str
) -> Iterator[tuple[str, click.Command, click.Context]]:
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None
        with click.Context(command, info_name=name, parent=ctx) as own:
            yield f"{before}{name}", command, own
            if isinstance(command, click.Group):
                yield from _below(command, own, f"{before}{name} ")


def options(command: click.Command, ctx: click.Context) -> dict[str, list[Row]]:
    """The options by their headings: flags, and what they do with the variable that sets them."""
    groups: dict[str, list[Row]] = {}
    for parameter in command.get_params(ctx):
        if not isinstance(parameter, click.Option):
            continue
        record = parameter.get_help_record(ctx)
        if record is None:
            continue
        also = f" [{parameter.envvar}]" if parameter.envvar else ""
        title = heading(parameter, command)
        text = _ranges(" ".join(f"{record[1]}{also}".split()))
        groups.setdefault(title, []).append((record[0], text))
    return groups


def _ranges(text: str) -> str:
    """Click's `1<=x<=64` and `x>=1` in words."""
    text = re.sub(r"(-?[\d.]+)<=x<=([\d.]+)", r"\1 to \2", text)
    return re.sub(r"x>=([\d.]+)", r"at least \1", text)


def paragraphs(command: click.Command) -> list[str]:
    """The help text, a paragraph an entry."""
    text = re.sub(r"[ \t]*\n[ \t]*", "\n", (command.help or "").strip())
    return [" ".join(part.split()) for part in text.split("\n\n")]


def usage(name: str, command: click.Command, ctx: click.Context) -> str:
    """The usage line."""
    return f"sdbr {name} {' '.join(command.collect_usage_pieces(ctx))}".strip()


def page(name: str, command: click.Command, ctx: click.Context) -> str:
    """One command as Markdown."""
    parts = [f"# sdbr {name}", f"```text\n{usage(name, command, ctx)}\n```"]
    parts += [_safe(text) for text in paragraphs(command)]
    if isinstance(command, click.Group):
        names = [(child, command.get_command(ctx, child)) for child in command.list_commands(ctx)]
        parts.append(_list((f"{name} {child}", it) for child, it in names if it is not None))
    if examples := getattr(command, "examples", None):
        parts.append("## Examples\n\n```sh\n" + "\n".join(examples) + "\n```")
    for title, rows in options(command, ctx).items():
        table = "\n".join(f"| `{_cell(flags)}` | {_cell(_safe(said))} |" for flags, said in rows)
        parts.append(f"## {title}\n\n| flag | meaning |\n| --- | --- |\n{table}")
    return "\n\n".join(parts) + "\n"


def index() -> str:
    """The list of all commands, and the exit codes."""
    rows = [(name, command) for name, command, _ in commands()]
    codes = "\n".join(f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items())
    variables = "\n".join(f"| `{name}` | {said} |" for name, said in _VARIABLES)
    return (
        "# Commands\n\n"
        f"{_list(rows)}\n\n"
        "## Exit codes\n\n| code | meaning |\n| --- | --- |\n"
        f"{codes}\n\n"
        "## Environment\n\nVariables that set a flag are listed with the flag, in brackets.\n\n"
        f"| variable | meaning |\n| --- | --- |\n{variables}\n"
    )


def manual() -> str:
    """All commands as one man page."""
    lines = [
        f'.TH SDBR 1 "" "sdbr {__version__}" "User Commands"',
        ".nh",
        *(".SH NAME", r"sdbr \- pictures and video with Stability AI's models on Amazon Bedrock"),
        *(".SH SYNOPSIS", r".B sdbr", r".I command", "[options]", ".SH DESCRIPTION"),
        *_described(paragraphs(cli)),
        ".SH COMMANDS",
    ]
    for name, command, ctx in commands():
        lines += [f".SS {_roff(usage(name, command, ctx))}", *_described(paragraphs(command))]
        if examples := getattr(command, "examples", None):
            lines += [".PP", ".EX", *map(_roff, examples), ".EE"]
        for rows in options(command, ctx).values():
            lines += _entries(rows)
    lines += [".SH EXIT STATUS", *_entries((str(c), meaning) for c, meaning in EXIT_CODES.items())]
    lines += [".SH ENVIRONMENT", *_entries(_VARIABLES), ".SH FILES", *_entries(_FILES)]
    return "\n".join(lines) + "\n"


def _described(texts: list[str]) -> list[str]:
    return [line for text in texts for line in (".PP", _roff(text))]


def _entries(rows: Iterator[Row] | list[Row] | tuple[Row, ...]) -> list[str]:
    return [line for name, said in rows for line in (".TP", rf"\fB{_roff(name)}\fR", _roff(said))]


def _roff(text: str) -> str:
    text = text.replace("\\", r"\e").replace("-", r"\-")
    text = "".join(sign if sign.isascii() else f"\\[u{ord(sign):04X}]" for sign in text)
    return rf"\&{text}" if text.startswith((".", "'")) else text


def _list(rows: Iterator[tuple[str, click.Command]] | list[tuple[str, click.Command]]) -> str:
    return "\n".join(
        f"- [sdbr {name}]({_file(name)}): {_safe(command.get_short_help_str(200))}"
        for name, command in rows
    )


def _file(name: str) -> str:
    return f"{name.replace(' ', '-')}.md"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _safe(text: str) -> str:
    return text.replace("<", "&lt;").replace("*", "\\*")


def written() -> dict[Path, str]:
    """Every generated file with its text."""
    pages = {DOCS / "cli" / _file(name): page(name, it, ctx) for name, it, ctx in commands()}
    return {DOCS / "cli" / "README.md": index(), DOCS / "sdbr.1": manual(), **pages}


def main() -> None:
    """Write the files, and remove the pages of commands that are gone."""
    files = written()
    (DOCS / "cli").mkdir(exist_ok=True)
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    for path in (DOCS / "cli").glob("*.md"):
        if path not in files:
            path.unlink()


if __name__ == "__main__":
    main()
