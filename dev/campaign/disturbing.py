"""Runs a job under a fault of the service, and again until it is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from dev.campaign.audit import audit
from dev.campaign.bedrock import Bedrock, emulating
from dev.campaign.books import Tree, results_of
from dev.campaign.cell import Cell, Watch
from dev.campaign.grid import Fault
from dev.campaign.jobs import Job, write_inputs
from dev.campaign.running import run

_TRIES = 4
_LASTING = (4, 6)
"""Exit codes after which the same would happen again: no access, refused."""

References = Mapping[str, Tree]
"""What an undisturbed run of each job leaves, by the job's name."""


def references(jobs: Sequence[Job], well: Bedrock) -> dict[str, Tree]:
    """Run each job undisturbed."""
    found = {}
    for job in jobs:
        with workspace() as folder:
            ran = run(job.arguments, folder, well)
            if ran.code != 0:
                raise RuntimeError(f"{job.name} does not even run undisturbed: {ran.err}")
            found[job.name] = results_of(folder)
    return found


def disturb(
    faults: Sequence[Fault], jobs: Sequence[Job], well: Bedrock, undisturbed: References
) -> Iterator[Cell]:
    """Each job under each fault, in a workspace of its own."""
    for fault in faults:
        with emulating(*fault.emulator) as ill:
            for job in jobs:
                with workspace() as folder:
                    yield _cell(fault, job, folder, (ill, well), undisturbed[job.name])


def _cell(
    fault: Fault, job: Job, folder: Path, services: tuple[Bedrock, Bedrock], reference: Tree
) -> Cell:
    ill, well = services
    for service in services:
        service.forget()
    watch = Watch(folder, reference if fault.same else {})
    arguments = (*job.arguments, *fault.sdbr, "-v")
    watch.see(run(arguments, folder, ill))
    while watch.runs[-1].code != 0 and len(watch.runs) < _TRIES:
        mended = len(watch.runs) > 1 or watch.runs[-1].code in _LASTING
        arguments = (*arguments, *fault.cure)
        watch.see(run(arguments, folder, well if mended else ill))
    watch.reference = reference if fault.same else results_of(folder)
    before = ill.count() + well.count()
    run(arguments, folder, ill)
    again = ill.count() + well.count() - before
    expected = watch.runs[0].code in fault.exits and watch.runs[-1].code == 0
    counted = audit(folder, ill.asked() + well.asked(), fault.other_seeds)
    return watch.cell(fault.name, job.name, counted, again, expected)


@contextmanager
def workspace() -> Iterator[Path]:
    """A folder with the inputs in it, for as long as the block lasts."""
    with TemporaryDirectory(prefix="sdbr-campaign-") as name:
        write_inputs(Path(name))
        yield Path(name)
