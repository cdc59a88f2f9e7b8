"""Runs `sdbr` as a process of its own, in a folder of its own, within a time."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from dev.campaign.bedrock import SOURCE, Bedrock

HANGS_AFTER = 120
HUNG = -1000  # No signal has that number.


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run left: exit code (HUNG: it had to be ended), stdout and stderr."""

    code: int
    out: str
    err: str

    @property
    def traceback(self) -> bool:
        """Whether it failed as a bug does, instead of in plain words.

        Ctrl-C before Python has come to sdbr's first line is Python's own affair.
        """
        return self.code == 1 or ("Traceback" in self.err and "/sdbr/" in self.err)

    @property
    def plain(self) -> bool:
        """Whether a failure is told in one line, at the end."""
        told = [line for line in self.err.splitlines() if line.startswith("sdbr: ")]
        return self.code == 0 or (len(told) == 1 and self.err.rstrip().endswith(told[0]))


def start(
    arguments: tuple[str, ...], folder: Path, bedrock: Bedrock, under: tuple[str, ...] = ()
) -> subprocess.Popen[str]:
    """Start a command line in `folder`; nothing of whoever runs the campaign reaches it.

    `under` is a command that starts another one.
    """
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    environment = {
        **kept,
        "HOME": str(folder),
        "SDBR_CONFIG": os.devnull,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(SOURCE),
        **bedrock.environment(),
    }
    return subprocess.Popen(
        (*under, sys.executable, "-m", "sdbr", *arguments),
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> Ran:
    """Wait for the end of a run."""
    try:
        out, err = process.communicate(timeout=HANGS_AFTER)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        return Ran(HUNG, out, err)
    return Ran(process.returncode, out, err)


def run(
    arguments: tuple[str, ...], folder: Path, bedrock: Bedrock, under: tuple[str, ...] = ()
) -> Ran:
    """Run a command line to its end."""
    return finish(start(arguments, folder, bedrock, under))


def sends_of(arguments: tuple[str, ...], folder: Path, bedrock: Bedrock) -> int:
    """Run a command line to its end, and count what it sent."""
    before = bedrock.count()
    run(arguments, folder, bedrock)
    return bedrock.count() - before
