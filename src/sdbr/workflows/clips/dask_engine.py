"""Fills stretches on the workers of a Dask cluster.

    stretch → source files and keyframes as bytes → a task on a worker → its frames as pixels

A task carries all that it needs, so a worker shares no disk, and one that is lost takes nothing
along: the scheduler gives its stretch to another. What comes back is taken in order, one stretch at
a time; what waits for that stays with the workers.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from distributed import CancelledError, Client, Future, KilledWorker

from sdbr.concurrency import map_ordered
from sdbr.errors import SdbrError, ServiceProblem
from sdbr.workflows.clips.engine import FilledSpan, KeyframeSpan
from sdbr.workflows.clips.source_frames import SourceFrames
from sdbr.workflows.clips.stretch_task import FinishedFrame, StretchTask, fill_stretch

_PATIENCE = 60.0  # Seconds without any worker: a lost machine may be replaced meanwhile.
_POLL = 0.05  # Seconds between looks at a stretch that is waited for.
_COUNT = 1.0  # Seconds between countings of the workers.
_GATHER = 30.0  # Seconds for the frames of a stretch to arrive, before its state is looked at.
_PER_THREAD = 2  # Stretches under way for each thread: the next one is there when one ends.
_BYTES = 512 * 1024 * 1024  # Of what was sent; beyond it each thread has one stretch and no next.
_LARGE = 1_000_000  # Dask keeps the last 1000 messages to each worker that have fewer bytes.
_RETRIES = 2  # Of a stretch whose task failed; one whose worker died is counted by Dask.
_MOST = 4096  # Never reached: how much is under way is settled by `_Room`.
_AGAIN = "Run the same command again to continue."


class _Room:
    """Bounds the stretches under way, in number and in bytes, as many threads as there are."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._sizes: list[int] = []
        self._closed = False

    def take(self, size: int, threads: int) -> bool:
        """Whether there is room; room that was given is taken."""
        with self._changed:
            held = len(self._sizes)
            full = sum(self._sizes) + size > _BYTES
            most = threads + 1 if full else _PER_THREAD * threads + 1
            if held >= most and not self._closed:
                self._changed.wait(_COUNT)
                return False
            self._sizes.append(size)
            return True

    def give(self, size: int) -> None:
        """A stretch was taken by the caller."""
        with self._changed:
            self._sizes.remove(size)
            self._changed.notify_all()

    def close(self) -> None:
        """Nobody takes stretches any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


@dataclass(frozen=True, slots=True)
class _Submitted:
    """A stretch under way; without a future where there is nothing between its keyframes."""

    span: KeyframeSpan
    size: int
    future: Future[list[FinishedFrame]] | None


class DaskEngine:
    """Fills stretches on the workers of a Dask cluster, twice as many at once as these have
    threads; whoever was lost is waited for `patience` seconds."""

    def __init__(self, client: Client, patience: float = _PATIENCE) -> None:
        self._client = client
        self._patience = patience
        self._threads = 1
        self._counted = 0.0

    def threads(self) -> int:
        """How many threads the workers have together, counted anew each second; 0 without workers.

        Raises ServiceProblem where the scheduler cannot be reached.
        """
        if time.monotonic() - self._counted > _COUNT:
            try:
                self._threads = sum(self._client.nthreads().values())
            except Exception as error:
                raise _lost() from error
            self._counted = time.monotonic()
        return self._threads

    def fill(
        self, spans: Iterable[KeyframeSpan], sources: SourceFrames, stop: threading.Event
    ) -> Generator[FilledSpan, None, None]:
        """Each stretch with its frames.

        Raises ServiceProblem where the cluster is lost or a stretch cannot be filled.
        """
        room = _Room()
        under_way: set[Future[list[FinishedFrame]]] = set()

        def submitted() -> Iterator[_Submitted]:
            for span in spans:
                if not span.stretch.between:
                    yield _Submitted(span, 0, None)
                    continue
                task = _task(span, sources)
                while not stop.is_set() and not room.take(task.size, self.threads()):
                    pass
                if stop.is_set():
                    return
                # Earlier frames first, so that a stretch that was cut overtakes those after it.
                place = -span.stretch.left
                future = self._client.submit(
                    fill_stretch, task, pure=False, retries=_RETRIES, priority=place
                )
                under_way.add(future)
                yield _Submitted(span, task.size, future)

        # They are read, and thereby submitted, while the caller is busy.
        queue = map_ordered(lambda one: one, submitted(), workers=1, window=_MOST, stop=stop)
        try:
            for one in queue:
                frames = self._frames_of(one, stop)
                if frames is None:
                    return
                yield one.span, deque(frames)
                if one.future is not None:
                    room.give(one.size)
                    under_way.discard(one.future)
        finally:
            room.close()
            queue.close()
            with suppress(Exception):
                self._client.cancel(list(under_way), force=True)

    def _frames_of(self, one: _Submitted, stop: threading.Event) -> list[FinishedFrame] | None:
        """Wait for the frames of a stretch; None once `stop` is set."""
        if one.future is None:
            return []
        seen = time.monotonic()
        while True:
            if one.future.done():
                try:
                    return one.future.result(timeout=_GATHER)
                except TimeoutError:
                    continue
                except (SdbrError, MemoryError):
                    raise
                except CancelledError as error:
                    raise _lost() from error
                except Exception as error:
                    raise _failed(one.span, error) from error
            if stop.wait(_POLL):
                return None
            if self.threads():
                seen = time.monotonic()
            elif time.monotonic() - seen > self._patience:
                raise ServiceProblem(f"The cluster has no workers left. Start some. {_AGAIN}")


def _task(span: KeyframeSpan, sources: SourceFrames) -> StretchTask:
    stretch = span.stretch
    end = stretch.end if stretch.right is None else stretch.right + 1
    task = StretchTask(span, tuple(map(sources.encoded, range(stretch.left, end))))
    return replace(task, padding=bytes(max(0, _LARGE - task.size)))


def _lost() -> ServiceProblem:
    return ServiceProblem(f"The connection to the cluster was lost. {_AGAIN}")


def _failed(span: KeyframeSpan, error: Exception) -> ServiceProblem:
    between = span.stretch.between
    frames = f"Frames {between.start + 1} to {between.stop}"
    if isinstance(error, KilledWorker):
        return ServiceProblem(
            f"{frames}: each worker that filled them ended, perhaps for lack of memory. Give the "
            f"workers more memory. {_AGAIN}"
        )
    what = str(error).partition("\n")[0] or type(error).__name__
    return ServiceProblem(f"{frames} failed on the cluster: {what}. {_AGAIN}")
