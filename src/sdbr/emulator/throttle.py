"""A real limiter: so many requests at once, so many a minute."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable


class RequestLimiter:
    """Counts what is in flight, and says no above the limits. None sets no limit."""

    def __init__(
        self,
        in_flight: int | None = None,
        per_minute: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = in_flight
        self._per_minute = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._now = 0
        self._seen = 0
        self._begun: deque[float] = deque()

    def enter(self) -> bool:
        """Count one request in; False when it is above a limit. Call `leave` in either case."""
        with self._lock:
            self._now += 1
            self._seen = max(self._seen, self._now)
            if self._most is not None and self._now > self._most:
                return False
            return self._within_minute()

    def leave(self) -> None:
        """Count one request out."""
        with self._lock:
            self._now -= 1

    @property
    def most_seen(self) -> int:
        """The most requests that were in flight at once."""
        return self._seen

    def clear(self) -> None:
        """Forget the most seen and the last minute."""
        with self._lock:
            self._seen = self._now
            self._begun.clear()

    def _within_minute(self) -> bool:
        if self._per_minute is None:
            return True
        now = self._clock()
        while self._begun and now - self._begun[0] >= 60:
            self._begun.popleft()
        if len(self._begun) >= self._per_minute:
            return False
        self._begun.append(now)
        return True


class InvocationCounter:
    """Numbers invocations from 1, and counts how often each content has come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number = 0
        self._came: Counter[bytes] = Counter()

    def take(self, content: bytes) -> tuple[int, int]:
        """The number of this invocation and which attempt at its content it is, both from 1."""
        with self._lock:
            self._number += 1
            self._came[content] += 1
            return self._number, self._came[content]

    def clear(self) -> None:
        """Begin at 1 again."""
        with self._lock:
            self._number = 0
            self._came.clear()
