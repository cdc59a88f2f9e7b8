import threading
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import MagicMock

import pytest

from sdbr.bedrock import transport
from sdbr.bedrock.transport import MemoryLimit, Transport
from sdbr.errors import InputProblem, ServiceProblem


@pytest.fixture
def short(monkeypatch):
    """Memory for two answers at once, in whatever room they are."""
    taken, lock, most = [], threading.Lock(), []

    def take(size):
        with lock:
            taken[:] = [room for room in taken if not room.closed]
            if len(taken) == 2:
                return None
            taken.append(transport.mmap.mmap(-1, size))
            most.append(len(taken))
            return taken[-1]

    monkeypatch.setattr(transport, "_take", take)
    return most


def test_where_memory_is_short_fewer_are_under_way_and_all_are_done(short):
    memory, meeting = MemoryLimit(), threading.Barrier(2)

    def call(number):
        with memory.room(4096):
            meeting.wait(20)
            return number

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(call, range(8))) == list(range(8))
    assert max(short) == 2


def test_without_memory_for_one_nothing_is_begun(monkeypatch):
    monkeypatch.setattr(transport, "_take", lambda _: None)
    with pytest.raises(InputProblem, match="Not enough memory"), MemoryLimit().room(4096):
        raise AssertionError


def test_what_lacks_memory_is_done_when_another_has_ended():
    memory, tries, ended = MemoryLimit(), [], threading.Event()

    def decode():
        tries.append(1)
        if not ended.is_set():
            raise MemoryError
        return "picture"

    with memory.room(4096):
        other = memory.room(4096)
        other.__enter__()
        threading.Timer(0.1, lambda: (ended.set(), other.__exit__(None, None, None))).start()
        assert memory.retry(decode) == "picture"
    assert len(tries) == 2


def test_what_lacks_memory_all_alone_fails():
    def decode():
        raise MemoryError

    memory = MemoryLimit()
    with memory.room(4096), pytest.raises(MemoryError):
        memory.retry(decode)


class Body:
    """A body of so many bytes, read in parts."""

    def __init__(self, size):
        self.left = size

    def read(self, size):
        part = min(size, self.left)
        self.left -= part
        return b"x" * part


def test_an_answer_that_is_larger_than_its_room_comes_whole():
    with MemoryLimit().room(4096) as room:
        assert transport._read(Body(3_000_000), room) == b"x" * 3_000_000


def test_an_answer_without_end_does_not_fill_the_memory():
    body = Body(10**12)
    with MemoryLimit().room(4096) as room, pytest.raises(ServiceProblem, match="larger than any"):
        transport._read(body, room)
    assert 10**12 - body.left < 300 * 1024 * 1024


def test_an_api_key_never_travels_over_plain_http(sdbr, emulator, monkeypatch):
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "bedrock-api-key-secret")
    ran = sdbr("txt2img", "a fox")
    assert ran.code == 4
    assert "can only be sent over https" in ran.failure
    assert not [record for record in emulator.received if record.number]


def test_where_no_thread_can_be_started_a_call_is_made_all_the_same(monkeypatch):
    def start(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    assert Transport(MagicMock(), 1.0).run(lambda: "answer") == "answer"
