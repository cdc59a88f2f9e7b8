"""How far a run is: its phases, the dollars, and the time to go, in one line."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sdbr.console import StatusLine
from sdbr.errors import SdbrError
from sdbr.generation.budget import Budget
from sdbr.generation.estimate import in_usd
from sdbr.generation.generate import Generate, KeyedRequest
from sdbr.generation.stack import RunSession
from sdbr.request import Model, Picture
from sdbr.store.ledger_queries import latency

_BELIEF = 4
"""Steps that the expected time of a step counts for beside those that were measured."""
_NARROWEST_BAR = 3


@dataclass(slots=True)
class Phase:
    """A part of a run, of `total` steps (0 where unknown), `at_once` of them side by side.

    `seconds` are what a step is expected to take, None where nobody knows. `taken` are the seconds
    of the steps `done` but the `free` ones, whose pictures were in the cache.
    """

    name: str
    total: int
    seconds: float | None = None
    at_once: int = 1
    done: int = 0
    free: int = 0
    taken: float = 0.0
    first: float | None = None
    last: float | None = None

    @property
    def over(self) -> bool:
        """Whether all steps are done."""
        return 0 < self.total <= self.done


class RunProgress:
    """The phases of one piece of work, which overlap. Steps may be counted from many threads.

    `budget` tells the dollars, where the work costs any; `now` is a clock in seconds.
    """

    def __init__(
        self,
        phases: Sequence[Phase],
        budget: Budget | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._phases = {phase.name: phase for phase in phases}
        self._budget = budget
        self._now = now
        self._began = now()
        self._lock = threading.Lock()

    def step(self, name: str, took: float | None = None, *, free: bool = False) -> None:
        """Count a step of the phase `name`, which took as long as since the last one by default:
        then the first one, which waited for other phases, tells nothing."""
        with self._lock:
            phase, now = self._phases[name], self._now()
            free = free or (took is None and phase.last is None)
            since = 0.0 if phase.last is None else now - phase.last
            phase.first, phase.last = now if phase.first is None else phase.first, now
            phase.done += 1
            phase.free += free
            phase.taken += 0.0 if free else since if took is None else took
            phase.total = phase.total and max(phase.total, phase.done)

    def watch(self, session: RunSession, name: str) -> RunSession:
        """The session, each of whose pictures, or refusals, is a step of the phase `name`."""

        def counted(wanted: KeyedRequest) -> Picture:
            began = self._now()
            try:
                picture = session.generate(wanted)
            except SdbrError:
                self.step(name, self._now() - began)
                raise
            self.step(name, self._now() - began, free=picture.cached)
            return picture

        generate: Generate = counted
        return replace(session, generate=generate)

    def pace(self, name: str) -> float:
        """Seconds between the steps of a phase; 0 before the second one."""
        phase = self._phases[name]
        if phase.first is None or phase.last is None or phase.done < 2:
            return 0.0
        return (phase.last - phase.first) / (phase.done - 1)

    def seconds_left(self) -> float | None:
        """Seconds until all phases are done; None where a phase cannot be foreseen."""
        with self._lock:
            left = [self._seconds_left(one) for one in self._phases.values() if not one.over]
        known = [seconds for seconds in left if seconds is not None]
        # The phases overlap, and one that waits for another measures its pace.
        return max(known, default=0.0) if len(known) == len(left) else None

    def line(self, columns: int) -> StatusLine:
        """The status line, with what matters most where there are few columns."""
        with self._lock:
            phases = [replace(phase) for phase in self._phases.values()]
        now = next((phase for phase in phases if not phase.over), phases[-1])
        left = now.name
        if now.total != 1:
            left += f" {now.done}/{now.total}" if now.total else f" {now.done}"
        others = [one for one in phases if one is not now and one.done and not one.over]
        also = [f"{one.name} {one.done}/{one.total}" for one in others]
        money, cost = self._dollars()
        time_left = _in_words(self.seconds_left())
        choices = [
            [money, *also, time_left],
            [money, time_left],
            [cost, time_left],
            [time_left],
            [],
        ]
        for texts in choices:
            right = " · ".join(text for text in texts if text)
            if len(left) + len(right) + 2 + _NARROWEST_BAR <= columns:
                break
        return StatusLine(left, now.done / now.total if now.total > 1 else None, right)

    def _seconds_left(self, phase: Phase) -> float | None:
        steps, to_do = phase.done - phase.free, phase.total - phase.done
        side_by_side = max(1, min(phase.at_once, to_do))
        if steps and phase.total:
            believed = 0.0 if phase.seconds is None else phase.seconds * _BELIEF
            each = (believed + phase.taken) / (steps + (_BELIEF if believed else 0))
            return each * to_do / side_by_side
        if phase.seconds is None or not phase.total:
            return None
        passed, rounds = self._now() - self._began, to_do / side_by_side
        # A round that takes longer than was expected is still under way.
        return max(phase.seconds * rounds - passed, phase.seconds * (rounds - 1))

    def _dollars(self) -> tuple[str, str]:
        """What is spent of what is expected, and what is spent alone."""
        if self._budget is None or not self._budget.estimated:
            return "", ""
        cost, expected, cap = self._budget.spent, self._budget.estimated, self._budget.cap
        alone = f"{in_usd(cost)} USD"
        if cost <= expected:
            return f"{in_usd(cost)} of {in_usd(expected)} USD", alone
        # More than one picture was paid for in place of another.
        return (alone if cap is None else f"{in_usd(cost)} of up to {in_usd(cap)} USD"), alone


def with_details(session: RunSession, detail: Callable[[str], None]) -> RunSession:
    """The session, which tells `detail` of each picture: model, seed, seconds, request id."""

    def told(wanted: KeyedRequest) -> Picture:
        began = time.monotonic()
        picture = session.generate(wanted)
        took = "cached" if picture.cached else f"{time.monotonic() - began:.1f} s"
        sent = (
            f", request {picture.request_id}" if picture.request_id and not picture.cached else ""
        )
        detail(f"{wanted.request.model.invoke_id}, seed {picture.seed}: {took}{sent}")
        return picture

    generate: Generate = told
    return replace(session, generate=generate)


def expected_seconds(session: RunSession, model: Model) -> float | None:
    """Seconds that a picture of the model took so far; None where nobody knows."""
    return latency(session.ledger, session.run, model.invoke_id)


def _in_words(seconds: float | None) -> str:
    """A time to go, no finer than it is known."""
    if not seconds:
        return ""
    if seconds < 55:
        return f"~{max(5, 5 * math.ceil(seconds / 5))} s left"
    minutes = math.ceil(seconds / 60 - 0.5)
    if minutes < 60:
        return f"~{max(1, minutes)} min left"
    return f"~{minutes // 60} h {minutes % 60:02d} min left"
