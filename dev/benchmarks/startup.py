"""Processor time of starting up, beside that of the one library that is needed for it.

python dev/benchmarks/startup.py
"""

from __future__ import annotations

import sys

from runs import Took, alternately, machine, run, table

ROUNDS = 31
SDBR = "from sdbr.cli import main; main()"
STARTS = {
    "python -c 'import click'": ("import click",),
    "sdbr --help": (SDBR, "--help"),
    "sdbr --version": (SDBR, "--version"),
    "sdbr txt2img --help": (SDBR, "txt2img", "--help"),
}


def started(arguments: tuple[str, ...]) -> Took:
    return run((sys.executable, "-c", *arguments))


if __name__ == "__main__":
    print(machine(), f"medians of {ROUNDS} runs in turns\n", sep="; ")
    works = [lambda told=told: started(told) for told in STARTS.values()]
    taken = alternately(ROUNDS, *works)
    rows = [
        (f"`{name}`", f"{took.cpu * 1000:.0f}", f"{took.cpu / taken[0].cpu:.2f}")
        for name, took in zip(STARTS, taken, strict=True)
    ]
    table(("", "CPU ms", "ratio"), rows)
