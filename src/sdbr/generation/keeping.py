"""A paid picture is on disk before anything else is done with it."""

from __future__ import annotations

from sdbr.errors import InputProblem, Refused, Trace
from sdbr.generation.caching import KeyOf
from sdbr.generation.seam import Generate
from sdbr.request import ImageRequest, Picture
from sdbr.store.cache import Cache, Entry


def kept(generate: Generate, cache: Cache, key_of: KeyOf, realm: str) -> Generate:
    """Set disk space aside, send, and write what came, flushed, before returning it.

    It stands directly around the client, inside the ledger's row: a process killed after the
    row was settled has its picture. A full disk is met before the money is spent.
    """

    def draw(request: ImageRequest) -> Picture:
        key = key_of(request)
        trace = Trace(sent=False)
        try:
            with cache.room(key) as room:
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


def _refusal(request: ImageRequest, realm: str, problem: Refused) -> Entry:
    return Entry(request.model.invoke_id, realm, refused=problem.reason or "refused")
