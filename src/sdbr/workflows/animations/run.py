"""What img2gif does with stills: prepare, price, draw the frames of each motion, write."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from sdbr.bedrock import body
from sdbr.bedrock.catalog import Catalog, price_of
from sdbr.console import counted
from sdbr.files import plain_write_errors
from sdbr.generation.estimate import Estimate, default_strengths, estimate
from sdbr.generation.stack import Resources, RunSession
from sdbr.media.credentials.signing import check_signable
from sdbr.workflows.animations import render
from sdbr.workflows.animations.draw import draw, frames_to_draw, keyed_requests
from sdbr.workflows.animations.motions import waves
from sdbr.workflows.animations.prepare import (
    COMMAND,
    AnimationSpec,
    PreparedAnimation,
    prepare_animation,
)
from sdbr.workflows.lines import PlanLine, ResultLine
from sdbr.workflows.look import style_remarks
from sdbr.workflows.progress import Phase, RunProgress, expected_seconds
from sdbr.workflows.provenance.claim import keep_signed
from sdbr.workflows.run import Results, RunPlan, Setup, prepare_each, run
from sdbr.workflows.verdict import animation_verdict


def animate(paths: Sequence[Path], spec: AnimationSpec, setup: Setup, catalog: Catalog) -> None:
    """Bring each still to life and print its animation's path.

    One that fails does not stop the others. Raises SdbrError.
    """
    if setup.resources.signing_key is not None:
        check_signable(spec.result.ending)
    setup.resources.workspace.prepare()

    def prepare(path: Path, before: Sequence[PreparedAnimation]) -> PreparedAnimation:
        where = spec.where.with_promised(one.folders for one in before)
        return prepare_animation(path, replace(spec, where=where), setup.resources, catalog)

    animations, failed = prepare_each(paths, prepare)
    works = [AnimationWork(animation, setup) for animation in animations]
    price = _estimate(animations, setup.resources)
    plan = RunPlan(COMMAND, "animations", works, price, failed, whole=True)
    run(replace(plan, folders=[spec.where.results]), setup)


def _estimate(animations: Sequence[PreparedAnimation], resources: Resources) -> Estimate:
    requests = [pair for animation in animations for pair in keyed_requests(animation, resources)]
    price = estimate(requests, resources.paid_for, billed=resources.realm == "aws")
    silent = [one.still.request.strength for one in animations if "strength" not in one.spec.flags]
    styles = style_remarks((one.spec.look.style, one.still.request) for one in animations)
    remarks = (*default_strengths(silent), *styles)
    if resources.realm == "local" and any(map(_ends_elsewhere, animations)):
        remarks = (
            *remarks,
            "the emulator only imitates the style of the last prompt, not its subject",
        )
    return replace(price, thing="frame", remarks=remarks)


def _ends_elsewhere(animation: PreparedAnimation) -> bool:
    """Whether it is a journey to other words, over the same still."""
    start, end = animation.still.request, animation.still.end
    return end is not None and end.prompt != start.prompt and end.init_image == start.init_image


@dataclass(frozen=True, slots=True)
class AnimationWork:
    """One still: a sheet of a few of its frames, or the whole animation."""

    animation: PreparedAnimation
    setup: Setup
    summary: str = ""

    @property
    def name(self) -> str:
        """The still's file name."""
        return self.animation.path.name

    def plan(self) -> Iterator[PlanLine]:
        """The first frame's request, and what is asked for each."""
        animation = self.animation
        wanted, target = frames_to_draw(animation), animation.folders.target
        first = animation.frames[wanted[0]]
        yield PlanLine(
            None if first.of else first.request,
            target,
            animation.path,
            heading="\n".join(
                [
                    f"{self.name}: writing {len(wanted)} frames to {target}",
                    *(_describe(animation, number) for number in wanted),
                ]
            ),
            more={"frames": [_plan_frame(animation, number) for number in wanted]},
        )

    def draw(self, session: RunSession) -> Results:
        """Draw the frames that are wanted, then write the animation, or a sheet for a trial."""
        animation, console, before = self.animation, self.setup.console, session.budget.spent
        target = animation.spec.result
        for note in animation.prepared.treatment:
            console.detail(f"{self.name}: {note}")
        with _frames_folder(animation, self.setup.resources) as folder:
            frames, resources = frames_to_draw(animation), self.setup.resources
            answers: dict[str, bytes] = {}
            each = expected_seconds(session, animation.still.request.model)
            told = RunProgress(
                [Phase("frames", len(frames), each, _at_once(animation, resources))], session.budget
            )
            with console.status(told.line):
                watched = told.watch(session, "frames")
                if resources.signing_key is not None:
                    watched = keep_signed(watched, answers)
                progress = draw(animation, folder, watched, resources)
            cost = session.budget.spent - before
            request = animation.still.request
            price = price_of(request.model, request.size, request.extras)
            source = animation.path
            if target.trial is not None:
                sheet, size = render.write_sheet(animation, folder, "trial")
                numbers = {"frames": [number + 1 for number in frames_to_draw(animation)]}
                yield ResultLine(sheet, request, request.seed, size, price, cost, source, numbers)
                return
            with console.status(RunProgress([Phase("writing", 1)]).line):
                result = render.write(animation, folder, resources, answers)
            for note in result.notes:
                console.say(f"{self.name}: {note}")
            if progress.held:
                held = counted(len(progress.held), "frame")
                console.say(f"{self.name}: {held} refused, so the previous frame is repeated.")
            verdict = [*animation_verdict(*render.shown_files(animation, folder))]
            for line in verdict:
                console.say(f"{self.name}: {line}")
            more = {
                "motion": animation.spec.motion.kind,
                "drawn": len(animation.frames),
                "frames": result.frames,
                "duration": round(float(result.duration), 6),
                "held": [number + 1 for number in progress.held],
                "verdict": " ".join(verdict),
            }
            yield ResultLine(
                result.path, request, request.seed, result.size, price, cost, source, more
            )
            if target.sheet:
                console.say(f"Sheet: {render.write_sheet(animation, folder, 'sheet')[0]}")


def _at_once(animation: PreparedAnimation, resources: Resources) -> int:
    """How many frames are drawn side by side: one where each is drawn from the one before."""
    waves_of = list(waves(animation.frames, frames_to_draw(animation)))
    return min(resources.effort.workers, max(map(len, waves_of), default=1))


@contextmanager
def _frames_folder(animation: PreparedAnimation, resources: Resources) -> Iterator[Path]:
    """Where the frames go: the tree's folder, or one that is gone afterwards."""
    result = animation.spec.result
    kept = result.keep_frames and result.trial is None
    hidden = resources.workspace.hidden / f"frames-{uuid4().hex}"
    folder = animation.folders.generated if kept else hidden
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


def _plan_frame(animation: PreparedAnimation, number: int) -> dict[str, object]:
    """A frame to draw; `over` are the frames that its init image is made of, if any: then
    its body is not known yet."""
    frame = animation.frames[number]
    return {
        "frame": number + 1,
        "over": [source + 1 for source in frame.of],
        "seed": frame.request.seed,
        "strength": frame.request.strength,
        "body": None if frame.of else json.loads(body.outline(frame.request)),
    }


def _describe(animation: PreparedAnimation, number: int) -> str:
    frame = animation.frames[number]
    over = " and ".join(str(source + 1) for source in frame.of)
    strength = frame.request.strength
    parts = [
        *([f"over frame {over}"] if over else []),
        f"seed {frame.request.seed}",
        *([] if strength is None else [f"strength {strength:g}"]),
    ]
    return f"frame {number + 1}: {', '.join(parts)}"
