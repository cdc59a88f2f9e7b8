"""Runs a command line in a terminal of a given size, and tells what a user sees there."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyte

_TIMEOUT = 240.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What a terminal showed: all lines at the end, those scrolled away among them; the
    `screens` on the way; and the exit code."""

    lines: list[str]
    screens: list[list[str]]
    code: int


def run_in_terminal(
    arguments: Sequence[str],
    folder: Path,
    columns: int = 80,
    rows: int = 24,
    environment: Mapping[str, str] | None = None,
) -> Seen:
    """Run `sdbr` with stdin, stdout and stderr in one terminal until it ends."""
    child, terminal = pty.fork()
    if child == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.chdir(folder)
        kept = {name: it for name, it in os.environ.items() if name not in ("COLUMNS", "LINES")}
        os.execve(
            sys.executable,
            [sys.executable, "-m", "sdbr", *arguments],
            {**kept, "TERM": "xterm-256color", **(environment or {})},
        )
    screen = pyte.HistoryScreen(columns, rows, history=10_000)
    stream = pyte.ByteStream(screen)
    screens: list[list[str]] = []
    end = time.monotonic() + _TIMEOUT
    while time.monotonic() < end and select.select([terminal], [], [], _TIMEOUT)[0]:
        try:
            data = os.read(terminal, 65_536)
        except OSError:  # Linux tells so that the other side is closed.
            break
        if not data:
            break
        stream.feed(data)
        screens.append([line.rstrip() for line in screen.display])
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    above = [
        "".join(line[at].data for at in range(columns)).rstrip() for line in screen.history.top
    ]
    lines = [*above, *(line.rstrip() for line in screen.display)]
    while lines and not lines[-1]:
        lines.pop()
    return Seen(lines, screens, os.waitstatus_to_exitcode(status))
