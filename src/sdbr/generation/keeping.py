"""A paid picture is on disk before anything else is done with it."""

from __future__ import annotations

from sdbr.errors import InputProblem, Refused, Trace
from sdbr.generation.caching import KeyOf
from sdbr.generation.generate import Generate
from sdbr.request import ImageRequest, Picture
from sdbr.store.cache import SPACE, Cache, Entry

_UPSCALED = 8  # A 4K picture has up to 16 times the pixels; PNGs of that size stay under 32 MB.


def kept(generate: Generate, cache: Cache, key_of: KeyOf, realm: str) -> Generate:
    """Set disk space aside, send, and write what came, flushed, before returning it.

    It stands directly around the client, inside the ledger's row: a process killed after the
    row was settled has its picture. A full disk is met before the money is spent.
    """

    def draw(request: ImageRequest) -> Picture:
        key = key_of(request)
        trace = Trace(sent=False)
        try:
            with cache.room(key, _space(request)) as room:
                trace = Trace(billed="yes", status=200)
                try:
                    picture = generate(request)
                except Refused as problem:
                    cache.remember_refusal(key, _refusal(request, realm, problem))
                    raise
                room.fill(picture, request.model.invoke_id, realm)
        except InputProblem as problem:
            problem.trace = problem.trace or trace
            raise
        return picture

    return draw


def _space(request: ImageRequest) -> int:
    upscaled = any(task.startswith("upscale") for task in request.model.tasks)
    return _UPSCALED * SPACE if upscaled else SPACE


def _refusal(request: ImageRequest, realm: str, problem: Refused) -> Entry:
    return Entry(request.model.invoke_id, realm, refused=problem.reason or "refused")
