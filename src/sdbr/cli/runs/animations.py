"""The course of stills brought to life: settle, price, consent, draw, print."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import click

from sdbr.bedrock import body
from sdbr.bedrock.catalog import Catalog, price_of
from sdbr.cli.options import Run
from sdbr.cli.runs.pictures import line
from sdbr.console import Console, counted, until_interrupted
from sdbr.errors import InputProblem, PartlyDone, SdbrError, ServiceProblem
from sdbr.files import plain_write_errors
from sdbr.generation.estimate import Estimate, default_strengths, estimate
from sdbr.generation.stack import Resources, Session, drawing, spent
from sdbr.workflows.animations import draw, render
from sdbr.workflows.animations.draw import Progress, wanted_of
from sdbr.workflows.animations.prepare import COMMAND, AnimationSpec, PreparedAnimation, settle
from sdbr.workflows.animations.render import AnimationResult
from sdbr.workflows.pictures.draw import agree, spending


def animate(paths: Sequence[Path], spec: AnimationSpec, run: Run, catalog: Catalog) -> None:
    """Bring each still to life and print its animation's path.

    One that fails does not stop the others. Raises SdbrError.
    """
    resources = run.resources(catalog)
    console = Console(quiet=run.output.quiet, verbose=bool(run.output.verbose))
    resources.workspace.prepare()
    animations, failed = _settled(paths, spec, resources, catalog)
    if not animations:
        raise failed[0]
    told = _priced(animations, resources)
    if run.dry_run:
        _print_plan(animations, told, run.output.json)
        return
    agree(resources, told, console, lambda question: click.confirm(question, err=True))
    stop = threading.Event()
    with (
        until_interrupted(stop, console.say),
        drawing(resources, COMMAND, stop, console.passing) as session,
    ):
        session.ledger.plan_run(session.run, told.pictures, told.saved)
        done = []
        for animation in animations:
            try:
                done.append(_make(animation, session, run, resources, console))
            except (InputProblem, ServiceProblem, PartlyDone) as error:
                if stop.is_set():
                    raise
                error.args = (f"{animation.path.name}: {error}",)
                failed.append(error)
        console.say(spending(session, told))
    if run.output.open:
        for path in done:
            click.launch(str(path))
    _conclude(len(paths), failed)


def _settled(
    paths: Sequence[Path], spec: AnimationSpec, resources: Resources, catalog: Catalog
) -> tuple[list[PreparedAnimation], list[SdbrError]]:
    animations: list[PreparedAnimation] = []
    failed: list[SdbrError] = []
    for path in paths:
        try:
            where = spec.where.with_promised(animation.folders for animation in animations)
            animations.append(settle(path, replace(spec, where=where), resources, catalog))
        except InputProblem as error:
            failed.append(error)
    return animations, failed


def _priced(animations: Sequence[PreparedAnimation], resources: Resources) -> Estimate:
    requests = [pair for animation in animations for pair in draw.keyed(animation, resources)]

    told = estimate(requests, resources.paid_for, billed=resources.realm == "aws")
    silent = [
        animation.still.request.strength
        for animation in animations
        if "strength" not in animation.spec.told
    ]
    return replace(told, thing="frame", remarks=default_strengths(silent))


def _make(
    animation: PreparedAnimation, session: Session, run: Run, resources: Resources, console: Console
) -> Path:
    result, before = animation.spec.result, spent(session.budget)
    for note in animation.prepared.treatment:
        console.detail(f"{animation.path.name}: {note}")
    with _frames_folder(animation, resources) as folder:
        with console.progress(len(wanted_of(animation)), "frame"):
            progress = draw.draw(animation, folder, session, resources, console)
        if result.trial is not None:
            sheet = render.write_sheet(animation, folder, "trial")
            line(str(sheet))
            return sheet
        finished = render.write(animation, folder, resources.realm)
        for note in finished.notes:
            console.say(note)
        if progress.held:
            held = counted(len(progress.held), "frame")
            console.say(f"Refused, so they show what is before them: {held}.")
        if run.output.json:
            cost = spent(session.budget) - before
            line(
                json.dumps(
                    _as_json(animation, finished, progress, cost, resources), ensure_ascii=False
                )
            )
        else:
            line(str(finished.path))
        if result.sheet:
            console.say(f"Sheet: {render.write_sheet(animation, folder, 'sheet')}")
    return finished.path


@contextmanager
def _frames_folder(animation: PreparedAnimation, resources: Resources) -> Iterator[Path]:
    """Where the frames go: the tree's folder, or one that is gone afterwards."""
    result = animation.spec.result
    kept = result.keep_frames and result.trial is None
    folder = (
        animation.folders.generated
        if kept
        else resources.workspace.hidden / f"frames-{uuid4().hex}"
    )
    for path in (folder, animation.spec.where.results):
        with plain_write_errors(path):
            path.mkdir(parents=True, exist_ok=True)
    try:
        if kept:
            animation.folders.write_index(render.index_of(animation))
        yield folder
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)


def _conclude(total: int, failed: Sequence[SdbrError]) -> None:
    if not failed:
        return
    if len(failed) == total:
        raise failed[0]
    others = " ".join(str(error) for error in failed)
    raise PartlyDone(f"{len(failed)} of {total} animations were not made. {others}")


def _as_json(
    animation: PreparedAnimation,
    finished: AnimationResult,
    progress: Progress,
    cost: Decimal,
    resources: Resources,
) -> dict[str, Any]:
    request = animation.still.request
    return {
        "path": str(finished.path),
        "source": str(animation.path),
        "model": request.model.invoke_id,
        "prompt": request.prompt,
        "motion": animation.spec.motion.kind,
        "seed": request.seed,
        "size": str(finished.size),
        "drawn": len(animation.frames),
        "frames": finished.frames,
        "duration": round(float(finished.duration), 6),
        "held": [number + 1 for number in progress.held],
        "price": float(price_of(request) or 0),
        "cost": float(cost),
        "emulated": resources.realm != "aws",
    }


def _print_plan(animations: Sequence[PreparedAnimation], told: Estimate, as_json: bool) -> None:
    for animation in animations:
        wanted = wanted_of(animation)
        if as_json:
            plan = [_as_planned(animation, number) for number in wanted]
            where = {"path": str(animation.folders.target), "source": str(animation.path)}
            line(json.dumps({**where, "frames": plan}, ensure_ascii=False))
            continue
        line(f"{animation.path.name}: {len(wanted)} frames to {animation.folders.target}")
        for number in wanted:
            frame = animation.frames[number]
            if frame.of:
                under = " and ".join(str(source + 1) for source in frame.of)
                line(f"frame {number + 1}: over frame {under}, {_asked(animation, number)}")
            else:
                line(f"POST /model/{frame.request.model.invoke_id}/invoke")
                line(body.outline(frame.request))
    click.echo(f"{told}. Nothing was sent.", err=True)


def _as_planned(animation: PreparedAnimation, number: int) -> dict[str, Any]:
    """A frame to draw; the init image of one over others is not there yet."""
    frame = animation.frames[number]
    return {
        "frame": number + 1,
        "over": [source + 1 for source in frame.of],
        "model": frame.request.model.invoke_id,
        "seed": frame.request.seed,
        "strength": frame.request.strength,
        "body": None if frame.of else json.loads(body.outline(frame.request)),
    }


def _asked(animation: PreparedAnimation, number: int) -> str:
    request = animation.frames[number].request
    strength = "" if request.strength is None else f", strength {request.strength:g}"
    return f"seed {request.seed}{strength}"
