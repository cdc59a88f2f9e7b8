"""The common course of the commands that draw clips: settle, price, consent, draw, print."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import click

from sdbr.bedrock.catalog import Catalog
from sdbr.cli.clip_options import ClipFlags, SteadyFlags
from sdbr.cli.options import Run
from sdbr.cli.runs.clip_output import Teller, print_plan, tell, tell_finished
from sdbr.cli.runs.pictures import line
from sdbr.console import Console, counted, until_interrupted
from sdbr.errors import InputProblem, PartlyDone, SdbrError, ServiceProblem
from sdbr.generation.estimate import consent
from sdbr.generation.stack import Resources, Session, drawing, spent
from sdbr.motion.arrays import one_thread_a_call
from sdbr.workflows.clips import sheets
from sdbr.workflows.clips.footage import look_over
from sdbr.workflows.clips.overrides import (
    named,
    note_redrawn,
    note_trial,
    parse_places,
    redraw,
    redraws_of,
    trial_of,
)
from sdbr.workflows.clips.prepare import ClipOrder, PreparedClip, settle
from sdbr.workflows.clips.pricing import (
    Allowance,
    is_paid,
    most_extra,
    price,
    priced,
    saved_of,
    with_more,
    within_cap,
)
from sdbr.workflows.clips.refine import denser
from sdbr.workflows.clips.render import ClipResult, restyle
from sdbr.workflows.clips.source import ClipSource
from sdbr.workflows.pictures.draw import spending

_ROUNDS = 3
"""Times that a clip is drawn anew with more keyframes to come under --max-flicker."""


@dataclass(frozen=True, slots=True)
class ClipRunFlags:
    """The flags of a command that draws clips, but for the look."""

    clip: ClipFlags
    steady: SteadyFlags


def film(
    sources: Sequence[ClipSource], order: ClipOrder, flags: ClipRunFlags, run: Run, catalog: Catalog
) -> None:
    """Draw each clip and print its result's path. One that fails does not stop the others."""
    means = run.means(catalog, refused="hold")
    voice = Console(quiet=run.output.quiet, verbose=bool(run.output.verbose))
    means.workspace.prepare()
    one_thread_a_call()
    settled, failed = _settled(sources, order, flags, means, catalog)
    if not settled:
        raise failed[0]
    rule = flags.steady.rule if flags.steady.keyframes == "auto" else None
    settled = _redrawn(within_cap(settled, rule, means), flags, means)
    told = priced(settled, flags.clip.test_frames, means)
    if flags.steady.max_flicker is not None:
        told = with_more(told, settled)
    tell(settled, told, voice)
    if run.dry_run:
        print_plan(settled, run.output.json)
        return
    consent(told, means.spending, _ask if voice.terminal else None)
    if flags.steady.redraw is not None:
        for one in settled:
            note = redraws_of(means.workspace.hidden, one.film.tree.fingerprint)
            note_redrawn(note, one.film.painter.redrawn)
    stop = threading.Event()
    with (
        until_interrupted(stop, voice.say),
        drawing(means, order.wish.command, stop, voice.passing) as under_way,
    ):
        under_way.ledger.plan_run(under_way.run, told.pictures, told.saved)
        allowance, teller = Allowance(means.spending, told.cost), Teller(voice, run.output.json)

        def work(one: PreparedClip) -> None:
            if flags.steady.review or flags.clip.test_frames is not None:
                _draw_trial(one, flags.clip.test_frames, under_way, means, teller)
            else:
                _draw(one, flags, (under_way, allowance), means, teller)

        done: list[PreparedClip] = []
        try:
            done.extend(one for one in settled if _attempt(work, one, failed, stop))
        finally:
            under_way.ledger.saved_by_keyframes(under_way.run, saved_of(done))
            voice.say(spending(under_way, told))
    _conclude(len(done), len(sources), failed)


def _ask(question: str) -> bool:
    return click.confirm(question, err=True)


def _settled(
    sources: Iterable[ClipSource],
    order: ClipOrder,
    flags: ClipRunFlags,
    means: Resources,
    catalog: Catalog,
) -> tuple[list[PreparedClip], list[SdbrError]]:
    settled: list[PreparedClip] = []
    failed: list[SdbrError] = []
    for source in sources:
        try:
            stills = isinstance(source.what, tuple) or source.what.is_dir()
            reader = source.open(flags.clip.rate(stills))
            # Only under a cap may the keyframes have to be placed anew.
            capped = means.spending.cap is not None
            rule = flags.steady.rule(None)
            footage = look_over(reader, flags.clip.choice(stills), rule, thorough=capped)
            if reader.clip.cut and not flags.clip.accept_cut:
                raise InputProblem(
                    f"{source.files[0]} is cut off: {len(footage.frames)} frames can be read. "
                    "Copy or download it again, or add --accept-cut to draw these."
                )
            where = order.where.with_promised(one.film.tree for one in settled)
            film = settle(source, footage, replace(order, where=where), means, catalog)
            settled.append(PreparedClip(source, reader, film, order))
        except InputProblem as error:
            failed.append(error)
    return settled, failed


def _redrawn(
    settled: list[PreparedClip], flags: ClipRunFlags, means: Resources
) -> list[PreparedClip]:
    """The clips with new seeds for the keyframes that --redraw names."""
    if flags.steady.redraw is None:
        return settled
    places = parse_places(flags.steady.redraw)
    again = []
    for one in settled:
        wanted = named(one.film.footage.plan.keyframes, places)
        painter = one.film.painter
        times = redraw(painter.redrawn, wanted, partial(is_paid, one, means=means))
        painter = replace(painter, redrawn=times)
        again.append(replace(one, film=replace(one.film, painter=painter)))
    return again


def _draw_trial(
    one: PreparedClip, count: int | None, under_way: Session, means: Resources, teller: Teller
) -> None:
    wanted = one.film.drawn
    if count is not None:
        wanted = sheets.spread(one.film.footage.frames, count)
        note = trial_of(means.workspace.hidden, one.film.tree.fingerprint)
        note_trial(note, [frame.number for frame in wanted])
    sheet = sheets.draw_trial(one, wanted, under_way, means, one.order.where.results)
    numbers = [frame.number + 1 for frame in wanted]
    told = json.dumps({"path": str(sheet), "frames": numbers}, ensure_ascii=False)
    line(told if teller.as_json else str(sheet))


def _draw(
    one: PreparedClip,
    flags: ClipRunFlags,
    spending: tuple[Session, Allowance],
    means: Resources,
    teller: Teller,
) -> None:
    """Draw a clip, and again with more keyframes while that makes it steadier."""
    under_way, allowance = spending
    before = spent(under_way.budget)
    most = flags.steady.max_flicker
    extra = min(most_extra(one), allowance.pictures(price(one), under_way))
    finished = restyle(one, under_way, means, teller.voice, extra)
    for _ in range(_ROUNDS):
        if most is None or 1000 * finished.measured.flicker <= most:
            break
        more = _with_more_keyframes(one, finished, most / 1000)
        new = len(more.film.drawn) - len(one.film.drawn)
        if not 0 < new <= allowance.pictures(price(one), under_way):
            break
        teller.voice.say(
            f"{finished.measured}: over {most:g}, drawing {counted(new, 'more keyframe')}"
        )
        extra_anew = min(most_extra(more), allowance.pictures(price(one), under_way) - new)
        again = restyle(more, under_way, means, teller.voice, extra_anew)
        if again.measured.flicker >= finished.measured.flicker:
            teller.voice.say("More keyframes did not make it steadier: the clip stays as it was.")
            finished = restyle(one, under_way, means, teller.voice, extra)
            break
        one, finished, extra = more, again, extra_anew
    tell_finished(one, finished, spent(under_way.budget) - before, teller, means)
    if most is not None and 1000 * finished.measured.flicker > most:
        dearer = "raise --max-cost, " if means.spending.cap is not None else ""
        raise PartlyDone(
            f"{finished.path} flickers at {1000 * finished.measured.flicker:.2f}, over "
            f"--max-flicker {most:g}. Lower --strength, {dearer}or allow more."
        )


def _with_more_keyframes(one: PreparedClip, finished: ClipResult, most: float) -> PreparedClip:
    footage = one.film.footage
    plan = denser(footage.plan, finished.measured.curve, most)
    return replace(one, film=replace(one.film, footage=replace(footage, plan=plan)))


def _attempt(
    work: Callable[[PreparedClip], None],
    one: PreparedClip,
    failed: list[SdbrError],
    stop: threading.Event,
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
