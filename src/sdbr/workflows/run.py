"""The one course of a drawing command: plan, price, consent, draw, write, print.

Pictures, clips and animations are three kinds of `Work`; whatever they have in common is here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from sdbr.config.settings import Output
from sdbr.console import Console, ask, counted, open_files
from sdbr.errors import (
    InputProblem,
    Interrupted,
    OutputProblem,
    OverBudget,
    PartlyDone,
    SdbrError,
    ServiceProblem,
    UnwritableFile,
)
from sdbr.files import check_writable
from sdbr.generation.budget import Budget
from sdbr.generation.estimate import Estimate, consent, in_usd, tell_cap, with_other_seeds
from sdbr.generation.stack import Resources, RunSession, check_access, open_session
from sdbr.workflows.lines import PlanLine, Recipient, ResultLine
from sdbr.workflows.progress import with_details


@dataclass(frozen=True, slots=True)
class Setup:
    """What a command draws with: resources, where results go, whom to talk to, who gets them."""

    resources: Resources
    output: Output
    console: Console
    recipient: Recipient
    dry_run: bool = False


Results = Generator[ResultLine, None, None]


class Work(Protocol):
    """One thing to be drawn: a row of pictures, a clip, an animation."""

    @property
    def name(self) -> str:
        """Its source, for messages about it; "" where there are many."""

    @property
    def summary(self) -> str:
        """What stands before the dollars at the end, such as "2 of 3 done"."""

    def plan(self) -> Iterator[PlanLine]:
        """What --dry-run prints."""

    def draw(self, session: RunSession) -> Results:
        """Draw, write and yield each result."""


@dataclass(frozen=True, slots=True)
class RunPlan:
    """Everything that is known of a run before its first request.

    `failed` is why some of the `sources` are not among `works`; `sources` counts both unless told.
    `things` names what is made, in the plural; `notes` are said before the price, and `prefix`
    stands in front of it. `agreed` is called once there is consent: what it writes must not be
    there without. `whole` says that a result needs all pictures of its work. `folders` are those
    that results are written to.
    """

    command: str
    things: str
    works: Sequence[Work]
    estimate: Estimate
    failed: Sequence[SdbrError] = ()
    notes: Sequence[str] = ()
    prefix: str = ""
    sources: int = 0
    agreed: Callable[[], None] = lambda: None
    whole: bool = False
    folders: Sequence[Path] = ()


Source = TypeVar("Source")
Prepared = TypeVar("Prepared")


def prepare_each(
    sources: Iterable[Source], prepare: Callable[[Source, Sequence[Prepared]], Prepared]
) -> tuple[list[Prepared], list[SdbrError]]:
    """Each source prepared, `prepare` knowing those before it, and why others are not.

    Raises the first InputProblem where none could be.
    """
    prepared: list[Prepared] = []
    failed: list[SdbrError] = []
    for source in sources:
        try:
            prepared.append(prepare(source, prepared))
        except InputProblem as error:
            failed.append(error)
    if not prepared:
        raise failed[0]
    return prepared, failed


def run(plan: RunPlan, setup: Setup) -> None:
    """Tell the price, get consent, draw each work and print its results, one line each.

    A work that fails by itself does not stop the others. Raises SdbrError.
    """
    console, output, resources = setup.console, setup.output, setup.resources
    recipient = setup.recipient
    estimate = with_other_seeds(plan.estimate, resources.on_filtered.other_seeds)
    if not setup.dry_run:
        check_access(resources, [share.model for share in estimate.shares])
    for note in plan.notes:
        console.say(note)
    price = f"{plan.prefix}{estimate}"
    bound = tell_cap(estimate, resources.spending.cap, plan.whole)
    if setup.dry_run:
        lines = (line for work in plan.works for line in work.plan())
        recipient.plan(lines, estimate, price)
        if bound:
            console.say(bound)
        return
    for folder in dict.fromkeys(plan.folders):
        check_writable(folder)
    console.say(price)
    if bound:
        console.say(bound)
    spending = resources.spending
    asking = ask if recipient.asks and console.terminal else None
    cap = consent(estimate, spending, asking, offline=resources.connection.offline)
    plan.agreed()
    for text in _circumstances(resources):
        console.detail(text)
    stop, failed, paths, done = threading.Event(), list(plan.failed), [], 0
    made = unwritten = False
    budget = Budget(
        cap, stop, estimate.cost, agreed=spending.cap is None, allowance=recipient.allowance
    )
    with (
        recipient.until_interrupted(stop, console.say) as asked,
        open_session(
            resources, plan.command, budget, stop, console.say, console.passing
        ) as session,
    ):
        session.ledger.plan_run(session.run, estimate.pictures, estimate.saved, estimate.supplied)
        if output.verbose:
            session = with_details(session, console.detail)
        try:
            for work in plan.works:
                try:
                    # What is under way ends before the ledger is closed, whatever fails here.
                    with closing(work.draw(session)) as results:
                        for result in results:
                            with console.results():
                                recipient.result(result, resources.realm != "aws")
                            made = True
                            paths += [result.path] if result.path else []
                except (InputProblem, ServiceProblem, PartlyDone) as error:
                    if isinstance(error, UnwritableFile):
                        error.args = (f"{error}{_retrieval(error, budget, resources.fresh)}",)
                    if asked.is_set():
                        # The exit code tells of the Ctrl-C, whatever else failed before.
                        raise Interrupted(f"Interrupted. {error}") from error
                    if stop.is_set():
                        raise
                    if work.name not in str(error):
                        error.args = (f"{work.name}: {error}",)
                    failed.append(error)
                else:
                    done += 1
        except OverBudget as error:
            if len(plan.works) > 1:
                error.args = (f"{done} of {len(plan.works)} {plan.things} done. {error}",)
            raise
        except OutputProblem as error:
            unwritten = True
            error.args = (f"{error} Then {_rerun(budget.pictures, resources.fresh)}",)
            raise
        except BrokenPipeError:
            unwritten = True
            rerun = _rerun(budget.pictures, resources.fresh)
            console.say(f"stdout was closed, so the run stopped. For the rest, {rerun}")
            raise
        finally:
            # Where stdout took no more, fewer results are written than pictures are cached.
            summaries = [work.summary for work in plan.works if work.summary and not unwritten]
            console.say(", ".join([*summaries, spending_of(budget, estimate)]))
    if output.open and (problem := open_files(paths)):
        console.say(problem)
    _conclude(plan, failed, made)


def _rerun(pictures: int, fresh: bool) -> str:
    """What to do once stdout takes more, and that nothing is charged twice."""
    again = f"run the same command again{' without --fresh' if fresh else ''}"
    return f"{again}: {_cached(pictures)}." if pictures else f"{again}."


def _retrieval(error: UnwritableFile, budget: Budget, fresh: bool) -> str:
    """What a file that cannot be written does not lose."""
    if not budget.pictures:
        return ""
    if "run the same command again" in str(error):
        return f" {_cached(budget.pictures).capitalize()}."
    return f" Then {_rerun(budget.pictures, fresh)}"


def _cached(pictures: int) -> str:
    be = "is" if pictures == 1 else "are"
    return f"{counted(pictures, 'picture')} {be} cached and not charged again"


def _circumstances(resources: Resources) -> Iterator[str]:
    """Where a run keeps things and whom it asks, for --verbose."""
    connection, effort = resources.connection, resources.effort
    yield f"Workspace: {resources.workspace.root.resolve()}"
    place = connection.endpoint_url or f"AWS in {connection.region or 'the region of the model'}"
    yield f"Bedrock: {'the built-in emulator' if connection.offline else place}"
    yield (
        f"Workers: {effort.workers}, attempts: {effort.attempts}, timeout: {connection.timeout:g} s"
    )


def spending_of(budget: Budget, estimate: Estimate) -> str:
    """What a run cost, in words."""
    maybe = budget.possibly_billed
    perhaps = f", {in_usd(maybe)} USD possibly billed" if maybe else ""
    note = "" if estimate.billed else " (emulated)"
    return f"{in_usd(budget.billed)} USD spent{perhaps}{note}"


def _conclude(plan: RunPlan, failed: Sequence[SdbrError], made: bool) -> None:
    total = plan.sources or len(plan.works) + len(plan.failed)
    if not failed:
        return
    if total == 1 or not made:
        raise failed[0]
    missing = sum(not isinstance(error, PartlyDone) for error in failed)
    were = "was" if missing == 1 else "were"
    head = [f"{missing} of {total} {plan.things} {were} not made."] if missing else []
    raise PartlyDone(" ".join([*head, *dict.fromkeys(map(str, failed))]))
