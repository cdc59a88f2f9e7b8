"""What a click in a review does: one course to a picture or to the film, with a price agreed to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from sdbr.bedrock import body
from sdbr.config.settings import Spending
from sdbr.errors import Interrupted, OverBudget, SdbrError, UsageProblem
from sdbr.generation.budget import Budget
from sdbr.generation.estimate import Estimate, estimate, in_usd
from sdbr.generation.filter_policy import STOP
from sdbr.store import ledger_queries
from sdbr.store.ledger import Ledger
from sdbr.workflows.clips.flags import ClipFlags, SteadyFlags
from sdbr.workflows.clips.prepare import PreparedClip
from sdbr.workflows.clips.pricing import estimate_clips
from sdbr.workflows.clips.work import ClipWork
from sdbr.workflows.lines import ResultLine
from sdbr.workflows.review.pictures import ReviewPictures
from sdbr.workflows.review.state import ReviewedKeyframe, ReviewState, Take, read_state, write_state
from sdbr.workflows.review.work import KeyframesWork, ReviewRecipient
from sdbr.workflows.run import RunPlan, Setup, run

_AT_ONCE = 4  # Clicks that are worked on; each has as many requests at once as --workers says.


class Review:
    """A review that is open: what was clicked, and what is being generated.

    Every method may be called from any thread; who holds `lock` sees one moment. `path` is the file
    of what was clicked.
    """

    def __init__(
        self,
        clip: PreparedClip,
        flags: tuple[ClipFlags, SteadyFlags],
        setup: Setup,
        price: Decimal,
        path: Path,
    ) -> None:
        resources = setup.resources
        self.clip, self.price = clip, price
        self.emulated = resources.realm != "aws"
        self.over = threading.Event()
        self.pictures = ReviewPictures(clip, resources, path.with_suffix(""))
        self.state = read_state(path)
        self.errors: dict[int, str] = {}
        self.film_error = ""
        self.filming, self.films = False, 0
        # What is being generated, each with the click that it belongs to: an earlier one may end
        # after the next has begun.
        self.busy: dict[int, Mapping[int, Take]] = {}
        self._path, self._flags = path, flags
        self.lock = threading.RLock()
        self._pool = ThreadPoolExecutor(_AT_ONCE)
        self.allowance = Budget(resources.spending.cap, self.over)
        self.allowance.billed = _spent_before(resources.workspace.hidden, self.state)
        recipient = ReviewRecipient(setup.recipient, self.allowance, self.over, self._finished)
        self._stops = recipient.stops
        resources = replace(resources, on_filtered=STOP, fresh=False)
        self._setup = replace(setup, resources=resources, recipient=recipient)

    def keyframe(self, number: int) -> ReviewedKeyframe:
        """A keyframe as it was left. Raises UsageProblem for a frame that is not one."""
        if number not in self.clip.plan.footage.plan.keyframes:
            raise UsageProblem(f"Frame {number + 1} is not a keyframe. Reload the page.")
        known = self.state.keyframes.get(number)
        return known or ReviewedKeyframe((self.pictures.first_take(number),))

    def estimate(self, takes: Mapping[int, Take]) -> Estimate:
        """The price of takes that are no pictures of the user's own, by frame number.

        Raises UsageProblem for what the model refuses.
        """
        resources, wanted = self._setup.resources, []
        for number, take in takes.items():
            request = self.pictures.request_of(number, take)
            body.check(request, resources.models)
            wanted.append((resources.key_of(request), request))
        priced = estimate(wanted, resources.paid_for, billed=resources.realm == "aws")
        return replace(priced, thing="keyframe")

    def generate(self, takes: Mapping[int, Take], agreed: Decimal) -> None:
        """Choose these takes and generate what is missing, for `agreed` USD at most.

        None is a picture of the user's own. The same click a second time asks for the same
        requests, which the cache answers. Raises UsageProblem, or OverBudget where it would cost
        more than was agreed to or is left.
        """
        with self.lock:
            takes = {number: take for number, take in takes.items() if number not in self.busy}
            if not takes:
                return
            chosen = {n: self.keyframe(n).choose(take) for n, take in takes.items()}
            priced = self.estimate(takes)
            self._check_price(priced.cost, agreed)
            for number, one in chosen.items():
                self.state = self.state.put(number, one)
                self.errors.pop(number, None)
            self._save()
            self.busy.update(dict.fromkeys(takes, takes))
        self._pool.submit(self._generate, takes, priced)

    def change(self, number: int, change: Callable[[ReviewedKeyframe], ReviewedKeyframe]) -> None:
        """Change a keyframe in a way that costs nothing."""
        with self.lock:
            if number in self.busy:
                raise UsageProblem(f"Frame {number + 1} is being generated. Wait for it.")
            self.state = self.state.put(number, change(self.keyframe(number)))
            self.errors.pop(number, None)
            self._save()

    def approve(self, numbers: Sequence[int], approved: bool) -> None:
        """Approve keyframes that have a picture, or take that back."""
        for number in numbers:
            one = self.keyframe(number)
            if number not in self.busy and self.pictures.is_ready(number, one.take):
                self.change(number, lambda keyframe: replace(keyframe, approved=approved))

    def make_film(self) -> None:
        """Make the clip of the approved keyframes, at no cost. Raises UsageProblem before that."""
        with self.lock:
            every = [self.keyframe(number) for number in self.clip.plan.footage.plan.keyframes]
            if not all(one.approved for one in every):
                raise UsageProblem("Some keyframes are not approved. Approve them first.")
            if self.filming:
                return
            self.filming, self.film_error = True, ""
        self._pool.submit(self._make_film)

    def finish(self) -> None:
        """End the review, unless something is being made. Raises UsageProblem."""
        with self.lock:
            if self.busy or self.filming:
                raise UsageProblem("Something is being generated. Wait for it, or press Ctrl-C.")
            self.over.set()

    def close(self) -> None:
        """End what runs, and wait for requests in flight: they may be billed."""
        self.over.set()
        for stop in list(self._stops):
            stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _check_price(self, cost: Decimal, agreed: Decimal) -> None:
        if cost > agreed:
            raise OverBudget(
                f"This costs {in_usd(cost)} USD, and the page showed {in_usd(agreed)} USD. "
                "Nothing was sent: check the new price."
            )
        cap, spent = self.allowance.cap, self.allowance.spent
        if cap is not None and spent + cost > cap:
            raise OverBudget(
                f"This costs {in_usd(cost)} USD. With {in_usd(spent)} USD spent, that is over "
                f"--max-cost {in_usd(cap)}. Restart with a higher --max-cost."
            )

    def _generate(self, takes: Mapping[int, Take], priced: Estimate) -> None:
        def began(number: int) -> None:
            with self.lock:
                self.state = replace(self.state, runs=(*self.state.runs, number))
                self._save()

        def ended(number: int, error: SdbrError | None) -> None:
            with self.lock:
                self._rest(number, takes)
                if error is not None and not isinstance(error, Interrupted):
                    self.errors[number] = str(error)
                    left = self.keyframe(number).without(takes[number])
                    self.state = self.state.put(number, left)
                    self._save()

        requests = {n: self.pictures.request_of(n, take) for n, take in takes.items()}
        setup = self._setup
        # What was agreed to is the cap, so that no failure is paid for again and again.
        spending = Spending(ask_above=priced.cost, assume_yes=True)
        setup = replace(setup, resources=replace(setup.resources, spending=spending))
        work = KeyframesWork(requests, setup.resources.effort.workers, began, ended)
        try:
            # A film that cannot be written is known of before money is spent for it.
            folders = [self.clip.order.where.results]
            run(RunPlan("review", "keyframes", [work], priced, folders=folders), setup)
        except SdbrError as error:
            for number in takes:
                if self.busy.get(number) is takes:
                    ended(number, error)
        except BaseException as error:
            mine = [number for number in takes if self.busy.get(number) is takes]
            self.errors.update(dict.fromkeys(mine, _bug(error)))
            raise
        finally:
            with self.lock:
                for number in takes:
                    self._rest(number, takes)

    def _rest(self, number: int, click: Mapping[int, Take]) -> None:
        if self.busy.get(number) is click:
            del self.busy[number]

    def _make_film(self) -> None:
        try:
            with self.lock:
                numbers = self.clip.plan.footage.plan.keyframes
                clip = self.pictures.film_of({n: self.keyframe(n) for n in numbers})
            # All keyframes are there, and nothing else was agreed to.
            resources = replace(self._setup.resources, spending=Spending(cap=Decimal(0)))
            setup = replace(self._setup, resources=resources)
            work = ClipWork(clip, self._flags, setup)
            name, priced = clip.spec.command, estimate_clips([clip], None, resources)
            notes = [f"{clip.name}: {note}" for note in clip.reader.notes]
            run(RunPlan(name, "clips", [work], priced, notes=notes, whole=True), setup)
        except SdbrError as error:
            self.film_error = str(error)
        except BaseException as error:
            self.film_error = _bug(error)
            raise
        finally:
            self.filming = False

    def _finished(self, line: ResultLine) -> None:
        with self.lock:
            self.state = replace(self.state, film=str(line.path))
            self.films += 1
            self._save()

    def _save(self) -> None:
        known = self.state.keyframes.items()
        takes = ((number, take) for number, one in known for take in one.takes if not take.picture)
        keyframes = self.clip.plan.footage.plan.keyframes
        keys = (self.pictures.key_of(number, take) for number, take in takes if number in keyframes)
        # Once there is a film, a picture may be pruned as any other.
        write_state(self._path, self.state, () if self.state.film else keys)


def _spent_before(hidden: Path, state: ReviewState) -> Decimal:
    """USD that the clicks of this review have cost, or perhaps cost, before it was opened."""
    if not state.runs:
        return Decimal(0)
    ledger = Ledger(hidden / "ledger.db")
    try:
        rows = ledger_queries.runs(ledger, "", 1_000_000)
    finally:
        ledger.close()
    spent = (row["billed"] + row["perhaps"] for row in rows if row["run"] in state.runs)
    return sum(spent, Decimal(0))


def _bug(error: BaseException) -> str:
    return f"This is a bug in sdbr: {type(error).__name__}: {error}"
