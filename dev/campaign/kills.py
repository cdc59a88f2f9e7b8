"""Stops a run at random instants by a signal, each time runs the same command again."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence

from dev.campaign.audit import audit
from dev.campaign.bedrock import Bedrock, emulating
from dev.campaign.cell import Cell, Watch
from dev.campaign.disturbing import References, workspace
from dev.campaign.jobs import Job
from dev.campaign.running import finish, run, sends_of, start

SLOW = ("--latency", "200ms-600ms")
_NAMES = {
    signal.SIGKILL: "killed at random times",
    signal.SIGINT: "Ctrl-C at random times",
    signal.SIGHUP: "terminal closed at random times",
}
# Before sdbr's first line a signal ends Python as it ends any program.
_STOPPED = (-signal.SIGKILL, -signal.SIGINT, -signal.SIGHUP, 130)
_KILLS = 3


def stop(
    jobs: Sequence[Job], undisturbed: References, seed: int, how: signal.Signals, lives: int = 3
) -> Iterator[Cell]:
    """Each job in `lives` workspaces, stopped three times in each unless it ends before.

    `how` is SIGKILL, SIGINT or SIGHUP; `seed` decides the instants.
    """
    chance = random.Random(seed)
    with emulating(*SLOW) as bedrock:
        for job in jobs:
            for _ in range(lives):
                with workspace() as folder:
                    bedrock.forget()
                    watch = Watch(folder, undisturbed[job.name])
                    _stop(job, bedrock, watch, (chance, how))
                    yield _ended(_NAMES[how], job, bedrock, watch)


def _stop(
    job: Job, bedrock: Bedrock, watch: Watch, way: tuple[random.Random, signal.Signals]
) -> None:
    chance, how = way
    for _ in range(_KILLS):
        process = start((*job.arguments, "-v"), watch.workspace, bedrock)
        _wait(process, bedrock, job, chance)
        process.send_signal(how)
        if watch.see(finish(process)).code == 0:
            return


def _wait(
    process: subprocess.Popen[str], bedrock: Bedrock, job: Job, chance: random.Random
) -> None:
    """Wait until so many answers came, and a moment more; or for a time since the start."""
    if chance.random() < 0.5:
        time.sleep(chance.uniform(0.1, 2.0))
        return
    before = bedrock.count()
    answers = chance.randrange(job.calls)
    while bedrock.count() - before < answers and process.poll() is None:
        time.sleep(0.02)
    time.sleep(chance.uniform(0, 0.3))


def _ended(trouble: str, job: Job, bedrock: Bedrock, watch: Watch) -> Cell:
    watch.see(run((*job.arguments, "-v"), watch.workspace, bedrock))
    again = sends_of(job.arguments, watch.workspace, bedrock)
    codes = [ran.code for ran in watch.runs]
    expected = codes[-1] == 0 and set(codes) <= {0, *_STOPPED}
    counted = audit(watch.workspace, bedrock.asked())
    return watch.cell(trouble, job.name, counted, again, expected)
