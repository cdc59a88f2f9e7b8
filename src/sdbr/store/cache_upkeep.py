"""Looking after the cache: how large it is, what is broken, what may go."""

from __future__ import annotations

import time
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


def measure(cache: Cache) -> CacheSize:
    """Count what the cache holds."""
    pictures = refusals = size = 0
    for key in cache.all_keys():
        entry = cache.entry(key)
        if entry is None or entry.refused:
            refusals += entry is not None
            continue
        path = cache.picture_path(key, entry)
        if path.is_file():
            pictures += 1
            size += path.stat().st_size
    return CacheSize(pictures, refusals, size)


def verify(cache: Cache) -> tuple[int, list[str]]:
    """Read every entry; take out those whose picture is missing or changed, and name their keys."""
    broken = []
    checked = 0
    for key in list(cache.all_keys()):
        checked += 1
        if cache.find(key) is None:
            cache.forget(key)
            broken.append(key)
    return checked, sorted(broken)


def prune(cache: Cache, runs: Path, older_than_days: float) -> CacheSize:
    """Remove entries not touched for so many days, and leftovers of killed runs.

    What an unfinished run needs stays.
    """
    needed = frozenset(needed_keys(runs))
    before = time.time() - older_than_days * _DAY
    pictures = refusals = size = 0
    for key in list(cache.all_keys()):
        entry = cache.entry(key)
        path = cache.folder / key[:2] / f"{key}.json"
        if entry is None or key in needed or path.stat().st_mtime > before:
            continue
        picture = cache.picture_path(key, entry)
        if picture.is_file():
            pictures += 1
            size += picture.stat().st_size
        refusals += bool(entry.refused)
        cache.forget(key)
    sweep(cache.folder)
    return CacheSize(pictures, refusals, size)
