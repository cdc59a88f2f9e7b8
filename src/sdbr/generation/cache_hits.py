"""The same request is never paid for twice, and a paid picture is on disk before all else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from sdbr.bedrock.answers import explain_refusal
from sdbr.errors import InputProblem, NoPicture, Refused, Trace
from sdbr.generation.generate import Generate, KeyedRequest
from sdbr.media.formats import sniff
from sdbr.request import Blob, ImageRequest, Model, Picture, Tell
from sdbr.store.cache import Cache, Entry

_MARGIN = 64 * 1024
"""Bytes beside the pixels: filter bytes, chunks, metadata."""


def use_cache(generate: Generate, cache: Cache, fresh: bool, stop: threading.Event) -> Generate:
    """Answer from `cache` what it holds, refusals too; draw the rest; `fill_cache` puts it there.

    A key that is being drawn by another thread or process is waited for, until `stop`. `fresh`
    draws anew what was there before this run, once.
    """
    drawn_anew: set[str] = set()

    def from_cache(key: str) -> Picture | None:
        if fresh and key not in drawn_anew:
            return None
        found = cache.find(key)
        if isinstance(found, Entry):
            raise explain_refusal(found.refused)
        return found

    def draw(wanted: KeyedRequest) -> Picture:
        key = wanted.key
        if (hit := from_cache(key)) is not None:
            return hit
        with cache.lock(key, stop):
            # Whoever held the key before may have drawn the picture meanwhile.
            if (hit := from_cache(key)) is not None:
                return hit
            try:
                picture = generate(wanted)
            except Refused:
                drawn_anew.add(key)
                raise
            drawn_anew.add(key)
            return replace(picture, key=key)

    return draw


def fill_cache(
    generate: Callable[[ImageRequest], Picture],
    cache: Cache,
    realm: str,
    tell: Tell,
) -> Generate:
    """Set disk space aside, send, and write what came, flushed, before returning it.

    It stands directly around the client, inside the ledger's row: a process killed after the
    row was closed has its picture. A full disk is met before the money is spent. A paid picture
    that its place does not take is kept elsewhere and given on, and then nothing more is sent.
    """
    failed: list[InputProblem] = []

    def draw(wanted: KeyedRequest) -> Picture:
        key, model = wanted.key, wanted.request.model
        trace = Trace(sent=False)
        try:
            if failed:
                raise failed[0]
            with cache.reserve(key, _space_of(model, wanted.request.init_image)) as space:
                trace = Trace(billed="yes", status=200)
                try:
                    picture = generate(wanted.request)
                except NoPicture as problem:
                    if problem.data and (path := cache.set_aside(key, problem.data)):
                        tell(f"{problem} The broken file was moved to {path}.")
                    raise
                except Refused as problem:
                    refusal = Entry(model.invoke_id, realm, refused=problem.reason or "refused")
                    with suppress(InputProblem):
                        cache.remember_refusal(key, refusal)
                    raise
                try:
                    space.write(picture, model.invoke_id, realm)
                    return picture
                except InputProblem as problem:
                    reason = problem
            home = cache.rescue(key, picture, model.invoke_id, realm)
            if home is None or not home.is_relative_to(cache.folder):
                place = f"is saved as {home}" if home else "exists only in the results"
                failed.append(InputProblem(f"{reason} The picture that was paid for {place}."))
                tell(str(failed[-1]))
        except InputProblem as problem:
            problem.trace = problem.trace or trace
            raise
        return picture

    return draw


def _space_of(model: Model, init_image: Blob | None) -> int:
    """Bytes of the largest PNG that a model sends: four for each pixel that it may draw.

    Models that draw from words alone draw one megapixel; the others a picture as large as the init
    image, Fast Upscale one of 16 times its pixels, the other upscalers up to 4K.
    """
    tasks, megapixel = model.tasks, 1024 * 1024
    pixels = megapixel
    if "text-to-image" not in tasks and init_image is not None:
        found = sniff(init_image.read())
        pixels = max(pixels, found.size.width * found.size.height if found else 0)
        pixels *= 16 if "upscale-fast" in tasks else 1
    if {"upscale-creative", "upscale-conservative"} & set(tasks):
        pixels = max(pixels, 8 * megapixel)
    return 4 * pixels + _MARGIN
