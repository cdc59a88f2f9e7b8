"""Runs the same command twice at once: the second finds what the first pays for."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from shutil import which

from dev.campaign.audit import audit
from dev.campaign.bedrock import emulating
from dev.campaign.cell import Cell, Watch
from dev.campaign.disturbing import References, workspace
from dev.campaign.jobs import Job
from dev.campaign.kills import SLOW
from dev.campaign.running import finish, sends_of, start

_TROUBLE = "two processes at once"
_APART = "two processes in separate containers"
# As in a container, no process has a number that another one knows it by.
_UNSHARE = ("unshare", "--pid", "--fork", "--mount-proc")


def may_unshare() -> bool:
    """Whether processes can be given numbers of their own here."""
    if which(_UNSHARE[0]) is None:
        return False
    return subprocess.run((*_UNSHARE, "true"), capture_output=True, check=False).returncode == 0


def pair(jobs: Sequence[Job], undisturbed: References, *, apart: bool = False) -> Iterator[Cell]:
    """Each job in two processes that share a workspace; `apart` in two process namespaces."""
    under = _UNSHARE if apart else ()
    with emulating(*SLOW) as bedrock:
        for job in jobs:
            with workspace() as folder:
                bedrock.forget()
                watch = Watch(folder, undisturbed[job.name])
                both = [start((*job.arguments, "-v"), folder, bedrock, under) for _ in range(2)]
                codes = [watch.see(finish(process)).code for process in both]
                again = sends_of(job.arguments, folder, bedrock)
                counted = audit(folder, bedrock.asked())
                trouble = _APART if apart else _TROUBLE
                yield watch.cell(trouble, job.name, counted, again, expected=codes == [0, 0])
