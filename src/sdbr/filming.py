"""The common course of the commands that draw clips: settle, price, consent, draw, print."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import click

from sdbr.bedrock import body
from sdbr.bedrock.catalog import Catalog, price_of
from sdbr.clip_options import ClipFlags, SteadyFlags
from sdbr.delivery import line
from sdbr.errors import InputProblem, PartlyDone, SdbrError, ServiceProblem, UsageProblem
from sdbr.generation.estimating import Estimate, consent, default_strengths, estimate, in_usd
from sdbr.generation.stack import Drawing, Means, drawing, spent
from sdbr.interruption import until_interrupted
from sdbr.options import Run
from sdbr.settings import Spending
from sdbr.voice import Voice, counted
from sdbr.workflows import pictures
from sdbr.workflows.film import course, trial
from sdbr.workflows.film.denser import denser
from sdbr.workflows.film.planning import look_over, placed_anew
from sdbr.workflows.film.redrawing import note_trial, parse_places, redraw
from sdbr.workflows.film.restyling import Finished, restyle
from sdbr.workflows.film.settling import Order, Settled, settle
from sdbr.workflows.film.sheeting import write_sheet
from sdbr.workflows.film.sources import Source

_ROUNDS = 3
"""Times that a clip is drawn anew with more keyframes to come under --max-flicker."""


@dataclass(frozen=True, slots=True)
class Flags:
    """The flags of a command that draws clips, but for the look."""

    clip: ClipFlags
    steady: SteadyFlags


def film(sources: Sequence[Source], order: Order, flags: Flags, run: Run, catalog: Catalog) -> None:
    """Draw each clip and print its result's path. One that fails does not stop the others."""
    means = run.means(catalog)
    voice = Voice(quiet=run.output.quiet, verbose=bool(run.output.verbose))
    means.workspace.prepare()
    settled, failed = _settled(sources, order, flags, means, catalog)
    if not settled:
        raise failed[0]
    settled = _redrawn(_within_cap(settled, flags, means), flags, means)
    told = _priced(settled, flags.clip.test_frames, means)
    _tell(settled, told, voice)
    if run.dry_run:
        _print_plan(settled)
        return
    consent(told, means.spending, _ask if voice.terminal else None)
    stop = threading.Event()
    with (
        until_interrupted(stop, voice.say),
        drawing(means, order.wish.command, stop, voice.passing) as under_way,
    ):
        under_way.ledger.plan_run(under_way.run, told.pictures, told.saved)
        under_way.ledger.saved_by_keyframes(under_way.run, _saved(settled))

        allowance = Allowance(means.spending, told.cost)

        def work(one: Settled) -> None:
            if flags.steady.review or flags.clip.test_frames is not None:
                _draw_trial(one, flags.clip.test_frames, under_way, means)
            else:
                _draw(one, flags, (under_way, allowance), means, _Teller(voice, run.output.json))

        try:
            done = sum(_attempt(work, one, failed, stop) for one in settled)
        finally:
            voice.say(pictures.spending(under_way, told))
    _conclude(done, len(sources), failed)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may be spent beyond the price that was told: nothing that nobody agreed to."""

    spending: Spending
    told: Decimal

    def pictures(self, price: Decimal, under_way: Drawing) -> int:
        """How many more pictures at `price` USD are agreed to; the cap itself is kept elsewhere."""
        if self.spending.assume_yes or self.spending.cap is not None or not price:
            return _PLENTY
        beyond = max(Decimal(0), spent(under_way.budget) - self.told)
        left = self.spending.ask_above - self.told - beyond
        return max(0, int(left / price))


_PLENTY = 1_000_000


@dataclass(frozen=True, slots=True)
class _Teller:
    """How results are told."""

    voice: Voice
    as_json: bool


def _ask(question: str) -> bool:
    return click.confirm(question, err=True)


def _settled(
    sources: Iterable[Source], order: Order, flags: Flags, means: Means, catalog: Catalog
) -> tuple[list[Settled], list[SdbrError]]:
    settled: list[Settled] = []
    failed: list[SdbrError] = []
    for source in sources:
        try:
            stills = isinstance(source.what, tuple) or source.what.is_dir()
            reader = source.open(flags.clip.rate(stills))
            footage = look_over(reader, flags.clip.choice(stills), flags.steady.rule(None))
            if reader.clip.cut and not flags.clip.accept_cut:
                raise InputProblem(
                    f"{source.files[0]} is cut off: {len(footage.frames)} frames can be read. "
                    "Copy or download it again, or add --accept-cut to draw these."
                )
            film = settle(source, footage, order, means, catalog)
            settled.append(Settled(source, reader, film, order))
        except InputProblem as error:
            failed.append(error)
    return settled, failed


def _redrawn(settled: list[Settled], flags: Flags, means: Means) -> list[Settled]:
    """The clips with new seeds for the keyframes that --redraw names."""
    if flags.steady.redraw is None:
        return settled
    places = parse_places(flags.steady.redraw)
    again = []
    for one in settled:
        note = means.workspace.hidden / "clips" / f"{one.film.tree.fingerprint}.redrawn.json"
        times = redraw(note, one.film.footage.plan.keyframes, places)
        painter = replace(one.film.painter, redrawn=times)
        again.append(replace(one, film=replace(one.film, painter=painter)))
    return again


def _within_cap(settled: list[Settled], flags: Flags, means: Means) -> list[Settled]:
    """Fewer keyframes where the cap is the tighter bound: each clip gets its share of the calls."""
    cap = means.spending.cap
    told = _priced(settled, None, means)
    if cap is None or told.cost <= cap or flags.steady.keyframes != "auto":
        return settled
    fewer = []
    for one in settled:
        allowed = int(len(one.film.drawn) * cap / told.cost)
        try:
            rule = flags.steady.rule(max(1, allowed))
            footage = placed_anew(one.film.footage, rule)
        except UsageProblem:
            footage = one.film.footage
        fewer.append(replace(one, film=replace(one.film, footage=footage)))
    return fewer


def _priced(settled: Sequence[Settled], trial_frames: int | None, means: Means) -> Estimate:
    requests = []
    for one in settled:
        wanted = one.film.drawn
        if trial_frames is not None:
            wanted = trial.spread(one.film.footage.frames, trial_frames)
        requests += course.requests_of(one.film, wanted)
    keys = [body.key(request, means.realm) for request in requests]

    told = estimate(zip(keys, requests, strict=True), means.paid_for, billed=means.realm == "aws")
    thing = "frame" if all(len(s.film.drawn) == _length(s) for s in settled) else "keyframe"
    return replace(told, thing=thing, remarks=_remarks(settled))


def _length(one: Settled) -> int:
    return len(one.film.footage.frames)


def _remarks(settled: Sequence[Settled]) -> tuple[str, ...]:
    silent = [s.film.painter.request.strength for s in settled if s.order.look.strength is None]
    strengths = default_strengths(silent)
    saved = _saved(settled)
    whole = sum((_price(one) * _length(one) for one in settled), Decimal(0))
    return (f"all frames: {in_usd(whole)} USD", *strengths) if saved else strengths


def _saved(settled: Sequence[Settled]) -> Decimal:
    """USD of the frames that motion fills."""
    return sum((_price(s) * (_length(s) - len(s.film.drawn)) for s in settled), Decimal(0))


def _price(one: Settled) -> Decimal:
    return price_of(one.film.painter.request) or Decimal(0)


def _tell(settled: Sequence[Settled], told: Estimate, voice: Voice) -> None:
    for one in settled:
        for note in one.reader.notes:
            voice.say(note)
        plan = one.film.footage.plan
        if plan.reasons and len(plan.keyframes) < plan.frames:
            voice.say(f"{one.source.name}: {'; '.join(plan.reasons)}")
    count = sum(map(_length, settled))
    voice.say(str(told) if told.thing == "frame" else f"{counted(count, 'frame')}: {told}")


def _draw_trial(one: Settled, count: int | None, under_way: Drawing, means: Means) -> None:
    wanted = one.film.drawn
    if count is not None:
        wanted = trial.spread(one.film.footage.frames, count)
        note = means.workspace.hidden / "clips" / f"{one.film.tree.fingerprint}.trial.json"
        note_trial(note, [frame.number for frame in wanted])
    line(str(trial.draw_trial(one, wanted, under_way, means, one.order.where.results)))


def _draw(
    one: Settled,
    flags: Flags,
    spending: tuple[Drawing, Allowance],
    means: Means,
    teller: _Teller,
) -> None:
    """Draw a clip, and again with more keyframes while that makes it steadier."""
    under_way, allowance = spending
    most = flags.steady.max_flicker
    extra = allowance.pictures(_price(one), under_way)
    finished = restyle(one, under_way, means, teller.voice, extra)
    for _ in range(_ROUNDS):
        if most is None or 1000 * finished.measured.flicker <= most:
            break
        more = _with_more_keyframes(one, finished, most / 1000)
        new = len(more.film.drawn) - len(one.film.drawn)
        if not 0 < new <= allowance.pictures(_price(one), under_way):
            break
        teller.voice.say(
            f"{finished.measured}: over {most:g}, drawing {counted(new, 'more keyframe')}"
        )
        again = restyle(more, under_way, means, teller.voice)
        if again.measured.flicker >= finished.measured.flicker:
            teller.voice.say("More keyframes did not make it steadier: the clip stays as it was.")
            finished = restyle(one, under_way, means, teller.voice)
            break
        one, finished = more, again
    _tell_finished(one, finished, teller, means)
    if most is not None and 1000 * finished.measured.flicker > most:
        raise PartlyDone(
            f"{finished.path} flickers at {1000 * finished.measured.flicker:.2f}, over "
            f"--max-flicker {most:g}. Lower --strength, raise --max-cost, or allow more."
        )


def _with_more_keyframes(one: Settled, finished: Finished, most: float) -> Settled:
    footage = one.film.footage
    plan = denser(footage.plan, finished.measured.curve, most)
    return replace(one, film=replace(one.film, footage=replace(footage, plan=plan)))


def _tell_finished(one: Settled, finished: Finished, teller: _Teller, means: Means) -> None:
    for note in finished.notes:
        teller.voice.say(note)
    if finished.held:
        teller.voice.say(
            f"Refused, so they show what is around them: {counted(len(finished.held), 'frame')}."
        )
    if finished.extra:
        teller.voice.say(
            f"Drawn as well, where motion explained too little: {counted(finished.extra, 'frame')}."
        )
    if finished.measured.curve:
        teller.voice.say(f"{one.source.name}: {finished.measured}")
    _print(one, finished, means, teller.as_json)
    if one.wish.sheet:
        teller.voice.say(f"Sheet: {write_sheet(one, finished.path)}")


def _attempt(
    work: Callable[[Settled], None], one: Settled, failed: list[SdbrError], stop: threading.Event
) -> bool:
    """Draw one clip; a failure of its own is noted, one of the whole run is raised."""
    try:
        work(one)
    except (InputProblem, ServiceProblem, PartlyDone) as error:
        if stop.is_set():
            raise
        failed.append(error)
        return False
    return True


def _conclude(done: int, total: int, failed: Sequence[SdbrError]) -> None:
    if not failed:
        return
    if total == 1 or not done:
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
        "frames": len(film.footage.frames),
        "duration": round(float(film.footage.duration), 6),
        "keyframes": [number + 1 for number in film.footage.plan.keyframes],
        "held": [number + 1 for number in finished.held],
        "steadiness": finished.measured.told(),
        "emulated": means.realm != "aws",
    }
    line(json.dumps(told, ensure_ascii=False))


def _print_plan(settled: Sequence[Settled]) -> None:
    for one in settled:
        first = course.requests_of(one.film, one.film.footage.frames[:1])[0]
        line(f"{one.source.name}: {len(one.film.footage.frames)} frames to {one.film.tree.target}")
        line(f"POST /model/{first.model.invoke_id}/invoke")
        line(body.outline(first))
    click.echo("Nothing was sent.", err=True)
