"""Run a command on values: its checks, defaults and variables, without a command line.

Both doors lead to one course. What a shell gets printed, a program gets in a list.
"""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import import_module

import click

from sdbr.cli import cli
from sdbr.concurrency import until_interrupted
from sdbr.errors import Interrupted, SdbrError, UsageProblem
from sdbr.generation.budget import Budget
from sdbr.generation.estimate import Estimate
from sdbr.workflows.lines import PlanLine, ResultLine

_FLAG = re.compile(r"(?<![\w-])--([a-z][a-z-]*[a-z])(?: (\d+(?:\.\d+)?)(?![\w%]))?")
NOT_OFFERED = frozenset({"help", "json", "open", "sheet", "dry_run", "prompts", "each"})
"""Flags that say what a shell prints and shows, or what Python's own words say."""


@dataclass(slots=True)
class Collector:
    """Keeps what a run hands over; nobody is asked for consent."""

    allowance: Budget | None = None
    estimate: Estimate | None = None
    made: list[tuple[ResultLine, bool]] = field(default_factory=list)
    asks: bool = False

    def plan(self, _lines: Iterable[PlanLine], estimate: Estimate, _price: str) -> None:
        """Keep the price."""
        self.estimate = estimate

    def result(self, line: ResultLine, emulated: bool) -> None:
        """Keep a result."""
        self.made.append((line, emulated))

    def until_interrupted(
        self, stop: threading.Event, tell: Callable[[str], None]
    ) -> AbstractContextManager[threading.Event]:
        """Set `stop` at Ctrl-C, unless the program looks after it itself; raise at a second one."""

        def again(_number: int) -> None:
            raise KeyboardInterrupt

        own = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        return until_interrupted(stop, tell, [signal.SIGINT] if own else [], again)


def call(
    name: str,
    arguments: Sequence[str],
    options: Mapping[str, object],
    collector: Collector,
    switches: Sequence[str] = (),
) -> None:
    """Run the command `name`, such as "txt2img" or "edit erase".

    `options` are its flags by name, None for those left out, and `switches` flags that a program
    says in other words.
    Raises TypeError for a flag that it does not have, SdbrError for all else that goes wrong, and
    KeyboardInterrupt after Ctrl-C.
    """
    module = import_module(f"sdbr.commands.{name.replace(' ', '.')}")
    command: click.Command = module.command
    flags = flags_of(command)
    words = list(switches)
    denied = []
    for keyword, value in options.items():
        option = _first_name(keyword, flags)
        if option not in flags:
            callee = name if " " in name else f"{name}()"
            raise TypeError(unknown_keyword(callee, option, flags))
        flag = "--" + option.replace("_", "-")
        if value is False:
            denied.append(str(flags[option].name))
        elif flags[option].multiple and isinstance(value, Sequence):
            words += [word for each in value for word in (flag, *map(str, each))]
        elif flags[option].nargs > 1 and isinstance(value, Sequence):
            words += [flag, *map(_text, value)]
        elif value is not None:
            words.append(flag if value is True else f"{flag}={_text(value)}")
    try:
        above = click.Context(cli, info_name="sdbr", **cli.context_settings)
        line = [*words, "--", *arguments]
        context = command.make_context(name, line, parent=above, obj=collector)
        # A variable such as SDBR_YES does not stand against a program's own word.
        context.params |= dict.fromkeys(denied, False)
        with context:
            command.invoke(context)
    except click.BadParameter as error:
        argument = next((word for word, flag in flags.items() if flag is error.param), "")
        missing = isinstance(error, click.MissingParameter)
        told = f"{argument} is required." if missing else f"{argument}: {error.message}"
        text = told if argument else error.format_message()
        raise UsageProblem(_in_python(text, flags)) from error
    except click.ClickException as error:
        raise UsageProblem(_in_python(error.format_message(), flags)) from error
    except Interrupted as error:
        raise KeyboardInterrupt(str(error)) from error
    except SdbrError as error:
        error.args = (_in_python(str(error), flags),)
        raise


def _first_name(keyword: str, flags: Mapping[str, click.Option]) -> str:
    """The keyword, or the one that it is another name of, as `allow_ended` of `allow_retired`."""
    flag = "--" + keyword.replace("_", "-")
    return next((name for name, option in flags.items() if flag in option.opts), keyword)


def unknown_keyword(callee: str, keyword: str, known: Iterable[str]) -> str:
    """What Python says of a keyword that a function does not have, and the one that was meant."""
    close = get_close_matches(keyword, known, n=1)
    hint = f". Did you mean {close[0]!r}?" if close else ""
    return f"{callee} got an unexpected keyword argument {keyword!r}{hint}"


def flags_of(command: click.Command) -> dict[str, click.Option]:
    """The flags that a program may give, each by its first name, as Python spells it."""
    return {
        spelled: option
        for option in command.params
        if isinstance(option, click.Option)
        for long in [name for name in option.opts if name.startswith("--")][:1]
        if (spelled := long.removeprefix("--").replace("-", "_")).isidentifier()
        if spelled not in NOT_OFFERED
    }


def _text(value: object) -> str:
    """A value as one types it."""
    if isinstance(value, os.PathLike):
        return str(os.fspath(value))
    if isinstance(value, Mapping):
        return json.dumps(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(map(str, value))
    return str(value)


def _in_python(message: str, flags: Mapping[str, click.Option]) -> str:
    """A message with arguments in place of flags: `max_cost=2` for `--max-cost 2`."""

    def spelled(flag: re.Match[str]) -> str:
        name = flag[1].replace("-", "_")
        if flag[2]:
            return f"{name}={flag[2]}"
        return f"{name}=True" if name in flags and flags[name].is_flag else name

    return _FLAG.sub(spelled, message)
