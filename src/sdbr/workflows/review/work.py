"""A click as a run: the keyframes to generate, and who the results are for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from sdbr.concurrency import map_ordered
from sdbr.errors import Refused, SdbrError, ServiceProblem
from sdbr.generation.budget import Budget
from sdbr.generation.estimate import Estimate
from sdbr.generation.stack import RunSession
from sdbr.request import ImageRequest, Tell
from sdbr.workflows.lines import PlanLine, Recipient, ResultLine
from sdbr.workflows.run import Results


@dataclass(frozen=True, slots=True)
class ReviewRecipient:
    """Who a click's run is for: a film's path goes to the `shell`, a picture to the page.

    What several clicks spend comes out of one `allowance`. Each run's event is among `stops` while
    it runs; `over` says that the review has ended. `finished` is told of each film.
    """

    shell: Recipient
    allowance: Budget
    over: threading.Event
    finished: Callable[[ResultLine], None]
    stops: set[threading.Event] = field(default_factory=set)
    asks: bool = False

    def plan(self, lines: Iterable[PlanLine], estimate: Estimate, price: str) -> None:
        """As the shell does."""
        self.shell.plan(lines, estimate, price)

    def result(self, line: ResultLine, emulated: bool) -> None:
        """Note the film, and print its path."""
        self.finished(line)
        self.shell.result(line, emulated)

    @contextmanager
    def until_interrupted(self, stop: threading.Event, tell: Tell) -> Iterator[threading.Event]:  # noqa: ARG002
        """Set `stop` when the review ends."""
        self.stops.add(stop)
        if self.over.is_set():
            stop.set()
        try:
            yield self.over
        finally:
            self.stops.discard(stop)


@dataclass(frozen=True, slots=True)
class KeyframesWork:
    """Keyframes to generate, by frame number; `ended` is told of each, with its error if any.

    `began` is told the run's number before anything is sent.
    """

    requests: Mapping[int, ImageRequest]
    workers: int
    began: Callable[[int], None]
    ended: Callable[[int, SdbrError | None], None]
    name: str = ""
    summary: str = ""

    def plan(self) -> Iterator[PlanLine]:
        """Nothing: a review has no dry run."""
        yield from ()

    def draw(self, session: RunSession) -> Results:
        """Generate them. What fails by itself does not stop the others."""
        self.began(session.run)

        def generate(item: tuple[int, ImageRequest]) -> None:
            try:
                session.draw(item[1])
            except SdbrError as error:
                if not isinstance(error, Refused | ServiceProblem):
                    session.stop.set()
                self.ended(item[0], error)
            else:
                self.ended(item[0], None)

        items = self.requests.items()
        for _ in map_ordered(generate, items, workers=self.workers, stop=session.stop):
            pass
        yield from ()
