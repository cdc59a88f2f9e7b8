"""Ctrl-C once stops cleanly, twice at once."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from sdbr.errors import Interrupted

_LEFT = (
    b"Left at once: what was under way may be billed all the same, see sdbr ledger. "
    b"Run the same command again to go on.\n"
)


@contextlib.contextmanager
def until_interrupted(
    stop: threading.Event, tell: Callable[[str], None]
) -> Iterator[threading.Event]:
    """Set `stop` at the first SIGINT or SIGTERM; leave the process at the second.

    Yields an event that is set when the user asked; `stop` may be set for other reasons.
    Requests that are under way may be paid for, so they are waited for after the first signal.
    """

    asked = threading.Event()

    def interrupted(_signal: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            # Not by way of sys.stderr, which the interrupted line may hold.
            with contextlib.suppress(OSError):
                os.write(2, _LEFT)
            os._exit(Interrupted.exit_code)
        asked.set()
        stop.set()
        tell("Stopping: waiting for the pictures under way (Ctrl-C again leaves at once).")

    if threading.current_thread() is not threading.main_thread():
        yield threading.Event()
        return
    earlier = {name: signal.signal(name, interrupted) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for name, handler in earlier.items():
            signal.signal(name, handler)
