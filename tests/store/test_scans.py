from __future__ import annotations

import os

from sdbr.store.scans import ScanStore


def test_what_is_kept_is_found_again_and_nothing_else(tmp_path):
    store = ScanStore(tmp_path / "scans")
    assert store.find("a") is None
    store.keep("a", b"content" * 99)
    assert store.find("a") == b"content" * 99
    assert store.find("b") is None


def test_an_entry_under_another_name_is_not_found(tmp_path):
    store = ScanStore(tmp_path)
    store.keep("a", b"content")
    os.rename(store.path("a"), store.path("b"))
    assert store.find("b") is None


def test_the_entries_not_used_for_the_longest_time_make_room(tmp_path):
    contents = {name: os.urandom(1000) for name in "abcd"}
    store = ScanStore(tmp_path, most_bytes=3500)
    for age, name in enumerate("abc"):
        store.keep(name, contents[name])
        os.utime(store.path(name), (age, age))
    store.find("a")
    store.keep("d", contents["d"])
    assert [name for name in "abcd" if store.find(name)] == ["a", "c", "d"]


def test_old_entries_are_pruned(tmp_path):
    store = ScanStore(tmp_path)
    for name in "ab":
        store.keep(name, b"content")
    size = store.path("a").stat().st_size
    os.utime(store.path("a"), (0, 0))
    assert store.measure() == (2, 2 * size)
    assert store.prune(30) == (1, size)
    assert store.measure() == (1, size)
