"""What is said on stderr while a run is under way, and how a run is interrupted."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from sdbr.errors import InputProblem, Interrupted

if TYPE_CHECKING:
    from tqdm import tqdm

_AT_ONCE = (signal.SIGINT, signal.SIGTERM)
_BY_DEFAULT = (signal.SIG_DFL, signal.default_int_handler)
# Those that end a process, can be caught, and come from outside; Windows has three of them.
_ENDING = [
    getattr(signal, name)
    for name in (
        *("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP", "SIGQUIT", "SIGXCPU", "SIGALRM", "SIGVTALRM"),
        *("SIGPROF", "SIGUSR1", "SIGUSR2", "SIGIO", "SIGPWR", "SIGSTKFLT"),
    )
    if hasattr(signal, name)
]
# Controls but tab and line feed, and what turns the direction of writing.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_SELDOM = 1.0  # Seconds between passing lines: slow enough to be read.
_LEFT = (
    b"Left at once: what was under way may be billed all the same, see sdbr ledger. "
    b"Run the same command again to go on.\n"
)


def shown(text: str) -> str:
    """`text` without what a terminal would obey: escape sequences of servers, records and names."""
    return _UNSEEN.sub("\ufffd", text)


def counted(count: int, thing: str) -> str:
    """A number with what it counts: 1 picture, 2 pictures."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


class Console:
    """Says lines on stderr, above the progress bar where there is one.

    `quiet` says nothing, `verbose` says details too. A bar is drawn only on a terminal.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self._quiet = quiet
        self._verbose = verbose
        self._bar: tqdm[Any] | None = None
        # A signal's handler may speak in the middle of another line.
        self._lock = threading.RLock()
        self._last_passing = 0.0

    @property
    def terminal(self) -> bool:
        """Whether somebody can be asked: stdin and stderr are a terminal."""
        # Both are None in a process that was started with them closed.
        return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))

    def say(self, line: str) -> None:
        """One line that matters."""
        if not self._quiet:
            with self._lock:
                self._print(line)

    def detail(self, line: str) -> None:
        """One line for those who asked for more."""
        if self._verbose:
            self.say(line)

    def passing(self, line: str) -> None:
        """One of many like it: said at most once a second, unless details are wanted."""
        with self._lock:
            now = time.monotonic()
            if self._quiet or (now - self._last_passing < _SELDOM and not self._verbose):
                return
            self._last_passing = now
            self._print(line)

    @contextmanager
    def progress(self, total: int, unit: str) -> Iterator[None]:
        """Show a bar of `total` steps while the block runs."""
        if self._quiet or total < 2 or sys.stderr is None or not sys.stderr.isatty():
            yield
            return
        from tqdm import tqdm

        with tqdm(total=total, unit=unit, file=sys.stderr, dynamic_ncols=True) as self._bar:
            try:
                yield
            finally:
                with self._lock:
                    self._bar = None

    def step(self, note: str) -> None:
        """Move the bar one step on, with a note such as the dollars spent."""
        with self._lock:
            if self._bar is not None:
                with suppress(OSError):
                    self._bar.set_postfix_str(note, refresh=False)
                    self._bar.update()

    def _print(self, line: str) -> None:
        line = shown(line)
        # The terminal may be gone, and a line less is no reason to stop.
        with suppress(OSError, ValueError):
            if self._bar is not None:
                self._bar.write(line, file=sys.stderr)
            elif sys.stderr is not None:  # print would take None for stdout, which is for results.
                print(line, file=sys.stderr, flush=True)


@contextmanager
def until_interrupted(
    stop: threading.Event, tell: Callable[[str], None]
) -> Iterator[threading.Event]:
    """Set `stop` at the first signal that would end the process; leave it at a second Ctrl-C.

    Yields an event that is set when the user asked; `stop` may be set for other reasons.
    Requests that are under way may be paid for, so they are waited for after the first signal. A
    signal that is ignored, as SIGHUP is under nohup, stays so.
    """

    asked = threading.Event()

    def interrupted(number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            # A closed terminal sends SIGHUP once by the kernel and once by the shell.
            if number not in _AT_ONCE:
                return
            # Not by way of sys.stderr, which the interrupted line may hold.
            with suppress(OSError):
                os.write(2, _LEFT)
            os._exit(Interrupted.exit_code)
        asked.set()
        stop.set()
        tell("Stopping: waiting for the pictures under way (Ctrl-C again leaves at once).")

    if threading.current_thread() is not threading.main_thread():
        yield threading.Event()
        return
    ends = [it for it in _ENDING if signal.getsignal(it) in _BY_DEFAULT]
    earlier = {it: signal.signal(it, interrupted) for it in ends}
    try:
        yield asked
    finally:
        for name, handler in earlier.items():
            signal.signal(name, handler)


def ask(question: str) -> bool:
    """Whether somebody at the terminal says yes."""
    import click

    return click.confirm(question, err=True)


def open_file(path: Path) -> bool:
    """Show a file with the program that the desktop has for it; False where there is none."""
    import click

    return click.launch(str(path)) == 0


def print_line(text: str) -> None:
    """One line on stdout at once; a name may hold what the terminal's encoding does not know."""
    if sys.stdout is not None and sys.stdout.isatty():
        text = shown(text)  # A pipe gets the name as it is.
    print_bytes(text.encode("utf-8", "surrogateescape") + b"\n")


def print_bytes(data: bytes) -> None:
    """Bytes on stdout at once. Raises InputProblem where it is closed or full."""
    if sys.stdout is None:
        raise InputProblem("stdout is closed, so results cannot be told. Open it, or give -o.")
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise InputProblem(
            f"stdout cannot be written: {(error.strerror or str(error)).lower()}. Results are in "
            "the workspace; run the same command again to see their paths."
        ) from error
