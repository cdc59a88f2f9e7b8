"""The emulator as a process: runs until it is stopped."""

from __future__ import annotations

import contextlib
import errno
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

import click

from sdbr.emulator.emulator import Emulator
from sdbr.emulator.settings import EmulatorSettings


class PortInUse(Exception):
    """Somebody else listens on the port."""


def serve(settings: EmulatorSettings, log: Path | None) -> None:
    """Serve until Ctrl-C or SIGTERM: the URL on stdout, everything else on stderr.

    Raises PortInUse, and OSError when the log cannot be written.
    """
    over = threading.Event()
    with _log_to(log) as line, _stopping(over):
        emulator = Emulator(settings, log=line)
        try:
            emulator.start()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortInUse from None
            raise
        with emulator:
            _greet(emulator)
            while not over.wait(0.5):
                pass
            print(_ending(emulator.summary()), file=sys.stderr, flush=True)


def _greet(emulator: Emulator) -> None:
    print("Emulating Bedrock. To point AWS SDKs at it:", file=sys.stderr)
    for name, value in emulator.environment().items():
        print(f"export {name}={value}", file=sys.stderr)
    print("Press Ctrl-C to stop.", file=sys.stderr, flush=True)
    click.echo(emulator.url)


def _ending(summary: Mapping[str, Any]) -> str:
    calls, pictures = summary["invocations"], summary["pictures_made"]
    rest = ", ".join(f"{name} {count}" for name, count in summary["outcomes"].items())
    more = f" ({rest})" if rest else ""
    return f"Requests answered: {calls}, pictures generated: {pictures}{more}."


@contextlib.contextmanager
def _log_to(path: Path | None) -> Iterator[Callable[[str], None] | None]:
    if path is None:
        yield None
        return
    with path.open("a", encoding="utf-8") as file:
        yield lambda line: _write(file, line)


def _write(file: TextIO, line: str) -> None:
    file.write(line + "\n")
    file.flush()


@contextlib.contextmanager
def _stopping(over: threading.Event) -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        over.set()

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, stop) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
