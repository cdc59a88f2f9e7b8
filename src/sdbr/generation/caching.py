"""The same request is never paid for twice: not later, not at the same time, not next door."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from sdbr.bedrock.answers import refused
from sdbr.errors import Refused
from sdbr.generation.generate import Generate
from sdbr.request import ImageRequest, Picture
from sdbr.store.cache import Cache, Entry

KeyOf = Callable[[ImageRequest], str]


def cached(
    generate: Generate, cache: Cache, key_of: KeyOf, fresh: bool, stop: threading.Event
) -> Generate:
    """Answer from `cache` what it holds, refusals too; draw the rest, which `kept` puts there.

    A key that is being drawn by another thread or process is waited for, until `stop`. `fresh`
    draws anew what was there before this run, once.
    """
    drawn_anew: set[str] = set()

    def from_cache(key: str) -> Picture | None:
        if fresh and key not in drawn_anew:
            return None
        found = cache.find(key)
        if isinstance(found, Entry):
            raise refused(found.refused)
        return found

    def draw(request: ImageRequest, key: str) -> Picture:
        try:
            picture = replace(generate(request), key=key)
        except Refused:
            drawn_anew.add(key)
            raise
        drawn_anew.add(key)
        return picture

    def answer(request: ImageRequest) -> Picture:
        key = key_of(request)
        if (picture := from_cache(key)) is not None:
            return picture
        with cache.lock(key, stop):
            return from_cache(key) or draw(request, key)

    return answer
