"""Runs the same command twice at once: the second finds what the first pays for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dev.campaign.audit import audit
from dev.campaign.bedrock import emulating
from dev.campaign.cell import Cell, Watch
from dev.campaign.disturbing import References, workspace
from dev.campaign.jobs import Job
from dev.campaign.kills import SLOW
from dev.campaign.running import finish, run, start

_TROUBLE = "two processes at once"


def pair(jobs: Sequence[Job], undisturbed: References) -> Iterator[Cell]:
    """Each job in two processes that share a workspace."""
    with emulating(*SLOW) as bedrock:
        for job in jobs:
            with workspace() as folder:
                bedrock.forget()
                watch = Watch(folder, undisturbed[job.name])
                both = [start((*job.arguments, "-v"), folder, bedrock) for _ in range(2)]
                codes = [watch.see(finish(process)).code for process in both]
                before = bedrock.count()
                run(job.arguments, folder, bedrock)
                again = bedrock.count() - before
                counted = audit(folder, bedrock.asked())
                yield watch.cell(_TROUBLE, job.name, counted, again, expected=codes == [0, 0])
