from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sdbr.emulator import Emulator
from sdbr.emulator.throttle import InvocationCounter, RequestLimiter
from tests.emulator.calls import CORE, invoke


def test_more_at_once_than_the_limit_are_turned_away() -> None:
    limits = RequestLimiter(in_flight=2)
    assert [limits.enter() for _ in range(3)] == [True, True, False]
    limits.leave()
    limits.leave()
    assert limits.enter()
    assert limits.most_seen == 3


def test_more_a_minute_than_the_limit_are_turned_away_until_the_first_is_a_minute_old() -> None:
    now = [0.0]
    limits = RequestLimiter(per_minute=2, clock=lambda: now[0])
    assert [limits.enter() for _ in range(3)] == [True, True, False]
    now[0] = 59.9
    assert not limits.enter()
    now[0] = 60.0
    assert limits.enter()


def test_turns_number_all_calls_and_count_each_content() -> None:
    turns = InvocationCounter()
    assert [turns.take(it) for it in (b"a", b"b", b"a")] == [(1, 1), (2, 1), (3, 2)]
    turns.clear()
    assert turns.take(b"a") == (1, 1)


def test_an_emulator_with_a_limit_throttles_what_comes_at_once_above_it() -> None:
    with Emulator(picture_side=48, latency=0.4, max_in_flight=2) as emulator:
        with ThreadPoolExecutor(6) as pool:
            answers = [pool.submit(invoke, emulator, CORE, {"prompt": "x"}) for _ in range(6)]
            statuses = sorted(answer.result().status for answer in answers)
        assert statuses == [200, 200, 429, 429, 429, 429]
        assert emulator.pictures_made == 2


def test_an_emulator_with_a_rate_throttles_above_it() -> None:
    with Emulator(picture_side=48, rpm=3) as emulator:
        statuses = [invoke(emulator, CORE, {"prompt": "x"}).status for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429]
