"""map_ordered: many at once, results in order, a bounded number held."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class _Place(Generic[Item, Result]):
    """One item on its way through: what came of it is there once `done` is set.

    An item that was never begun ends with neither a result nor an error.
    """

    def __init__(self, item: Item) -> None:
        self.item = item
        self.done = threading.Event()
        self.result: list[Result] = []
        self.error: BaseException | None = None

    def fill(self, work: Callable[[Item], Result]) -> None:
        try:
            self.result.append(work(self.item))
        except BaseException as error:
            self.error = error


def map_ordered(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int,
    window: int,
    stop: threading.Event,
) -> Iterator[Result]:
    """Yield `work(item)` for each item, in order, with `workers` threads.

    At most `window` items are held between being read and being yielded, so a slow first item
    does not fill the memory with the rest. After the first failure, or once `stop` is set, no
    further item is begun; what has begun is waited for, because it may be paid for. A failure, of
    `work` or of reading `items`, is raised in its place.
    """
    queue: SimpleQueue[_Place[Item, Result] | None] = SimpleQueue()
    ended = threading.Event()

    def serve() -> None:
        while (place := queue.get()) is not None:
            if not (ended.is_set() or stop.is_set()):
                place.fill(work)
                if place.error is not None:
                    ended.set()
            place.done.set()

    held: deque[_Place[Item, Result]] = deque()

    def places() -> Iterator[_Place[Item, Result]]:
        unread: Exception | None = None
        try:
            for item in items:
                if stop.is_set() or ended.is_set():
                    break
                held.append(_Place(item))
                queue.put(held[-1])
                while len(held) >= window or (held and held[0].done.is_set()):
                    yield held[0]
        except Exception as error:
            unread = error
        while held:
            yield held[0]
        if unread is not None:
            raise unread

    # Daemon threads: a second Ctrl-C must be able to leave at once.
    for _ in range(workers):
        threading.Thread(target=serve, daemon=True).start()
    try:
        for place in places():
            place.done.wait()
            held.popleft()
            if place.error is not None:
                raise place.error
            # One that was not begun can stand before one that was: its thread looked too late.
            if place.result:
                yield place.result[0]
    finally:
        ended.set()
        for place in held:
            place.done.wait()
        for _ in range(workers):
            queue.put(None)
