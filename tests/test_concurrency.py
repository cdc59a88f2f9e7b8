import ctypes
import gc
import random
import threading
import time
from queue import SimpleQueue

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdbr import concurrency
from sdbr.concurrency import map_ordered, share_heaps

IN_TIME = 20.0


def mapped(work, items, workers=4, window=8, stop=None):
    return map_ordered(work, items, workers=workers, window=window, stop=stop or threading.Event())


class Counted:
    """Items that count how many were read."""

    def __init__(self, items):
        self.items = iter(items)
        self.read = 0

    def __iter__(self):
        return self

    def __next__(self):
        item = next(self.items)
        self.read += 1
        return item


@given(
    count=st.integers(0, 60),
    workers=st.integers(1, 8),
    window=st.integers(1, 32),
    seed=st.integers(0, 999),
)
@settings(max_examples=40)
def test_results_come_in_the_order_of_the_items_whoever_is_ready_first(
    count, workers, window, seed
):
    chance = random.Random(seed)

    def work(item):
        for _ in range(chance.randrange(200)):
            pass
        return item * 2

    assert list(mapped(work, range(count), workers, window)) == [i * 2 for i in range(count)]


def test_no_more_than_the_window_is_read_while_the_first_is_slow():
    slow, items = threading.Event(), Counted(range(100))
    most_begun = threading.Semaphore(0)

    def work(item):
        if item == 0:
            assert slow.wait(IN_TIME)
        else:
            most_begun.release()
        return item

    results = mapped(work, items, workers=4, window=8)
    waiting = threading.Thread(target=lambda: results.__next__())
    waiting.start()
    for _ in range(7):
        assert most_begun.acquire(timeout=IN_TIME)
    assert items.read == 8
    slow.set()
    waiting.join(IN_TIME)
    assert list(results) == list(range(1, 100))


def test_as_many_work_at_once_as_there_are_workers_and_no_more():
    together = threading.Barrier(4)
    now, most, lock = 0, 0, threading.Lock()

    def work(item):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        together.wait(IN_TIME)
        with lock:
            now -= 1
        return item

    assert list(mapped(work, range(16), workers=4, window=16)) == list(range(16))
    assert most == 4


def test_a_failure_is_raised_in_its_place_after_the_results_before_it():
    def work(item):
        if item == 5:
            raise ValueError("five")
        return item

    results = mapped(work, range(20), workers=3)
    assert [next(results) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="five"):
        next(results)
    assert list(results) == []


def test_after_a_failure_nothing_new_is_begun_and_what_was_begun_is_waited_for():
    begun, finished, failed = [], [], threading.Event()

    def work(item):
        begun.append(item)
        if item == 0:
            assert len(begun) <= 2
            failed.set()
            raise ValueError("zero")
        failed.wait(IN_TIME)
        finished.append(item)
        return item

    with pytest.raises(ValueError, match="zero"):
        list(mapped(work, range(100), workers=2, window=8))
    assert sorted(finished) == sorted(set(begun) - {0})
    assert len(begun) < 8


class SlowQueue(SimpleQueue):
    """A queue whose first taker is held up, as by the interpreter's switch to other threads."""

    held = threading.Lock()

    def get(self):
        got = super().get()
        in_a_worker = threading.current_thread() is not threading.main_thread()
        if in_a_worker and self.held.acquire(blocking=False):
            time.sleep(0.2)
        return got


def test_what_was_taken_before_a_failure_is_not_missing_before_it(monkeypatch):
    monkeypatch.setattr(concurrency, "SimpleQueue", SlowQueue)

    def work(item):
        if item == 1:
            raise ValueError("item 1")
        return item

    results = mapped(work, range(2), workers=2)
    assert next(results) == 0
    with pytest.raises(ValueError, match="item 1"):
        next(results)


def test_an_item_that_cannot_be_read_is_a_failure_in_its_place():
    def items():
        yield from range(5)
        raise OSError("broken frame")

    results = mapped(lambda item: item, items(), workers=2, window=8)
    assert [next(results) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(OSError, match="broken frame"):
        next(results)


def test_stop_ends_it_with_the_results_of_what_was_begun():
    stop, begun = threading.Event(), []

    def work(item):
        begun.append(item)
        if item == 3:
            stop.set()
        return item

    results = list(mapped(work, range(1000), workers=2, window=4, stop=stop))
    assert results == sorted(begun)
    assert len(results) < 12


def test_stopped_before_it_begins_it_does_nothing():
    stop = threading.Event()
    stop.set()
    assert list(mapped(lambda item: item, range(10), stop=stop)) == []


def test_closed_early_it_waits_for_what_was_begun_and_begins_nothing_more():
    begun, finished = [], []

    def work(item):
        begun.append(item)
        finished.append(item)
        return item

    results = mapped(work, range(1000), workers=4, window=8)
    assert next(results) == 0
    results.close()
    assert sorted(begun) == sorted(finished)
    assert len(begun) <= 9


def test_its_threads_end_with_it():
    before = set(threading.enumerate())
    list(mapped(lambda item: item, range(50), workers=8))
    for thread in set(threading.enumerate()) - before:
        thread.join(IN_TIME)
    assert not set(threading.enumerate()) - before


def test_nothing_is_read_before_the_first_result_is_asked_for():
    items = Counted(range(3))
    results = mapped(lambda item: item, items)
    assert items.read == 0
    assert list(results) == [0, 1, 2]


def test_an_iterator_that_nobody_closes_may_be_collected_by_its_own_worker():
    """As after an error: the iterator is part of a circle, and a worker collects the garbage."""
    dropped, finished = threading.Event(), threading.Event()

    def work(item):
        if item:
            dropped.wait(10)
            gc.collect()
            finished.set()
        return item

    def drop():
        circle = [map_ordered(work, range(2), workers=1, stop=threading.Event())]
        circle.append(circle)
        assert next(circle[0]) == 0

    gc.disable()
    try:
        drop()
        dropped.set()
        assert finished.wait(10)
    finally:
        gc.enable()


def test_heaps_stay_as_they_are_where_the_c_library_knows_no_such_setting(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    share_heaps()
