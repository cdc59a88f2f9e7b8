"""Runs of whole processes, and what they took: the benchmarks share it."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

SDBR = (sys.executable, "-m", "sdbr")


class Took(NamedTuple):
    """Wall time and processor time in seconds, and the most memory in MB."""

    wall: float
    cpu: float
    memory: float


def run(command: Sequence[str], environment: dict[str, str] | None = None) -> Took:
    """Run a process to its end. Raises CalledProcessError when it fails."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    errors = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=errors)
    return Took(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def alternately(rounds: int, *works: Callable[[], Took]) -> list[Took]:
    """The median of each work, measured in turns so that a busy machine strikes all alike."""
    taken = [[work() for work in works] for _ in range(rounds)]
    return [median(column) for column in zip(*taken, strict=True)]


def median(taken: Iterable[Took]) -> Took:
    """The median of each measure by itself."""
    return Took(*map(statistics.median, zip(*taken, strict=True)))


@contextmanager
def emulator(*options: str) -> Iterator[dict[str, str]]:
    """The environment that leads to an emulator in a process of its own."""
    command = (*SDBR, "emulate", "--port", "0", *options)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            url = process.stdout.readline().decode().strip() if process.stdout else ""
            yield {
                "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url,
                "AWS_ACCESS_KEY_ID": "emulated",
                "AWS_SECRET_ACCESS_KEY": "emulated",
                "AWS_DEFAULT_REGION": "us-west-2",
                "SDBR_CONFIG": os.devnull,
            }
        finally:
            process.terminate()


def machine() -> str:
    """How many processors there are, and how busy they are."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{os.cpu_count()} processors, load {load}; Python {sys.version.split()[0]}"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table in Markdown."""
    print(f"| {' | '.join(head)} |")
    print(f"|{' --- |' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |", flush=True)
    print()


def folder_in(root: Path) -> Path:
    """A folder that is not there yet."""
    path = root / str(len(list(root.iterdir())))
    path.mkdir()
    return path
