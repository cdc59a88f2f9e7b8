"""What may be sent again, and when: the only layer that sends anything twice.

Only what can succeed unchanged is sent again. Waits grow by doubling with full jitter (Brooker,
"Exponential Backoff And Jitter", AWS Architecture Blog 2015) unless the service names one. How many
requests are under way at once follows from the answers too: it grows while Bedrock keeps up and
halves when it throttles (additive increase, multiplicative decrease: Chiu and Jain 1989).
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass

from sdbr.console import counted
from sdbr.errors import Interrupted, NoPicture, ServiceProblem
from sdbr.generation.generate import Generate, KeyedRequest
from sdbr.request import Picture, Tell

_FIRST_WAIT = 0.5  # Seconds, at most: the first wait is drawn from 0 to this.
_LONGEST_WAIT = 20.0  # Seconds; all attempts together have 600 by default.
_TIMES_UNREACHED = 3  # A wrong endpoint is not worth the attempts that a busy one is.
_TIMES_WITHOUT_PICTURE = 3
_TIMES_PERHAPS_BILLED = 5  # As often as boto3 itself would send, and pay for, one picture.


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long (seconds) to try for one picture."""

    attempts: int
    timeout: float


def retry(generate: Generate, policy: RetryPolicy, stop: threading.Event, tell: Tell) -> Generate:
    """Send again after a passing failure, until `policy` ends it or `stop` is set.

    Sends that may have been billed without giving a picture are repeated five times at most, and
    an endpoint that cannot be reached is tried three times. Three answers in a row without a
    picture, whoever they were for, end the run: something else than Bedrock answers.
    """
    in_a_row: list[NoPicture] = []

    def draw(wanted: KeyedRequest) -> Picture:
        deadline = time.monotonic() + policy.timeout
        failures: list[ServiceProblem] = []
        while True:
            if stop.is_set():
                raise Interrupted("Stopped before the next request was sent.")
            try:
                if len(in_a_row) >= _TIMES_WITHOUT_PICTURE:
                    raise in_a_row[-1]
                picture = generate(wanted)
                in_a_row.clear()
                return picture
            except ServiceProblem as problem:
                if isinstance(problem, NoPicture):
                    in_a_row.append(problem)
                    if len(in_a_row) >= _TIMES_WITHOUT_PICTURE:
                        raise _end_of_run(problem) from problem
                failures.append(problem)
                wait = _wait(problem, len(failures))
                if not _worth_another(failures, policy.attempts, deadline - wait):
                    raise _give_up(problem, len(failures)) from problem
                # The rest, what to do, is said once: at the end.
                what = "Throttled" if problem.throttled else str(problem).partition(". ")[0]
                slowed = f", {problem.slowed}" if problem.slowed else ""
                tell(f"{what.rstrip('.')}{slowed}; retrying in {max(1, round(wait))} s.")
                stop.wait(wait)

    return draw


def _wait(problem: ServiceProblem, failures: int) -> float:
    if problem.wait is not None:
        # Not all threads at the same instant: the service named one time to all of them.
        return problem.wait + random.uniform(0, 0.5)
    return random.uniform(0, min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (failures - 1)))


def _worth_another(failures: list[ServiceProblem], attempts: int, latest: float) -> bool:
    last = failures[-1]
    traces = [failure.trace for failure in failures if failure.trace]
    unreached = sum(not trace.sent for trace in traces)
    perhaps_billed = sum(trace.billed != "no" for trace in traces)
    return (
        last.again
        and len(failures) < attempts
        and unreached < _TIMES_UNREACHED
        and perhaps_billed < _TIMES_PERHAPS_BILLED
        and time.monotonic() < latest
    )


def _end_of_run(problem: NoPicture) -> ServiceProblem:
    last = ServiceProblem(
        f"{problem} This was the third response in a row without a picture, and each may be "
        "billed, so the run stopped. Check the endpoint, or try again later."
    )
    last.trace = problem.trace
    return last


def _give_up(problem: ServiceProblem, sends: int) -> ServiceProblem:
    if sends == 1 or not problem.again:
        return problem
    # What was not reached will not be reached later, unless something is done about it.
    later = " Try again later." if problem.trace is None or problem.trace.sent else ""
    last = ServiceProblem(f"{problem} Gave up after {sends} attempts.{later}")
    last.trace = problem.trace
    return last


class AdaptiveLimit:
    """The number of requests that may be in flight, from 1 to `workers`.

    `rpm` spaces the sends evenly, at most so many a minute. `stop` ends all waiting.
    """

    def __init__(self, workers: int, rpm: float | None, stop: threading.Event) -> None:
        self.workers = workers
        self.limit = float(workers)
        self._interval = 60.0 / rpm if rpm else 0.0
        self._next_send = 0.0
        self._in_flight = 0
        self._halved_at = 0.0
        self._stop = stop
        self._changed = threading.Condition()

    def enter(self) -> float:
        """Wait for a place and return the time of the send. Raises Interrupted when stopped."""
        with self._changed:
            while self._in_flight >= int(self.limit):
                self._changed.wait(0.5)  # `stop` wakes nobody here, so it is looked at.
                self._raise_when_stopped()
            self._raise_when_stopped()
            self._in_flight += 1
            now = time.monotonic()
            wait = max(0.0, self._next_send - now)
            self._next_send = max(now, self._next_send) + self._interval
        if wait and self._stop.wait(wait):
            self.leave()
            self._raise_when_stopped()
        return time.monotonic()

    def leave(self) -> None:
        """Give the place back."""
        with self._changed:
            self._in_flight -= 1
            self._changed.notify()

    def grow(self) -> None:
        """A picture came: one place more for each round of answers."""
        with self._changed:
            self.limit = min(self.workers, self.limit + 1 / self.limit)
            self._changed.notify()

    def halve(self, sent_at: float) -> str:
        """Halve, once for all requests that were under way together; say how many may be now."""
        with self._changed:
            if sent_at >= self._halved_at:
                self.limit = max(1.0, self.limit / 2)
                self._halved_at = time.monotonic()
            return f"now {counted(int(self.limit), 'concurrent request')}"

    def _raise_when_stopped(self) -> None:
        if self._stop.is_set():
            raise Interrupted("Stopped before the next request was sent.")


def limit_rate(generate: Generate, limit: AdaptiveLimit) -> Generate:
    """Send only when `limit` has a place; tell it how each request fared."""

    def draw(wanted: KeyedRequest) -> Picture:
        sent_at = limit.enter()
        try:
            picture = generate(wanted)
        except ServiceProblem as problem:
            if problem.throttled:
                problem.slowed = limit.halve(sent_at)
            raise
        finally:
            limit.leave()
        limit.grow()
        return picture

    return draw
