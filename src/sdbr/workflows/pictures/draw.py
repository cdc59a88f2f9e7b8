"""Draw single pictures: plan, price, consent, requests, files, in that order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from sdbr.bedrock import body
from sdbr.bedrock.families import seed_within
from sdbr.concurrency import map_ordered
from sdbr.console import Console, until_interrupted
from sdbr.errors import Interrupted, SdbrError
from sdbr.files import write_whole
from sdbr.generation.estimate import Estimate, consent, default_strengths, estimate, in_usd
from sdbr.generation.stack import Resources, Session, drawing, spent
from sdbr.request import Model
from sdbr.store.open_runs import OpenRun, drawn_seeds, open_run
from sdbr.workflows.failures import Failures, ends_the_run
from sdbr.workflows.pictures import finish
from sdbr.workflows.pictures.job import Drawn, Failed, Job
from sdbr.workspace import place

_WINDOW = 4  # Held results a worker: keeps 97 % of the workers busy under uneven latency.


@dataclass(frozen=True, slots=True)
class PicturePlan:
    """Jobs that were checked and priced; `keys` are their requests' names, in the same order."""

    command: str
    jobs: tuple[Job, ...]
    keys: tuple[str, ...]
    told: Estimate


@dataclass(frozen=True, slots=True)
class Saved:
    """One finished picture and where it lies; `path` is None where it was not written."""

    drawn: Drawn
    path: Path | None


@dataclass(frozen=True, slots=True)
class DrawOptions:
    """How to talk, whether to write files, and what ends the run early."""

    console: Console
    write: bool = True
    stop: threading.Event = field(default_factory=threading.Event)


def note_of(resources: Resources, command: str, jobs: Sequence[Job]) -> OpenRun:
    """The note of this run, with a seed drawn at random for each slot.

    A run that was stopped finds the note, and so its seeds, again by the same command; one that
    ended well does not.
    """
    wanted = [f"{body.key(job.request, resources.realm)} {job.slot}" for job in jobs]
    return open_run(resources.workspace.hidden / "runs", command, wanted, _slots(jobs))


def seeded(jobs: Sequence[Job], drawn: Sequence[int] | None = None) -> list[Job]:
    """The jobs with a seed each: their own, or the one `drawn` (or drawn now) for their slot."""
    seeds = drawn or drawn_seeds(_slots(jobs))
    return [job if job.slot is None else with_seed(job, seeds[job.slot]) for job in jobs]


def _slots(jobs: Sequence[Job]) -> int:
    return max((job.slot for job in jobs if job.slot is not None), default=-1) + 1


def with_seed(job: Job, seed: int) -> Job:
    """The job with its seed; beyond the largest one seeds begin again at 1."""
    within = seed_within(job.request.model, seed)
    return replace(job, request=replace(job.request, seed=within))


def make_plan(resources: Resources, command: str, jobs: Iterable[Job]) -> PicturePlan:
    """Check every request and price what is not in the cache. Raises UsageProblem."""
    planned = tuple(jobs)
    for job in planned:
        body.check(job.request, resources.models)
    keys = tuple(body.key(job.request, resources.realm) for job in planned)

    requests = zip(keys, (job.request for job in planned), strict=True)
    told = estimate(requests, resources.paid_for, billed=resources.realm == "aws")
    return PicturePlan(command, planned, keys, replace(told, remarks=_defaults(planned)))


def _defaults(jobs: Sequence[Job]) -> tuple[str, ...]:
    """What was chosen for the user and shapes the result: the strength."""
    silent = (job.request.strength for job in jobs if "strength" not in dict(job.told))
    ended = dict.fromkeys(job.request.model for job in jobs)
    return (*default_strengths(silent), *ended_remarks(ended))


def ended_remarks(models: Iterable[Model]) -> tuple[str, ...]:
    """That Bedrock answers no more for a model, told with the price."""
    today = date.today()
    gone = [model for model in models if model.lifecycle.ended(today)]
    return tuple(f"{model.title} ended on {model.lifecycle.end}" for model in gone)


def agree(
    resources: Resources, told: Estimate, console: Console, ask: Callable[[str], bool]
) -> None:
    """Tell the price and get consent. Raises OverBudget where there is none."""
    console.say(str(told))
    consent(told, resources.spending, ask if console.terminal else None)


def draw(resources: Resources, plan: PicturePlan, manner: DrawOptions) -> Iterator[Saved]:
    """Draw all jobs and yield each as it is written, in order.

    After a failure the others are kept. Raises, at the end: the failure that stopped the run, or
    PartlyDone where some pictures failed by themselves.
    """
    failures = Failures(total=len(plan.jobs))
    with (
        until_interrupted(manner.stop, manner.console.say) as asked,
        drawing(resources, plan.command, manner.stop, manner.console.passing) as run,
        manner.console.progress(len(plan.jobs), "picture"),
    ):
        run.ledger.plan_run(run.run, len(plan.jobs), plan.told.saved)
        for outcome in _outcomes(resources, plan, run, failures):
            manner.console.step(f"{in_usd(spent(run.budget))} USD")
            if isinstance(outcome, Failed):
                failures.add(
                    outcome.error, fatal=ends_the_run(outcome.error, resources.on_filtered)
                )
                continue
            failures.done += 1
            yield Saved(outcome, _write(outcome, manner))
        if asked.is_set():
            failures.fatal = Interrupted("Interrupted. Run the same command again to go on.")
        done = f"{failures.done} of {failures.total} done"
        manner.console.say(f"{done}, {spending(run, plan.told)}")
    failures.raise_at_end()


def _outcomes(
    resources: Resources, plan: PicturePlan, run: Session, failures: Failures
) -> Iterator[Drawn | Failed]:
    def work(job: Job) -> Drawn | Failed:
        try:
            picture = run.generate(job.request)
            data = finish.file_bytes(job, picture, plan.command, resources.realm)
            # The model's own bytes are in the cache; while the file waits to be written it is held
            # once, not twice.
            return Drawn(job, replace(picture, data=b""), data)
        except SdbrError as error:
            if ends_the_run(error, resources.on_filtered) or failures.hopeless(
                resources.effort.workers
            ):
                run.stop.set()
            return Failed(job, error)
        except BaseException:
            run.stop.set()
            raise

    workers = min(resources.effort.workers, len(plan.jobs))
    window = _WINDOW * workers
    return map_ordered(work, plan.jobs, workers=workers, window=window, stop=run.stop)


def _write(drawn: Drawn, manner: DrawOptions) -> Path | None:
    if not manner.write:
        return None
    job = drawn.job
    if job.target is not None:
        write_whole(job.target, drawn.data)
        return job.target
    stem = job.stem if job.seedless else f"{job.stem}-{drawn.picture.seed}"
    return place(drawn.data, job.folder, stem, finish.suffix(job.finish))


def spending(run: Session, told: Estimate) -> str:
    """What a run cost, in words."""
    perhaps = f", {in_usd(run.budget.perhaps)} USD perhaps" if run.budget.perhaps else ""
    note = "" if told.billed else " (emulated)"
    return f"{in_usd(run.budget.spent)} USD spent{perhaps}{note}"
