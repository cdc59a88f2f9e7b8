"""What is said on stderr while a run is under way, and printed on stdout."""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sdbr.errors import OutputProblem

if TYPE_CHECKING:
    from tqdm import tqdm

# Controls but tab and line feed, and what turns the direction of writing.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_VIEWER_STARTS = 3.0  # Seconds after which whoever still runs is a viewer.
_SELDOM = 10.0  # Seconds between passing lines, so that they do not fill a log.
_NOTE = 5.0  # Seconds that a passing line stands in the status line.
_REFRESH = 0.4  # Seconds: what is done sooner needs no status line.
_REPORT = 30.0  # Seconds between status lines in a log.
_STEPS = 1000
_UNBOUND = 1000  # Columns of a log.


def shown(text: str) -> str:
    """`text` without what a terminal would obey: escape sequences of servers, records and names."""
    return _UNSEEN.sub("\ufffd", text)


def wrapped(text: str) -> str:
    """`text` for stderr: where that is a terminal, in lines that end between words."""
    try:
        columns = os.get_terminal_size(2).columns
    except OSError:
        return text
    from textwrap import fill

    return fill(text, columns or 80, break_long_words=False, break_on_hyphens=False)


def counted(count: int, thing: str) -> str:
    """A number with what it counts: 1 picture, 2 pictures."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class StatusLine:
    """What stands at the bottom of a terminal: `left`, a bar filled to `share` (0 to 1), `right`.

    Without a `share` there is no bar.
    """

    left: str
    share: float | None = None
    right: str = ""

    def __str__(self) -> str:
        return ", ".join(text for text in (self.left, self.right) if text)


class Console:
    """Says lines on stderr, above the status line where there is one.

    `quiet` says nothing, `verbose` says details too.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self._quiet = quiet
        self._verbose = verbose
        self._bar: tqdm[Any] | None = None
        # A signal's handler may speak in the middle of another line.
        self._lock = threading.RLock()
        self._passed = 0
        self._last_passing = -_SELDOM
        self._note = ""
        self._status_due = False

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
        """One of many like it: for some seconds in the status line, up to its semicolon; without
        one at most every ten seconds, with how many there were. Those who asked hear them all."""
        if self._quiet:
            return
        if self._verbose:
            self.say(line)
            return
        with self._lock:
            now = time.monotonic()
            self._passed += 1
            if self._status_due:
                self._note, self._last_passing = line.partition(";")[0], now
            elif now - self._last_passing >= _SELDOM:
                more = f" ({self._passed} such replies so far)" if self._passed > 1 else ""
                self._last_passing = now
                self._print(f"{line}{more}")

    @contextmanager
    def status(self, line: Callable[[int], StatusLine]) -> Iterator[None]:
        """Keep a line at the bottom of the terminal up to date while the block runs, then remove
        it; without a terminal, print it every half minute.

        `line` is asked for what to show in so many columns, from a thread of its own.
        """
        stream = sys.stderr
        if self._quiet or stream is None:
            yield
            return
        over = threading.Event()
        # A dumb terminal shows each redrawing as a line of its own.
        terminal = self._status_due = stream.isatty() and os.environ.get("TERM") != "dumb"

        def watch() -> None:
            while not over.wait(_REFRESH if terminal else _REPORT):
                with self._lock, suppress(OSError, ValueError):
                    if terminal:
                        self._redraw(line)
                    else:
                        self._print(str(line(_UNBOUND)))

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()
            with self._lock, suppress(OSError, ValueError):
                if self._bar is not None:
                    self._bar.clear()
                    self._bar.close()
                self._bar, self._note, self._status_due = None, "", False

    @contextmanager
    def results(self) -> Iterator[None]:
        """Let the block write to stdout, which may be the same terminal: above the status line."""
        with self._lock:
            with suppress(OSError, ValueError):
                if self._bar is not None:
                    self._bar.clear()
            yield
            with suppress(OSError, ValueError):
                if self._bar is not None:
                    self._bar.refresh()

    def _redraw(self, line: Callable[[int], StatusLine]) -> None:
        from tqdm import tqdm

        if self._bar is None:
            # The delay keeps it from drawing a bar of its own first.
            self._bar = tqdm(
                total=_STEPS, file=sys.stderr, leave=False, dynamic_ncols=True, delay=_REFRESH
            )
        columns = self._bar.format_dict["ncols"] or 80
        now = line(columns)
        if time.monotonic() - self._last_passing > _NOTE:
            self._note = ""
        right = now.right
        if self._note and len(now.left) + len(right) + len(self._note) + 12 <= columns:
            right = f"{right} · {self._note}"
        bar = "" if now.share is None else "{bar} "
        self._bar.bar_format = f"{_plain(now.left)} {bar}{_plain(right)}"
        self._bar.n = round((now.share or 0) * _STEPS)
        self._bar.refresh()

    def _print(self, line: str) -> None:
        line = wrapped(shown(line))
        # The terminal may be gone, and a line less is no reason to stop.
        with suppress(OSError, ValueError):
            if self._bar is not None:
                self._bar.write(line, file=sys.stderr)
            elif sys.stderr is not None:  # print would take None for stdout, which is for results.
                print(line, file=sys.stderr, flush=True)


def _plain(text: str) -> str:
    return shown(text).replace("{", "{{").replace("}", "}}")


def ask(question: str) -> bool:
    """Whether somebody at the terminal says yes."""
    import click

    return click.confirm(question, err=True)


def open_files(paths: Iterable[Path | str]) -> str:
    """Show files or URLs as the desktop does; what is to be said where it cannot, or ""."""
    if all(_open_file(path) for path in paths):
        return ""
    return "--open: no program on this machine can show the result. Open it from the path above."


def _open_file(path: Path | str) -> bool:
    """Show a file or URL with the program that the desktop has for it; False if there is none."""
    if sys.platform in ("win32", "darwin"):
        import click

        return click.launch(str(path)) == 0
    import subprocess

    # Click neither waits for xdg-open, which tells by its exit code that there is no viewer, nor
    # silences it: it names every browser that it has not found. A viewer itself may stay open.
    quiet = subprocess.DEVNULL
    try:
        opener = subprocess.Popen(["xdg-open", path], stdin=quiet, stdout=quiet, stderr=quiet)
        return opener.wait(_VIEWER_STARTS) == 0
    except subprocess.TimeoutExpired:
        return True
    except OSError:
        return False


def print_line(text: str) -> None:
    """One line on stdout at once; a name may hold what the terminal's encoding does not know."""
    if sys.stdout is not None and sys.stdout.isatty():
        text = shown(text)  # A pipe gets the name as it is.
    print_bytes(text.encode("utf-8", "surrogateescape") + b"\n")


def print_bytes(data: bytes) -> None:
    """Bytes on stdout at once.

    Raises OutputProblem where it is closed or full, BrokenPipeError where its reader is gone.
    """
    if sys.stdout is None:
        raise OutputProblem(
            "stdout is closed, so the results cannot be printed. Redirect it to a file, or use -o."
        )
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritable_output(error) from error


def unwritable_output(error: OSError) -> OutputProblem:
    """What is to be said where stdout takes nothing."""
    why = (error.strerror or str(error)).lower()
    return OutputProblem(
        f"Cannot write to stdout: {why}. Free some space, or redirect the output elsewhere."
    )
