"""The same request is never paid for twice, and a paid picture is on disk before all else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from sdbr.bedrock.answers import refused
from sdbr.errors import InputProblem, Refused, Trace
from sdbr.generation.generate import Generate
from sdbr.request import ImageRequest, Picture
from sdbr.store.cache import SPACE, Cache, Entry

KeyOf = Callable[[ImageRequest], str]

# Times the space: a 4K picture has up to 16 times the pixels; PNGs of that size stay under 32 MB.
_UPSCALED = 8


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

    def answer(request: ImageRequest) -> Picture:
        key = key_of(request)
        if (hit := from_cache(key)) is not None:
            return hit
        with cache.lock(key, stop):
            # Whoever held the key before may have drawn the picture meanwhile.
            if (hit := from_cache(key)) is not None:
                return hit
            try:
                picture = generate(request)
            except Refused:
                drawn_anew.add(key)
                raise
            drawn_anew.add(key)
            return replace(picture, key=key)

    return answer


def kept(generate: Generate, cache: Cache, key_of: KeyOf, realm: str) -> Generate:
    """Set disk space aside, send, and write what came, flushed, before returning it.

    It stands directly around the client, inside the ledger's row: a process killed after the
    row was closed has its picture. A full disk is met before the money is spent.
    """

    def draw(request: ImageRequest) -> Picture:
        key, model = key_of(request), request.model
        upscaled = any(task.startswith("upscale") for task in model.tasks)
        trace = Trace(sent=False)
        try:
            with cache.reserve(key, _UPSCALED * SPACE if upscaled else SPACE) as space:
                trace = Trace(billed="yes", status=200)
                try:
                    picture = generate(request)
                except Refused as problem:
                    refusal = Entry(model.invoke_id, realm, refused=problem.reason or "refused")
                    cache.remember_refusal(key, refusal)
                    raise
                space.fill(picture, model.invoke_id, realm)
        except InputProblem as problem:
            problem.trace = problem.trace or trace
            raise
        return picture

    return draw
