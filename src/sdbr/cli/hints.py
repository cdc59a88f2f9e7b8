"""What somebody meant who named a command, an option or a value that is none."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

import click

_MOST_NAMED = 3
_ALIKE = 0.7
"""The least likeness of a name to be worth a guess: `--sed` is 0.8 like `--seed`."""


def command_hint(words: list[str], names: list[str], top: bool) -> str:
    """What to type in place of `words`, the first of which is none of the commands `names`, all
    of them if `top`; "" for no idea."""
    first = words[0]
    alike = get_close_matches(first.lower(), names, n=2)
    if alike:
        return f"Did you mean {' or '.join(alike)}?"
    if not top:
        return ""
    if os.path.isfile(first):
        rest = "".join(f' "{word}"' for word in words[1:2] if not word.startswith("-"))
        moves = os.path.splitext(first)[1].lower() in (".mp4", ".mov", ".mkv", ".webm", ".gif")
        command = "vid2vid" if moves else "img2img"
        return f"Try `sdbr {command} {first}{rest}`."
    if " " in first.strip():
        return f'Try `sdbr txt2img "{first}"`.'
    return ""


def usage_message(error: click.UsageError, around: Sequence[click.Parameter] = ()) -> str:
    """What is wrong with the words of a command line, and what to type in their place.

    Of a line in a list of prompts, `around` are the options of the command that reads it.
    """
    if isinstance(error, click.NoSuchOption):
        return f"No such option: {error.option_name}. {option_hint(error, around)}".rstrip()
    message = error.format_message()
    option = error.param if isinstance(error, click.BadParameter) else None
    if isinstance(option, click.Option) and not isinstance(error, click.MissingParameter):
        name = next((name for name in option.opts if name.startswith("--")), option.opts[0])
        # click's list of recognized values begins with the empty one.
        reason, listed, _ = error.message.partition(" Recognized values: ")
        message = f"Invalid {name}: {reason}" + " Use 1 or 0." * bool(listed)
    if option is None or not isinstance(option.type, click.Choice):
        return message
    value = re.match(r"'(.*)' is not one of ", error.message)
    choices = [str(choice) for choice in option.type.choices]
    guess = _guess(value[1], choices) if value else ""
    if isinstance(option, click.Option):
        return f"{message} {guess}".rstrip()
    wrong = f"Unknown {option.name} {value[1]!r}." if value else f"Missing {option.name}."
    return " ".join(filter(None, (wrong, guess, f"Choose from {names_in_words(choices)}.")))


def option_hint(error: click.NoSuchOption, around: Sequence[click.Parameter] = ()) -> str:
    """What to type in place of an option that the command has not; "" for no idea."""
    wanted, ctx = error.option_name, error.ctx
    if any(wanted in option.opts for option in around):
        return "It applies to the whole run: put it on the command line."
    if ctx is None or not wanted.startswith("--"):
        return _guess(wanted, error.possibilities or [])
    own = [name for option in ctx.command.params for name in option.opts if name[:2] == "--"]
    turned = [name for name in own if sorted(name) == sorted(wanted) or name.startswith(wanted)]
    if turned:
        return f"Did you mean {' or '.join(turned[:2])}?"
    group = ctx.find_root().command
    assert isinstance(group, click.Group)
    if ctx.command is group:
        return "Put options after the command."
    if wanted[2:] in group.list_commands(ctx):
        return f"{wanted[2:]} is a command. Run `sdbr {wanted[2:]}`."
    others = _commands_with(wanted, group, ctx)
    if len(others) > _MOST_NAMED:
        others = [*others[:_MOST_NAMED], "others"]
    return f"It belongs to {names_in_words(others)}." if others else _guess(wanted, own)


def names_in_words(names: list[str]) -> str:
    """`one, two and three`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _guess(wanted: str, names: Iterable[str]) -> str:
    alike = get_close_matches(wanted, names, n=2, cutoff=_ALIKE)
    return f"Did you mean {' or '.join(alike)}?" if alike else ""


def _commands_with(option: str, group: click.Group, ctx: click.Context) -> list[str]:
    found = []
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        if command is not None and any(option in one.opts for one in command.params):
            found.append(name)
    return found
