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


def animate(paths: Sequence[Path], wish: AnimationSpec, run: Run, catalog: Catalog) -> None:
    """Bring each still to life and print its animation's path.

    One that fails does not stop the others. Raises SdbrError.
    """
    means = run.means(catalog)
    voice = Console(quiet=run.output.quiet, verbose=bool(run.output.verbose))
    means.workspace.prepare()
    scenes, failed = _settled(paths, wish, means, catalog)
    if not scenes:
        raise failed[0]
    told = _priced(scenes, means)
    if run.dry_run:
        _print_plan(scenes, told, run.output.json)
        return
    agree(means, told, voice, lambda question: click.confirm(question, err=True))
    stop = threading.Event()
    with (
        until_interrupted(stop, voice.say),
        drawing(means, COMMAND, stop, voice.passing) as under_way,
    ):
        under_way.ledger.plan_run(under_way.run, told.pictures, told.saved)
        done = []
        for scene in scenes:
            try:
                done.append(_make(scene, under_way, run, means, voice))
            except (InputProblem, ServiceProblem, PartlyDone) as error:
                if stop.is_set():
                    raise
                error.args = (f"{scene.path.name}: {error}",)
                failed.append(error)
        voice.say(spending(under_way, told))
    if run.output.open:
        for path in done:
            click.launch(str(path))
    _conclude(len(paths), failed)


def _settled(
    paths: Sequence[Path], wish: AnimationSpec, means: Resources, catalog: Catalog
) -> tuple[list[PreparedAnimation], list[SdbrError]]:
    scenes: list[PreparedAnimation] = []
    failed: list[SdbrError] = []
    for path in paths:
        try:
            where = wish.where.with_promised(scene.tree for scene in scenes)
            scenes.append(settle(path, replace(wish, where=where), means, catalog))
        except InputProblem as error:
            failed.append(error)
    return scenes, failed


def _priced(scenes: Sequence[PreparedAnimation], means: Resources) -> Estimate:
    requests = [pair for scene in scenes for pair in draw.keyed(scene, means)]

    told = estimate(requests, means.paid_for, billed=means.realm == "aws")
    silent = [scene.still.request.strength for scene in scenes if "strength" not in scene.wish.told]
    return replace(told, thing="frame", remarks=default_strengths(silent))


def _make(
    scene: PreparedAnimation, under_way: Session, run: Run, means: Resources, voice: Console
) -> Path:
    result, before = scene.wish.result, spent(under_way.budget)
    for note in scene.prepared.treatment:
        voice.detail(f"{scene.path.name}: {note}")
    with _frames_folder(scene, means) as folder:
        with voice.progress(len(wanted_of(scene)), "frame"):
            progress = draw.draw(scene, folder, under_way, means, voice)
        if result.trial is not None:
            sheet = render.write_sheet(scene, folder, "trial")
            line(str(sheet))
            return sheet
        finished = render.write(scene, folder, means.realm)
        for note in finished.notes:
            voice.say(note)
        if progress.held:
            held = counted(len(progress.held), "frame")
            voice.say(f"Refused, so they show what is before them: {held}.")
        if run.output.json:
            cost = spent(under_way.budget) - before
            line(json.dumps(_as_json(scene, finished, progress, cost, means), ensure_ascii=False))
        else:
            line(str(finished.path))
        if result.sheet:
            voice.say(f"Sheet: {render.write_sheet(scene, folder, 'sheet')}")
    return finished.path


@contextmanager
def _frames_folder(scene: PreparedAnimation, means: Resources) -> Iterator[Path]:
    """Where the frames go: the tree's folder, or one that is gone afterwards."""
    result = scene.wish.result
    kept = result.keep_frames and result.trial is None
    folder = scene.tree.generated if kept else means.workspace.hidden / f"frames-{uuid4().hex}"
    for path in (folder, scene.wish.where.results):
        with plain_write_errors(path):
            path.mkdir(parents=True, exist_ok=True)
    try:
        if kept:
            scene.tree.write_index(render.index_of(scene))
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
    scene: PreparedAnimation,
    finished: AnimationResult,
    progress: Progress,
    cost: Decimal,
    means: Resources,
) -> dict[str, Any]:
    request = scene.still.request
    return {
        "path": str(finished.path),
        "source": str(scene.path),
        "model": request.model.invoke_id,
        "prompt": request.prompt,
        "motion": scene.wish.motion.kind,
        "seed": request.seed,
        "size": str(finished.size),
        "drawn": len(scene.cels),
        "frames": finished.frames,
        "duration": round(float(finished.duration), 6),
        "held": [number + 1 for number in progress.held],
        "price": float(price_of(request) or 0),
        "cost": float(cost),
        "emulated": means.realm != "aws",
    }


def _print_plan(scenes: Sequence[PreparedAnimation], told: Estimate, as_json: bool) -> None:
    for scene in scenes:
        wanted = wanted_of(scene)
        if as_json:
            plan = [_as_planned(scene, number) for number in wanted]
            where = {"path": str(scene.tree.target), "source": str(scene.path)}
            line(json.dumps({**where, "frames": plan}, ensure_ascii=False))
            continue
        line(f"{scene.path.name}: {len(wanted)} frames to {scene.tree.target}")
        for number in wanted:
            cel = scene.cels[number]
            if cel.of:
                under = " and ".join(str(source + 1) for source in cel.of)
                line(f"frame {number + 1}: over frame {under}, {_asked(scene, number)}")
            else:
                line(f"POST /model/{cel.request.model.invoke_id}/invoke")
                line(body.outline(cel.request))
    click.echo(f"{told}. Nothing was sent.", err=True)


def _as_planned(scene: PreparedAnimation, number: int) -> dict[str, Any]:
    """A frame to draw; the init image of one over others is not there yet."""
    cel = scene.cels[number]
    return {
        "frame": number + 1,
        "over": [source + 1 for source in cel.of],
        "model": cel.request.model.invoke_id,
        "seed": cel.request.seed,
        "strength": cel.request.strength,
        "body": None if cel.of else json.loads(body.outline(cel.request)),
    }


def _asked(scene: PreparedAnimation, number: int) -> str:
    request = scene.cels[number].request
    strength = "" if request.strength is None else f", strength {request.strength:g}"
    return f"seed {request.seed}{strength}"
