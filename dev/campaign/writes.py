"""Makes writes fail one after the other, and damages what was written."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from dev.campaign.audit import audit
from dev.campaign.bedrock import Bedrock, emulating
from dev.campaign.cell import Cell, Watch
from dev.campaign.disturbing import References, workspace
from dev.campaign.jobs import Job
from dev.campaign.running import run, sends_of

_CALLS = ("fsync", "replace")
_REASONS = ("EIO", "ENOSPC")
_TIMES = (1, 2, 5, 9)
_DAMAGED = "one byte of each cached picture changed"
_INPUT, _PARTLY = 3, 8
_FAILING = str(Path(__file__).with_name("failing.py"))


def fail(jobs: Sequence[Job], undisturbed: References) -> Iterator[Cell]:
    """Each job with every write failing from the n-th on, then again without; then damaged."""
    with emulating("--latency", "50ms") as bedrock:
        for job in jobs:
            for call in _CALLS:
                for number, time in enumerate(_TIMES):
                    reason = _REASONS[number % len(_REASONS)]
                    with workspace() as folder:
                        bedrock.forget()
                        watch = Watch(folder, undisturbed[job.name])
                        under = (sys.executable, "-P", _FAILING, call, reason, str(time))
                        watch.see(run((*job.arguments, "-v"), folder, bedrock, under))
                        yield _ended(f"{reason} at each {call}", job, bedrock, watch)
            with workspace() as folder:
                bedrock.forget()
                watch = Watch(folder, undisturbed[job.name])
                watch.see(run((*job.arguments, "-v"), folder, bedrock))
                yield _damaged(job, bedrock, watch)


def _ended(trouble: str, job: Job, bedrock: Bedrock, watch: Watch) -> Cell:
    watch.see(run((*job.arguments, "-v"), watch.workspace, bedrock))
    again = sends_of(job.arguments, watch.workspace, bedrock)
    counted = audit(watch.workspace, bedrock.asked())
    first, last = watch.runs[0].code, watch.runs[-1].code
    expected = first in (0, _INPUT, _PARTLY) and last == 0
    return watch.cell(trouble, job.name, counted, again, expected)


def _damaged(job: Job, bedrock: Bedrock, watch: Watch) -> Cell:
    """What is damaged is told as missing, and drawn anew once."""
    for path in (watch.workspace / ".sdbr" / "cache").glob("??/[!.]*.*"):
        if path.suffix != ".json":
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
    made = bedrock.count()
    second = watch.see(run((*job.arguments, "-v"), watch.workspace, bedrock))
    told = "cached = 0.00" not in second.err
    again = sends_of(job.arguments, watch.workspace, bedrock)
    # The pictures of the first run are gone with the damage, so they are no longer asked for.
    counted = audit(watch.workspace, bedrock.asked()[made:])
    expected = told and [ran.code for ran in watch.runs] == [0, 0]
    return watch.cell(_DAMAGED, job.name, counted, again, expected)
