from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from sdbr.workflows.clips.interpolate import _OrderedCalls


def test_a_stretch_asks_for_calls_once_all_before_it_have_ended():
    turns = _OrderedCalls(Event())
    with ThreadPoolExecutor() as pool:
        third = pool.submit(turns.comes, 2)
        turns.end(1)
        assert not third.done()
        turns.end(0)
        assert third.result(timeout=10)


@pytest.mark.parametrize("way", ["stopped", "given up"])
def test_nobody_waits_for_a_stretch_that_will_never_begin(way):
    stop = Event()
    turns = _OrderedCalls(stop)
    with ThreadPoolExecutor() as pool:
        second = pool.submit(turns.comes, 1)
        stop.set() if way == "stopped" else turns.give_up()
        assert second.result(timeout=10) is False
