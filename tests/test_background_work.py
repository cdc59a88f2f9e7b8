from __future__ import annotations

import threading

import pytest

from sdbr.concurrency import BackgroundWork


def test_work_in_the_background_is_done_before_finish_returns() -> None:
    behind, done = BackgroundWork(), []
    for number in range(20):
        behind.submit(lambda n=number: done.append(n))  # type: ignore[misc]
    behind.finish()
    assert sorted(done) == list(range(20))


def test_an_error_in_the_background_is_raised_and_threads_end() -> None:
    before = threading.active_count()
    behind = BackgroundWork()
    behind.submit(lambda: [].pop())
    with pytest.raises(IndexError):
        behind.finish()
    assert threading.active_count() == before
