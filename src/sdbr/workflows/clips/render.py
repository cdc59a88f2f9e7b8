"""Draw one prepared clip, show a preview, and write it whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from sdbr.console import Console
from sdbr.errors import InputProblem, Refused
from sdbr.files import plain_write_errors
from sdbr.generation.stack import Resources, RunSession
from sdbr.media.clip import FrameTiming, TimedFrame
from sdbr.media.metadata.xmp import DigitalSource
from sdbr.media.open import origin_of
from sdbr.media.preview import open_preview
from sdbr.media.writer import open_writer
from sdbr.workflows.clips.assemble import assemble_frames, inherit_loop, restore_alpha
from sdbr.workflows.clips.draw import ClipPlan, Tally
from sdbr.workflows.clips.footage import Footage
from sdbr.workflows.clips.prepare import PreparedClip
from sdbr.workflows.clips.regions import compositor
from sdbr.workflows.clips.requests import write_frame
from sdbr.workflows.clips.steadiness import SteadinessCurve, write_steadiness
from sdbr.workflows.failures import Failures, explain_interruption
from sdbr.workflows.names import record_template
from sdbr.workflows.progress import Phase, RunProgress, expected_seconds
from sdbr.workflows.provenance.claim import keep_signed, signature_of
from sdbr.workflows.provenance.write import (
    common_fields,
    digital_source,
    record_text,
    without_account,
)

_BETWEEN = "in between"
_LOOKS = 13.0
"""A frame in between takes as long as looking at so many: 160 ms to 12 ms at 1280x720."""


@dataclass(frozen=True, slots=True)
class ClipResult:
    """A written clip: where, how steady, which frames show a held picture, which were drawn beyond
    the plan, what was noted.

    `numbers` are those that were `measured`, for JSON.
    """

    path: Path
    measured: SteadinessCurve
    numbers: Mapping[str, Any]
    held: tuple[int, ...]
    extra_frames: tuple[int, ...]
    notes: tuple[str, ...]

    @property
    def extra(self) -> int:
        """How many frames were drawn beyond the plan."""
        return len(self.extra_frames)


def render_clip(
    clip: PreparedClip, session: RunSession, resources: Resources, console: Console, extra: int = 0
) -> ClipResult:
    """Draw the keyframes, fill the rest and write the clip.

    `extra` frames may be drawn beyond the plan where nothing explains them. Raises what stopped
    it; then nothing is written, and what was drawn stays in the cache, so that the same command
    goes on from there.
    """
    plan, spec = clip.plan, clip.spec
    footage, folders = plan.footage, plan.folders
    _make_folders(plan)
    if plan.keep_frames:
        folders.write_index(index_of(clip))
    tally = Tally(Failures(total=len(plan.requested)), extra_allowed=extra)
    measured = SteadinessCurve()
    origin = origin_of(footage.clip, footage.cut_at, spec.audio)
    comment = record_text(how_made(clip, resources.realm))
    source, signature = _source_of(plan), signature_of(resources)
    answers: dict[str, bytes] = {}
    settings = inherit_loop(footage.clip, spec.settings, spec.loop_chosen)
    settings = replace(settings, background=footage.background, exact=plan.fixed)
    timing, count = timing_of(footage), 0
    progress = _progress(clip, session, resources)
    session = progress.watch(session, _drawn(plan))
    seal = None
    if signature is not None:
        session = keep_signed(session, answers)
        seal = partial(signature.seal, folders.target, source, plan.inputs, answers)
    keyframes = {frame.number for frame in plan.drawn}
    with (
        console.status(progress.line),
        open_preview(folders.preview, timing, origin, console.say) as preview,
        open_writer(
            folders.target,
            timing,
            origin=origin,
            settings=settings,
            comment=comment,
            source=source if resources.provenance else None,
            seal=seal,
        ) as writer,
    ):
        finished = assemble_frames(clip, session, resources, tally)
        if regions := clip.order.regions:
            lay = compositor(regions, footage, clip.reader)
            finished = (replace(one, pixels=lay(one.shown.number, one.pixels)) for one in finished)
        if footage.see_through:
            finished = restore_alpha(finished, clip)
        for one in finished:
            shown, pixels = one.shown, one.pixels
            measured.add(one)
            if plan.keep_frames and clip.changes_finished:
                write_frame(folders.generated_frame(shown.number), pixels, footage.background)
            frame = TimedFrame(pixels, shown.at, shown.lasts)
            writer.add(frame)
            preview.add(frame)
            if shown.number not in keyframes:
                progress.step(_BETWEEN)
            count += 1
        _raise_if_missing(count, clip, tally, session)
    numbers = measured.as_json()
    record = {**plan.numbers, "drawn": len(plan.requested) + tally.extra, **numbers}
    write_steadiness(
        resources.workspace.hidden / "clips" / f"{folders.fingerprint}.steadiness.json", record
    )
    held, extra_frames = tuple(tally.held), tuple(tally.extra_frames)
    return ClipResult(folders.target, measured, numbers, held, extra_frames, writer.notes)


def _source_of(plan: ClipPlan) -> DigitalSource:
    """What the IPTC calls the clip, and the models of its keyframes.

    Where all keyframes are the user's own, no model has a part in it, and nobody knows how they
    were made: a composite.
    """
    source = digital_source(plan.requests.opening, plan.inputs)
    generated = [frame.number for frame in plan.drawn if frame.number not in plan.fixed]
    models = [plan.requests.shot_at(number).request.model.invoke_id for number in generated]
    if not models:
        return replace(source, term="composite", model="")
    return replace(source, model=without_account(", ".join(dict.fromkeys(models))))


def _drawn(plan: ClipPlan) -> str:
    return "keyframes" if len(plan.drawn) < len(plan.footage.frames) else "frames"


def _progress(clip: PreparedClip, session: RunSession, resources: Resources) -> RunProgress:
    """The phases of a clip. One that draws from the last result draws one frame at a time."""
    drawn, frames = len(clip.plan.requested), len(clip.plan.footage.frames)
    each = expected_seconds(session, clip.plan.requests.request.model)
    workers = 1 if clip.spec.feedback else resources.effort.workers
    phases = [Phase(_drawn(clip.plan), drawn, each, workers)] if drawn else []
    if (filled := frames - len(clip.plan.drawn)) > 0:
        phases.append(Phase(_BETWEEN, filled, _LOOKS * clip.look_seconds or None))
    return RunProgress([*phases, Phase("writing", 1, 0.0)], session.budget)


def how_made(clip: PreparedClip, realm: str) -> dict[str, Any]:
    """The record in the clip's metadata: the same run gives the same text."""
    plan, request = clip.plan, clip.plan.requests.request
    treatment = [str(plan.requests.placement)]
    return {
        **common_fields(clip.spec.command, request, realm, plan.inputs, treatment),
        "fingerprint": plan.folders.fingerprint,
        "told": {name: value for name, value in clip.spec.flags if name != "seed"},
        "frames": len(plan.footage.frames),
        "size": list(plan.size),
        **record_template(clip.spec.name),
    }


def index_of(clip: PreparedClip) -> dict[str, object]:
    """What frames.json tells: the source, the settings, and the time of each frame in seconds."""
    plan = clip.plan
    return {
        "source": clip.source.files[0].name,
        "size": list(plan.footage.clip.size),
        "rate": str(plan.footage.clip.rate),
        "duration": str(plan.footage.duration),
        "settings": dict(clip.spec.flags),
        "seed": plan.requests.request.seed,
        "model": plan.requests.request.model.invoke_id,
        **plan.numbers,
        "frames": [
            {
                "file": plan.folders.source_frame(frame.number).name,
                "at": str(frame.at),
                "lasts": str(frame.lasts),
                "sha256": frame.digest,
            }
            for frame in plan.footage.frames
        ],
    }


def timing_of(footage: Footage) -> FrameTiming:
    """The clip's own timing; uneven where frames were left out."""
    choice, clip = footage.choice, footage.clip
    if choice.every == 1 and choice.fps is None:
        return clip.timing
    rate = len(footage.frames) / footage.duration
    return replace(clip.timing, rate=rate, variable=True)


def _make_folders(plan: ClipPlan) -> None:
    folders = [plan.folders.target.parent]
    if plan.needs_source_frames:
        folders.append(plan.folders.source)
    if plan.keep_frames:
        folders.append(plan.folders.generated)
    for folder in folders:
        with plain_write_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)


def _raise_if_missing(count: int, clip: PreparedClip, tally: Tally, session: RunSession) -> None:
    total = len(clip.plan.footage.frames)
    if count == total:
        return
    failures = tally.failures
    if not count and tally.held and not failures.any:
        raise Refused("The safety filter refused every frame. Change the prompt or the clip.")
    # Pictures ahead of the frame that was written last are there, too.
    failures.done = len(tally.drawn) + len(tally.held) + tally.extra
    failures.total += tally.extra
    if session.stop.is_set() and not failures.any:
        raise explain_interruption(failures.done, failures.total)
    if failures.any:
        failures.raise_at_end()
    raise InputProblem(
        f"Reading the clip again gave {count} frames instead of {total}. Run the command again."
    )
