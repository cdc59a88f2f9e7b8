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


def clip_plan(
    sources: Sequence[ClipSource], order: ClipOrder, flags: ClipRunFlags, run: Run, catalog: Catalog
) -> None:
    """Draw each clip and print its result's path. One that fails does not stop the others."""
    resources = run.resources(catalog, refused="hold")
    console = Console(quiet=run.output.quiet, verbose=bool(run.output.verbose))
    resources.workspace.prepare()
    one_thread_a_call()
    settled, failed = _settled(sources, order, flags, resources, catalog)
    if not settled:
        raise failed[0]
    rule = flags.steady.rule if flags.steady.keyframes == "auto" else None
    settled = _redrawn(within_cap(settled, rule, resources), flags, resources)
    told = priced(settled, flags.clip.test_frames, resources)
    if flags.steady.max_flicker is not None:
        told = with_more(told, settled)
    tell(settled, told, console)
    if run.dry_run:
        print_plan(settled, run.output.json)
        return
    consent(told, resources.spending, _ask if console.terminal else None)
    if flags.steady.redraw is not None:
        for one in settled:
            note = redraws_of(resources.workspace.hidden, one.clip_plan.folders.fingerprint)
            note_redrawn(note, one.clip_plan.frame_requests.redrawn)
    stop = threading.Event()
    with (
        until_interrupted(stop, console.say),
        drawing(resources, order.spec.command, stop, console.passing) as session,
    ):
        session.ledger.plan_run(session.run, told.pictures, told.saved)
        allowance, teller = (
            Allowance(resources.spending, told.cost),
            Teller(console, run.output.json),
        )

        def work(one: PreparedClip) -> None:
            if flags.steady.review or flags.clip.test_frames is not None:
                _draw_trial(one, flags.clip.test_frames, session, resources, teller)
            else:
                _draw(one, flags, (session, allowance), resources, teller)

        done: list[PreparedClip] = []
        try:
            done.extend(one for one in settled if _attempt(work, one, failed, stop))
        finally:
            session.ledger.saved_by_keyframes(session.run, saved_of(done))
            console.say(spending(session, told))
    _conclude(len(done), len(sources), failed)


def _ask(question: str) -> bool:
    return click.confirm(question, err=True)


def _settled(
    sources: Iterable[ClipSource],
    order: ClipOrder,
    flags: ClipRunFlags,
    resources: Resources,
    catalog: Catalog,
) -> tuple[list[PreparedClip], list[SdbrError]]:
    settled: list[PreparedClip] = []
    failed: list[SdbrError] = []
    for source in sources:
        try:
            stills = isinstance(source.what, tuple) or source.what.is_dir()
            reader = source.open(flags.clip.rate(stills))
            # Only under a cap may the keyframes have to be placed anew.
            capped = resources.spending.cap is not None
            rule = flags.steady.rule(None)
            footage = look_over(reader, flags.clip.choice(stills), rule, thorough=capped)
            if reader.clip.cut and not flags.clip.accept_cut:
                raise InputProblem(
                    f"{source.files[0]} is cut off: {len(footage.frames)} frames can be read. "
                    "Copy or download it again, or add --accept-cut to draw these."
                )
            where = order.where.with_promised(one.clip_plan.folders for one in settled)
            clip_plan = settle(source, footage, replace(order, where=where), resources, catalog)
            settled.append(PreparedClip(source, reader, clip_plan, order))
        except InputProblem as error:
            failed.append(error)
    return settled, failed


def _redrawn(
    settled: list[PreparedClip], flags: ClipRunFlags, resources: Resources
) -> list[PreparedClip]:
    """The clips with new seeds for the keyframes that --redraw names."""
    if flags.steady.redraw is None:
        return settled
    places = parse_places(flags.steady.redraw)
    again = []
    for one in settled:
        wanted = named(one.clip_plan.footage.plan.keyframes, places)
        frame_requests = one.clip_plan.frame_requests
        times = redraw(frame_requests.redrawn, wanted, partial(is_paid, one, resources=resources))
        frame_requests = replace(frame_requests, redrawn=times)
        again.append(replace(one, clip_plan=replace(one.clip_plan, frame_requests=frame_requests)))
    return again


def _draw_trial(
    one: PreparedClip, count: int | None, session: Session, resources: Resources, teller: Teller
) -> None:
    wanted = one.clip_plan.drawn
    if count is not None:
        wanted = sheets.spread(one.clip_plan.footage.frames, count)
        note = trial_of(resources.workspace.hidden, one.clip_plan.folders.fingerprint)
        note_trial(note, [frame.number for frame in wanted])
    sheet = sheets.draw_trial(one, wanted, session, resources, one.order.where.results)
    numbers = [frame.number + 1 for frame in wanted]
    told = json.dumps({"path": str(sheet), "frames": numbers}, ensure_ascii=False)
    line(told if teller.as_json else str(sheet))


def _draw(
    one: PreparedClip,
    flags: ClipRunFlags,
    spending: tuple[Session, Allowance],
    resources: Resources,
    teller: Teller,
) -> None:
    """Draw a clip, and again with more keyframes while that makes it steadier."""
    session, allowance = spending
    before = spent(session.budget)
    most = flags.steady.max_flicker
    extra = min(most_extra(one), allowance.pictures(price(one), session))
    finished = restyle(one, session, resources, teller.console, extra)
    for _ in range(_ROUNDS):
        if most is None or 1000 * finished.measured.flicker <= most:
            break
        more = _with_more_keyframes(one, finished, most / 1000)
        new = len(more.clip_plan.drawn) - len(one.clip_plan.drawn)
        if not 0 < new <= allowance.pictures(price(one), session):
            break
        teller.console.say(
            f"{finished.measured}: over {most:g}, drawing {counted(new, 'more keyframe')}"
        )
        extra_anew = min(most_extra(more), allowance.pictures(price(one), session) - new)
        again = restyle(more, session, resources, teller.console, extra_anew)
        if again.measured.flicker >= finished.measured.flicker:
            teller.console.say("More keyframes did not make it steadier: the clip stays as it was.")
            finished = restyle(one, session, resources, teller.console, extra)
            break
        one, finished, extra = more, again, extra_anew
    tell_finished(one, finished, spent(session.budget) - before, teller, resources)
    if most is not None and 1000 * finished.measured.flicker > most:
        dearer = "raise --max-cost, " if resources.spending.cap is not None else ""
        raise PartlyDone(
            f"{finished.path} flickers at {1000 * finished.measured.flicker:.2f}, over "
            f"--max-flicker {most:g}. Lower --strength, {dearer}or allow more."
        )


def _with_more_keyframes(one: PreparedClip, finished: ClipResult, most: float) -> PreparedClip:
    footage = one.clip_plan.footage
    plan = denser(footage.plan, finished.measured.curve, most)
    return replace(one, clip_plan=replace(one.clip_plan, footage=replace(footage, plan=plan)))


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
