"""The common course of the commands that draw clips: settle, price, consent, draw, print."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import click

from sdbr.bedrock import body
from sdbr.bedrock.catalog import Catalog
from sdbr.clip_options import ClipFlags
from sdbr.delivery import line
from sdbr.errors import InputProblem, PartlyDone, SdbrError, ServiceProblem
from sdbr.generation.estimating import Estimate, estimate
from sdbr.generation.stack import Drawing, Means, drawing
from sdbr.interruption import until_interrupted
from sdbr.options import Run
from sdbr.voice import Voice
from sdbr.workflows import pictures
from sdbr.workflows.film import course, trial
from sdbr.workflows.film.restyling import Finished, Settled, restyle
from sdbr.workflows.film.settling import Order, look_over, settle
from sdbr.workflows.film.sources import Source


def film(
    sources: Sequence[Source], order: Order, flags: ClipFlags, run: Run, catalog: Catalog
) -> None:
    """Draw each clip and print its result's path. One that fails does not stop the others."""
    means = run.means(catalog)
    voice = Voice(quiet=run.output.quiet, verbose=bool(run.output.verbose))
    means.workspace.prepare()
    settled, failed = _settled(sources, order, flags, means, catalog)
    for one in settled:
        for note in one.reader.notes:
            voice.say(note)
    if not settled:
        raise failed[0]
    told = _priced(settled, flags.test_frames, means)
    if run.dry_run:
        _print_plan(settled, told)
        return
    pictures.agree(means, told, voice, lambda question: click.confirm(question, err=True))
    stop = threading.Event()
    with (
        until_interrupted(stop, voice.say),
        drawing(means, order.wish.command, stop, voice.passing) as under_way,
    ):
        under_way.ledger.plan_run(under_way.run, told.pictures, told.saved)

        def work(one: Settled) -> None:
            if flags.test_frames is not None:
                _draw_trial(one, flags.test_frames, under_way, means)
            else:
                _draw(one, under_way, means, voice, run.output.json)

        done = sum(_attempt(work, one, failed, stop) for one in settled)
        voice.say(pictures.spending(under_way, told))
    _conclude(done, len(sources), failed)


def _settled(
    sources: Iterable[Source], order: Order, flags: ClipFlags, means: Means, catalog: Catalog
) -> tuple[list[Settled], list[SdbrError]]:
    settled: list[Settled] = []
    failed: list[SdbrError] = []
    for source in sources:
        try:
            stills = isinstance(source.what, tuple) or source.what.is_dir()
            reader = source.open(flags.rate(stills))
            footage = look_over(reader, flags.choice(stills))
            settled.append(
                Settled(source, reader, settle(source, footage, order, means, catalog), order)
            )
        except InputProblem as error:
            failed.append(error)
    return settled, failed


def _priced(settled: Sequence[Settled], trial_frames: int | None, means: Means) -> Estimate:
    requests = []
    for one in settled:
        wanted = one.film.footage.frames
        if trial_frames is not None:
            wanted = trial.spread(wanted, trial_frames)
        requests += course.requests_of(one.film, wanted)
    keys = [body.key(request, means.realm) for request in requests]

    def paid_for(key: str) -> bool:
        return not means.fresh and means.cache.has(key)

    told = estimate(zip(keys, requests, strict=True), paid_for, billed=means.realm == "aws")
    return replace(told, thing="frame", remarks=_remarks(settled))


def _remarks(settled: Sequence[Settled]) -> tuple[str, ...]:
    silent = [
        one.film.painter.request.strength for one in settled if one.order.look.strength is None
    ]
    chosen = dict.fromkeys(strength for strength in silent if strength is not None)
    return tuple(f"strength {strength:g} by default" for strength in chosen)


def _draw_trial(one: Settled, count: int, under_way: Drawing, means: Means) -> None:
    wanted = trial.spread(one.film.footage.frames, count)
    line(str(trial.draw_trial(one, wanted, under_way, means, one.order.where.results)))


def _draw(one: Settled, under_way: Drawing, means: Means, voice: Voice, as_json: bool) -> None:
    finished = restyle(one, under_way, means, voice)
    for note in finished.notes:
        voice.say(note)
    if finished.held:
        voice.say(f"{len(finished.held)} refused frames show the picture before them.")
    _print(one, finished, means, as_json)


def _attempt(
    work: Callable[[Settled], None], one: Settled, failed: list[SdbrError], stop: threading.Event
) -> bool:
    """Draw one clip; a failure of its own is noted, one of the whole run is raised."""
    try:
        work(one)
    except (InputProblem, ServiceProblem, PartlyDone) as error:
        if stop.is_set():
            raise
        error.args = (f"{one.source.name}: {error}",)
        failed.append(error)
        return False
    return True


def _conclude(done: int, total: int, failed: Sequence[SdbrError]) -> None:
    if not failed:
        return
    if not done:
        raise failed[0]
    others = "".join(f" {error}" for error in failed)
    raise PartlyDone(f"{total - done} of {total} clips were not made.{others}")


def _print(one: Settled, finished: Finished, means: Means, as_json: bool) -> None:
    if not as_json:
        line(str(finished.path))
        return
    film = one.film
    told: dict[str, Any] = {
        "path": str(finished.path),
        "source": str(one.source.files[0]),
        "model": film.painter.request.model.invoke_id,
        "prompt": film.painter.request.prompt,
        "seed": film.painter.request.seed,
        "size": str(film.size),
        "frames": finished.frames,
        "duration": round(float(film.footage.duration), 6),
        "held": [number + 1 for number in finished.held],
        "emulated": means.realm != "aws",
    }
    line(json.dumps(told, ensure_ascii=False))


def _print_plan(settled: Sequence[Settled], told: Estimate) -> None:
    for one in settled:
        first = course.requests_of(one.film, one.film.footage.frames[:1])[0]
        line(f"{one.source.name}: {len(one.film.footage.frames)} frames to {one.film.tree.target}")
        line(f"POST /model/{first.model.invoke_id}/invoke")
        line(body.outline(first))
    click.echo(f"{told}. Nothing was sent.", err=True)
