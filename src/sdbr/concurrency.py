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
    held: deque[_Place[Item, Result]] = deque()
    ended = threading.Event()

    def halted() -> bool:
        return ended.is_set() or stop.is_set()

    # Daemon threads: a second Ctrl-C must be able to leave at once.
    for _ in range(workers):
        threading.Thread(target=_serve, args=(queue, work, halted, ended), daemon=True).start()
    try:
        for place in _in_order(items, held, queue, window, halted):
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


def _serve(
    queue: SimpleQueue[_Place[Item, Result] | None],
    work: Callable[[Item], Result],
    halted: Callable[[], bool],
    ended: threading.Event,
) -> None:
    """What a thread does until the queue gives None: begin places, unless all is halted."""
    while (place := queue.get()) is not None:
        if not halted():
            place.fill(work)
            if place.error is not None:
                ended.set()
        place.done.set()


def _in_order(
    items: Iterable[Item],
    held: deque[_Place[Item, Result]],
    queue: SimpleQueue[_Place[Item, Result] | None],
    window: int,
    halted: Callable[[], bool],
) -> Iterator[_Place[Item, Result]]:
    """Queue the items as far as the window allows, and yield the place that is to be waited for.

    The caller takes it out of `held` once it is done.
    """
    unread: Exception | None = None
    try:
        for item in items:
            if halted():
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
