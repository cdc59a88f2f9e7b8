"""How many requests at once: grows while Bedrock keeps up, halves when it throttles.

Additive increase, multiplicative decrease, as in TCP congestion control (Chiu and Jain 1989).
"""

from __future__ import annotations

import threading
import time

from sdbr.errors import Interrupted, ServiceProblem
from sdbr.generation.generate import Generate, KeyedRequest
from sdbr.request import Picture


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

    def answered(self) -> None:
        """A picture came: one place more for each round of answers."""
        with self._changed:
            self.limit = min(self.workers, self.limit + 1 / self.limit)
            self._changed.notify()

    def throttled(self, sent_at: float) -> str:
        """Halve, once for all requests that were under way together; say what changed."""
        with self._changed:
            before = int(self.limit)
            if sent_at >= self._halved_at:
                self.limit = max(1.0, self.limit / 2)
                self._halved_at = time.monotonic()
            return f"{before} workers → {int(self.limit)}" if int(self.limit) < before else ""

    def _raise_when_stopped(self) -> None:
        if self._stop.is_set():
            raise Interrupted("Stopped before the next request was sent.")


def pace(generate: Generate, pace: AdaptiveLimit) -> Generate:
    """Send only when `pace` has a place; tell it how each request fared."""

    def draw(wanted: KeyedRequest) -> Picture:
        sent_at = pace.enter()
        try:
            picture = generate(wanted)
        except ServiceProblem as problem:
            if problem.throttled:
                problem.slowed = pace.throttled(sent_at)
            raise
        finally:
            pace.leave()
        pace.answered()
        return picture

    return draw
