"""Work on many things at once: results in order, a bounded number held, until interrupted."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from types import FrameType
from typing import Generic, TypeVar

from sdbr.errors import Interrupted

Item = TypeVar("Item")
Result = TypeVar("Result")


_AT_ONCE = (signal.SIGINT, signal.SIGTERM)
_BY_DEFAULT = (signal.SIG_DFL, signal.default_int_handler)
# Those that end a process, can be caught, and come from outside; Windows has three of them.
_ENDING = [
    getattr(signal, name)
    for name in (
        *("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP", "SIGQUIT", "SIGXCPU", "SIGALRM", "SIGVTALRM"),
        *("SIGPROF", "SIGUSR1", "SIGUSR2", "SIGIO", "SIGPWR", "SIGSTKFLT"),
    )
    if hasattr(signal, name)
]
_STOPPING = "Stopping: waiting for the requests in flight. Press Ctrl-C again to stop now."
_LEFT = (
    b"Stopped. Requests in flight may still be billed; see `sdbr ledger`. "
    b"Run the same command again to continue.\n"
)
_MOST_CORES = 8
# The first of each is glibc's number for the setting.
_M_ARENA_MAX, _HEAPS = -8, 2
_M_MMAP_THRESHOLD, _MAPPED = -3, 32 * 1024 * 1024
_M_TRIM_THRESHOLD, _FREE = -1, 64 * 1024 * 1024
_WORKERS = 2  # What makes the items and what takes them need the other cores.
_WINDOW = 4


@dataclass(slots=True, eq=False)
class _Slot(Generic[Item, Result]):
    """One item on its way through: what came of it is there once `done` is set.

    An item that was never begun ends with neither a result nor an error.
    """

    item: Item
    done: threading.Event = field(default_factory=threading.Event)
    result: list[Result] = field(default_factory=list)
    error: BaseException | None = None


def map_ordered(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int,
    window: int | None = None,
    stop: threading.Event,
) -> Generator[Result, None, None]:
    """Yield `work(item)` for each item, in order, with `workers` threads.

    The items are read in a thread of their own, so that a slow caller keeps nobody waiting. At
    most `window`, four for each worker unless told, are held between being read and being
    yielded, so a slow first item does not fill the memory with the rest. After the first failure,
    or once `stop` is set, no further item is begun; what has begun is waited for, because it may be
    paid for. A failure, of `work` or of reading `items`, is raised in its place.
    """
    to_do: SimpleQueue[_Slot[Item, Result] | None] = SimpleQueue()
    in_order: SimpleQueue[_Slot[Item, Result] | None] = SimpleQueue()
    # Four keep 97 % of the workers busy under uneven latency.
    room = threading.Semaphore((window or 4 * workers) - 1)
    unread: list[BaseException] = []
    ended = threading.Event()
    taking = threading.Lock()

    def halted() -> bool:
        return ended.is_set() or stop.is_set()

    def read() -> None:
        try:
            for item in items:
                if halted():
                    break
                slot: _Slot[Item, Result] = _Slot(item)
                in_order.put(slot)
                to_do.put(slot)
                room.acquire()
        except BaseException as error:
            unread.append(error)
        finally:
            # What it began itself is waited for here, in the thread that ran it.
            if isinstance(items, Generator):
                items.close()
            in_order.put(None)

    def serve() -> None:
        while True:
            # In one step: what was taken before a failure is begun, however late its thread runs
            # on, so that no result is missing before the failure.
            with taking:
                slot = to_do.get()
                begins = not halted()
            if slot is None:
                return
            if begins:
                try:
                    slot.result.append(work(slot.item))
                except BaseException as error:
                    slot.error = error
                    ended.set()
            slot.done.set()

    # Daemon threads: a second Ctrl-C must be able to leave at once.
    reader = threading.Thread(target=read, name="sdbr-reader", daemon=True)
    threads = [threading.Thread(target=serve, daemon=True) for _ in range(workers)]
    workers = _start(threads)
    reader.start()
    try:
        while (slot := in_order.get()) is not None:
            slot.done.wait()
            room.release()
            if slot.error is not None:
                raise slot.error
            if slot.result:
                yield slot.result[0]
        if unread:
            raise unread[0]
    finally:
        ended.set()
        room.release()
        # An iterator that nobody closes ends where garbage is collected, which may be one of these.
        if threading.current_thread() not in (reader, *threads):
            reader.join()
            in_order.put(None)
            while (left := in_order.get()) is not None:
                left.done.wait()
        for _ in range(workers):
            to_do.put(None)


def _start(threads: list[threading.Thread]) -> int:
    """Start as many as there is memory for; at least one, or raise MemoryError."""
    for started, thread in enumerate(threads):
        try:
            thread.start()
        except RuntimeError as error:
            if not started:
                raise MemoryError("Cannot start a thread") from error
            return started
    return len(threads)


def share_heaps() -> None:
    """Let all threads allocate from few heaps, in this whole process.

    glibc gives each of them a heap of its own, up to eight for each core, and whole frames that
    were freed stay in each: with two, a clip of 1280x720 takes 725 MB instead of 1113. Elsewhere
    nothing is done. Heaps that threads have already stay, so it comes before they start.
    """
    _set_malloc(_M_ARENA_MAX, _HEAPS)


def keep_freed_memory() -> None:
    """Let memory that was freed be used again, in this whole process, up to 64 MB.

    glibc does so by itself unless MALLOC_TRIM_THRESHOLD_ is set, as Dask does for its workers: then
    each frame's memory comes from the system anew. It is no more than glibc's own bounds.
    """
    _set_malloc(_M_MMAP_THRESHOLD, _MAPPED)
    _set_malloc(_M_TRIM_THRESHOLD, _FREE)


def _set_malloc(setting: int, value: int) -> None:
    import ctypes

    with suppress(OSError, TypeError, AttributeError):
        ctypes.CDLL(None).mallopt(setting, value)


def side_by_side(
    work: Callable[[Item], Result], items: Iterable[Item], most: int = _MOST_CORES
) -> Iterator[Result]:
    """Yield `work(item)` for each item, in order, as many at once as there are cores.

    For work that costs processor time alone: nothing stops it but a failure. Beyond so many at
    `most` the items held would cost more memory than the cores save time.
    """
    cores = min(os.cpu_count() or 2, most)
    return map_ordered(work, items, workers=cores, window=2 * cores, stop=threading.Event())


class BackgroundWork:
    """Runs work in the background; never more than four pieces are waiting."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_WORKERS)
        self._waiting: deque[Future[None]] = deque()

    def submit(self, work: Callable[[], None]) -> None:
        """Take on a piece of work; raises what an earlier one raised."""
        if len(self._waiting) == _WINDOW:
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(work))

    def finish(self) -> None:
        """Wait for all of it; raises what a piece raised."""
        try:
            while self._waiting:
                self._waiting.popleft().result()
        finally:
            self.abort()

    def abort(self) -> None:
        """Drop what has not begun and wait for what has."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _leave(number: int) -> None:
    """End the process at a Ctrl-C; a closed terminal sends SIGHUP twice, by kernel and shell."""
    if number in _AT_ONCE:
        # Not by way of sys.stderr, which the interrupted line may hold.
        with suppress(OSError):
            os.write(2, _LEFT)
        os._exit(Interrupted.exit_code)


@contextmanager
def until_interrupted(
    stop: threading.Event,
    tell: Callable[[str], None],
    signals: Iterable[int] = _ENDING,
    again: Callable[[int], None] = _leave,
) -> Iterator[threading.Event]:
    """Set `stop` at the first of `signals` and tell of it; call `again` at a second one.

    Yields an event that is set when the user asked; `stop` may be set for other reasons.
    Requests in flight may be paid for, so they are waited for after the first signal. A
    signal that is ignored, as SIGHUP is under nohup, stays so.
    """

    asked = threading.Event()

    def interrupted(number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            again(number)
            return
        asked.set()
        stop.set()
        tell(_STOPPING)

    if threading.current_thread() is not threading.main_thread():
        yield threading.Event()
        return
    ends = [it for it in signals if signal.getsignal(it) in _BY_DEFAULT]
    earlier = {it: signal.signal(it, interrupted) for it in ends}
    try:
        yield asked
    finally:
        for name, handler in earlier.items():
            signal.signal(name, handler)
