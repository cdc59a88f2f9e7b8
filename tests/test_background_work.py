from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from sdbr.concurrency import BackgroundWork, ahead


def test_results_come_in_order() -> None:
    assert list(ahead(lambda n: n * n, range(50))) == [n * n for n in range(50)]


def test_no_more_than_four_items_are_taken_before_the_first_is_used() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    results = ahead(lambda n: n, items())
    next(results)
    assert len(taken) == 4
    results.close()  # type: ignore[attr-defined]


def test_an_error_arrives_at_its_place() -> None:
    results = ahead(lambda n: 1 // (3 - n), range(9))
    assert [next(results) for _ in range(3)] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)


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
