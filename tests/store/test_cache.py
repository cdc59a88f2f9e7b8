import errno
import json
import multiprocessing
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdbr.errors import InputProblem, Interrupted
from sdbr.request import Picture, Size
from sdbr.store.cache import SPACE, Cache, Entry
from tests.material import png

KEY = "ab" + "0" * 62
OTHER = "cd" + "0" * 62
PICTURE = Picture(png(), "png", Size(64, 64), 7, price="0.04", drawn_at="2026-11-22T10:00:00+00:00")


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def keep(cache, key=KEY, picture=PICTURE):
    with cache.reserve(key) as room:
        room.write(picture, "core", "local")


def files(cache):
    return sorted(path.name for path in cache.folder.rglob("*") if path.is_file())


def test_a_kept_picture_comes_back_as_it_was_and_says_that_it_is_kept(cache):
    assert cache.find(KEY) is None
    keep(cache)
    assert cache.find(KEY) == replace(PICTURE, key=KEY, cached=True)
    assert cache.has(KEY)
    assert list(cache.all_keys()) == [KEY]


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_the_file_has_the_formats_own_ending(cache, format):
    keep(cache, picture=replace(PICTURE, format=format))
    assert set(files(cache)) == {f"{KEY}.{format}", f"{KEY}.json"}


def test_a_refusal_is_remembered_without_a_picture(cache):
    cache.remember_refusal(KEY, Entry("core", "local", refused="Filter reason: prompt"))
    assert cache.has(KEY)
    assert cache.find(KEY).refused == "Filter reason: prompt"
    keep(cache)
    assert cache.find(KEY).data == PICTURE.data


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: bytes([data[0] ^ 1]) + data[1:],
        lambda data: data[:0],
    ],
)
def test_a_picture_that_is_not_as_it_was_written_is_not_served(cache, damage):
    keep(cache)
    path = cache.picture_path(KEY, cache.entry(KEY))
    path.write_bytes(damage(path.read_bytes()))
    assert cache.find(KEY) is None
    keep(cache)
    assert cache.find(KEY).data == PICTURE.data


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"5", b'{"model": 1}', b"\xff\xfe"])
def test_an_entry_that_cannot_be_read_is_as_good_as_none(cache, text):
    keep(cache)
    (cache.folder / KEY[:2] / f"{KEY}.json").write_bytes(text)
    assert cache.find(KEY) is None
    assert not cache.has(KEY)
    keep(cache)
    assert cache.find(KEY).data == PICTURE.data


@given(
    told=st.dictionaries(
        st.sampled_from([*Entry.__dataclass_fields__, "more"]),
        st.none() | st.integers() | st.text() | st.lists(st.integers(), max_size=2),
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_whatever_an_entry_says_looking_it_up_never_fails(cache, told):
    path = cache.folder / KEY[:2] / f"{KEY}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"model": "core", "realm": "local", **told}))
    entry = cache.find(KEY)
    assert entry is None or (isinstance(entry, Entry) and isinstance(entry.refused, str))
    cache.has(KEY)
    cache.forget(KEY)
    assert not path.exists()


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("seed", "../../x"), ("width", None), ("price", 4), ("drawn_at", 5), ("refused", ["x"])],
)
def test_an_entry_with_a_field_of_another_type_is_as_good_as_none(cache, name, wrong):
    keep(cache)
    path = cache.folder / KEY[:2] / f"{KEY}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), name: wrong}))
    assert cache.find(KEY) is None
    assert not cache.has(KEY)


def test_an_entry_whose_picture_is_gone_is_as_good_as_none(cache):
    keep(cache)
    cache.picture_path(KEY, cache.entry(KEY)).unlink()
    assert cache.find(KEY) is None
    assert not cache.has(KEY)


def test_a_forgotten_entry_leaves_nothing(cache):
    keep(cache)
    cache.forget(KEY)
    cache.forget(OTHER)
    assert files(cache) == []


def test_room_that_was_not_filled_leaves_nothing(cache):
    with pytest.raises(ValueError, match="no picture"), cache.reserve(KEY):
        raise ValueError("no picture")
    assert files(cache) == []
    assert cache.find(KEY) is None


def test_the_space_is_set_aside_before_the_picture_is_there(cache):
    with cache.reserve(KEY):
        sizes = [path.stat().st_size for path in cache.folder.rglob("*.part")]
        assert max(sizes) == SPACE
    keep(cache)
    assert cache.picture_path(KEY, cache.entry(KEY)).stat().st_size == len(PICTURE.data)


@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_before_the_money_is_spent(cache, monkeypatch, reason):
    def full(*_):
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(InputProblem, match="Free some space"), cache.reserve(KEY):
        pytest.fail("there is no room")
    assert files(cache) == []


def test_a_file_system_that_cannot_set_space_aside_is_used_all_the_same(cache, monkeypatch):
    def unable(*_):
        raise OSError(errno.EOPNOTSUPP, "not supported")

    monkeypatch.setattr(os, "posix_fallocate", unable)
    keep(cache)
    assert cache.find(KEY).data == PICTURE.data


@pytest.mark.parametrize("name", ["cache", "locks"])
def test_a_file_in_the_place_of_a_folder_is_told_by_name(cache, name):
    (cache.folder.parent / name).write_text("")
    refused = pytest.raises(InputProblem, match=f"Cannot write .*{name}")
    with refused, cache.lock(KEY, threading.Event()):
        keep(cache)


def test_a_lock_that_cannot_be_taken_is_told_by_name(cache):
    (cache.folder.parent / "locks" / f"{KEY}.lock").mkdir(parents=True)
    refused = pytest.raises(InputProblem, match=r"Cannot write .*lock")
    with refused, cache.lock(KEY, threading.Event()):
        pytest.fail("this is no lock")


def test_a_key_is_held_by_one_thread_at_a_time_and_its_file_is_gone_afterwards(cache):
    inside = threading.Lock()

    def hold(_):
        with cache.lock(KEY, threading.Event()):
            assert inside.acquire(blocking=False)
            inside.release()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(hold, range(100)))
    assert list((cache.folder.parent / "locks").iterdir()) == []


def test_different_keys_do_not_wait_for_each_other(cache):
    with cache.lock(KEY, threading.Event()), cache.lock(OTHER, threading.Event()):
        assert len(list((cache.folder.parent / "locks").iterdir())) == 2


def test_stop_ends_the_wait_for_a_key(cache):
    stop, ended = threading.Event(), []

    def wait():
        try:
            with cache.lock(KEY, stop):
                ended.append("held")
        except Interrupted:
            ended.append("stopped")

    with cache.lock(KEY, threading.Event()):
        waiter = threading.Thread(target=wait)
        waiter.start()
        stop.set()
        waiter.join(20)
    assert ended == ["stopped"]


def _count_up(folder, times):
    cache, file = Cache(folder / "cache"), folder / "count"
    for _ in range(times):
        with cache.lock(KEY, threading.Event()):
            file.write_text(str(int(file.read_text()) + 1))


def test_a_key_is_held_by_one_process_at_a_time(tmp_path):
    (tmp_path / "count").write_text("0")
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_count_up, args=(tmp_path, 40)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert (tmp_path / "count").read_text() == "160"


def test_a_killed_holder_lets_go(cache):
    context = multiprocessing.get_context("fork")
    held = context.Event()

    def hold():
        with cache.lock(KEY, threading.Event()):
            held.set()
            threading.Event().wait(60)

    holder = context.Process(target=hold)
    holder.start()
    assert held.wait(20)
    holder.kill()
    with cache.lock(KEY, threading.Event()):
        holder.join(20)


@pytest.mark.parametrize("ending", ["json", "png"])
def test_what_is_there_and_cannot_be_read_is_not_paid_for_again(cache, monkeypatch, ending):
    keep(cache)
    read = Path.read_bytes

    def broken(path):
        if path.suffix == f".{ending}":
            raise OSError(errno.EIO, "Input/output error")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", broken)
    with pytest.raises(InputProblem, match="input/output error"):
        cache.find(KEY)


def test_a_folder_in_the_place_of_a_picture_is_told_when_it_is_to_be_forgotten(cache):
    keep(cache)
    picture = cache.picture_path(KEY, cache.entry(KEY))
    picture.unlink()
    picture.mkdir()
    assert cache.find(KEY) is None
    with pytest.raises(InputProblem, match=picture.name):
        cache.forget(KEY)
