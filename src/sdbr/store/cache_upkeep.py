"""Looking after the cache: how large it is, what is broken, what may go."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sdbr.files import sweep
from sdbr.store.cache import Cache
from sdbr.store.open_runs import needed_keys

_DAY = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class CacheSize:
    """How many pictures and remembered refusals, and the pictures' bytes."""

    pictures: int
    refusals: int
    bytes: int


def measure(cache: Cache, keys: Iterable[str] | None = None) -> CacheSize:
    """Count what the cache holds, or what it holds of `keys`."""
    pictures = refusals = size = 0
    for key in cache.all_keys() if keys is None else keys:
        entry = cache.entry(key)
        if entry is None or entry.refused:
            refusals += entry is not None
        elif (path := cache.picture_path(key, entry)).is_file():
            pictures += 1
            size += path.stat().st_size
    return CacheSize(pictures, refusals, size)


def verify(cache: Cache) -> tuple[int, list[str]]:
    """Read every entry; take out those whose picture is missing or changed, and name their keys."""
    keys = sorted(cache.all_keys())
    broken = []
    for key in keys:
        if cache.find(key) is None:
            cache.forget(key)
            broken.append(key)
    return len(keys), broken


def prune(cache: Cache, runs: Iterable[Path], older_than_days: float) -> CacheSize:
    """Remove entries not touched for so many days, and leftovers of killed runs.

    What an unfinished run needs, whose note is in one of the folders `runs`, stays.
    """
    needed = frozenset(key for folder in runs for key in needed_keys(folder))
    before = time.time() - older_than_days * _DAY
    old = [
        key
        for key in cache.all_keys()
        if cache.entry(key) is not None
        and key not in needed
        and cache.entry_path(key).stat().st_mtime <= before
    ]
    removed = measure(cache, old)
    for key in old:
        cache.forget(key)
    sweep(cache.folder)
    return removed
