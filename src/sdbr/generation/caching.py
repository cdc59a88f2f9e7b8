"""The same request is never paid for twice: not later, not at the same time, not next door."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from sdbr.bedrock.answers import refused
from sdbr.errors import Refused
from sdbr.generation.seam import Generate
from sdbr.request import ImageRequest, Picture
from sdbr.store.cache import Cache, Entry

KeyOf = Callable[[ImageRequest], str]


def cached(
    generate: Generate,
    cache: Cache,
    key_of: KeyOf,
    realm: str,
    fresh: bool,
    stop: threading.Event,
) -> Generate:
    """Answer from `cache` what it holds; keep there whatever else is drawn, refusals too.

    A key that is being drawn by another thread or process is waited for, until `stop`. `fresh`
    draws anew what was there before this run, and keeps the new picture.
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
        with cache.room(key) as room:
            try:
                picture = generate(request)
            except Refused as problem:
                entry = Entry(request.model.invoke_id, realm, refused=problem.reason or "refused")
                cache.remember_refusal(key, entry)
                drawn_anew.add(key)
                raise
            room.fill(picture, request.model.invoke_id, realm)
        drawn_anew.add(key)
        return picture

    def answer(request: ImageRequest) -> Picture:
        key = key_of(request)
        if (picture := from_cache(key)) is not None:
            return picture
        with cache.lock(key, stop):
            return from_cache(key) or _named(draw(request, key), key)

    return answer


def _named(picture: Picture, key: str) -> Picture:
    return replace(picture, key=key)
