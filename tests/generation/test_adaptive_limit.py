import threading

import pytest

from sdbr.errors import Interrupted, UsageProblem
from sdbr.generation.retry import AdaptiveLimit, limit_rate
from tests.material import CORE, drawn, request_for, throttled

FOX = request_for(CORE)
IN_TIME = 20.0


def limit(workers=8, rpm=None, stop=None):
    return AdaptiveLimit(workers, rpm, stop or threading.Event())


def run_together(count, work):
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def test_it_begins_with_all_workers_and_lets_no_more_in():
    at_once = limit(workers=3)
    inside = threading.Semaphore(0)
    go, most, now, lock = threading.Event(), 0, 0, threading.Lock()

    def draw(request):
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
        inside.release()
        assert go.wait(IN_TIME)
        with lock:
            now -= 1
        return drawn(request)

    threads = run_together(9, lambda: limit_rate(draw, at_once)(FOX))
    for _ in range(3):
        assert inside.acquire(timeout=IN_TIME)
    go.set()
    for thread in threads:
        thread.join(IN_TIME)
    assert most == 3


def test_throttling_halves_down_to_one():
    limits, at_once = [], limit(workers=8)
    for _ in range(5):
        told = at_once.halve(at_once.enter())
        at_once.leave()
        limits.append(int(at_once.limit))
    assert limits == [4, 2, 1, 1, 1]
    assert told == "now 1 concurrent request"


def test_requests_that_were_under_way_together_halve_it_once():
    at_once = limit(workers=8)
    sent = [at_once.enter() for _ in range(8)]
    told = [at_once.halve(at) for at in sent]
    assert at_once.limit == 4
    assert told == ["now 4 concurrent requests"] * 8


def test_each_round_of_answers_gives_one_place_back_and_never_more_than_the_workers():
    at_once = limit(workers=8)
    at_once.limit = 2.0
    for _ in range(5):
        at_once.grow()
    assert 3 < at_once.limit < 5
    for _ in range(200):
        at_once.grow()
    assert at_once.limit == 8


def test_only_throttling_slows_down():
    at_once = limit(workers=8)

    def draw(_request):
        raise UsageProblem("no")

    with pytest.raises(UsageProblem):
        limit_rate(draw, at_once)(FOX)
    assert at_once.limit == 8


def test_a_throttled_request_says_what_became_of_the_pace_and_gives_its_place_back():
    at_once = limit(workers=2)
    problem = throttled()

    def draw(_request):
        raise problem

    for _ in range(5):
        with pytest.raises(type(problem)):
            limit_rate(draw, at_once)(FOX)
    assert at_once.limit == 1
    assert limit_rate(drawn, at_once)(FOX)


def test_sends_are_spread_over_the_minute(monkeypatch):
    stop, waits = threading.Event(), []
    monkeypatch.setattr("time.monotonic", lambda: 100.0)
    monkeypatch.setattr(stop, "wait", lambda seconds: bool(waits.append(seconds)))
    at_once = limit(workers=8, rpm=30, stop=stop)
    for _ in range(4):
        at_once.enter()
    assert waits == [2.0, 4.0, 6.0]


@pytest.mark.parametrize("rpm", [None, 0.01])
def test_stop_ends_every_wait_and_gives_the_place_back(rpm):
    stop, ended = threading.Event(), []
    at_once = limit(workers=1, rpm=rpm, stop=stop)
    at_once.enter()
    if rpm:
        at_once.leave()

    def wait():
        try:
            at_once.enter()
        except Interrupted:
            ended.append(True)

    threads = run_together(1, wait)
    stop.set()
    threads[0].join(IN_TIME)
    assert ended == [True]
