"""The last stretch of every drawing command: price, consent, drawing, results on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdbr.bedrock import body
from sdbr.cli.look_options import LookFlags
from sdbr.cli.options import Output, Run
from sdbr.console import Console
from sdbr.errors import InputProblem, UsageProblem
from sdbr.generation.stack import Resources
from sdbr.media.formats import sniff
from sdbr.workflows.outputs import check_free, job_targets
from sdbr.workflows.pictures import draw
from sdbr.workflows.pictures.draw import DrawOptions, PicturePlan, Saved
from sdbr.workflows.pictures.job import Job

if TYPE_CHECKING:
    from sdbr.workflows.pictures.job import Job
    from sdbr.workflows.pictures.jobs import Attachments


def deliver(command: str, jobs: Sequence[Job], run: Run, *, sheet: bool = False) -> None:
    """Draw `jobs` and print what was written, one line each, in order.

    `sheet` lays the results out on a contact sheet as well. Raises SdbrError.
    """
    output = run.output
    _refuse_terminal(output)
    resources = run.resources(run.catalog())
    jobs = job_targets(jobs, output.to, output.name)
    if run.dry_run:
        _print_plan(draw.make_plan(resources, command, draw.seeded(jobs)), output)
        return
    resources.workspace.prepare()
    note = draw.note_of(resources, command, jobs)
    plan = draw.make_plan(resources, command, draw.seeded(jobs, note.seeds))
    if output.to != "-":
        check_free(plan.jobs, plan.keys, output.overwrite)
    console = Console(quiet=output.quiet, verbose=bool(output.verbose))
    draw.agree(resources, plan.told, console, lambda question: click.confirm(question, err=True))
    note.need(plan.keys)
    written: list[tuple[Job, Path]] = []
    for saved in draw.draw(resources, plan, DrawOptions(console, write=output.to != "-")):
        _print(saved, output, resources)
        if saved.drawn.job.treatment:
            console.detail(
                f"{saved.drawn.job.inputs[0].name}: {'; '.join(saved.drawn.job.treatment)}"
            )
        if saved.path is not None:
            written.append((saved.drawn.job, saved.path))
    note.finish()
    if sheet:
        from sdbr.workflows.pictures.sheet import write_sheet

        console.say(f"Sheet: {write_sheet(written)}")
    if output.open:
        for _, path in written:
            click.launch(str(path))


def line(text: str) -> None:
    """One line on stdout at once; a name may hold what the terminal's encoding does not know."""
    write(text.encode("utf-8", "surrogateescape") + b"\n")


def write(data: bytes) -> None:
    """Bytes on stdout at once. Raises InputProblem where it is closed or full."""
    if sys.stdout is None:
        raise InputProblem("stdout is closed, so results cannot be told. Open it, or give -o.")
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise InputProblem(
            f"stdout cannot be written: {(error.strerror or str(error)).lower()}. Results are in "
            "the workspace; run the same command again to see their paths."
        ) from error


def _refuse_terminal(output: Output) -> None:
    if output.to == "-" and sys.stdout.isatty():
        raise UsageProblem("A picture is not for the terminal. Add > picture.png, or -o a file.")


def _print(saved: Saved, output: Output, resources: Resources) -> None:
    if saved.path is None:
        write(saved.drawn.data)
    elif output.json:
        line(json.dumps(_as_json(saved, resources), ensure_ascii=False))
    else:
        line(str(saved.path))


def _as_json(saved: Saved, resources: Resources) -> dict[str, Any]:
    picture, request = saved.drawn.picture, saved.drawn.job.request
    price = None if picture.price is None else float(picture.price)
    written = sniff(saved.drawn.data)
    return {
        "path": str(saved.path),
        "model": request.model.invoke_id,
        "prompt": request.prompt,
        "seed": picture.seed,
        "size": str(written.size if written else picture.size),
        "price": price,
        "cost": 0.0 if picture.cached else price,
        "cached": picture.cached,
        "emulated": resources.realm != "aws",
        "key": picture.key,
    }


def _print_plan(plan: PicturePlan, output: Output) -> None:
    for job, key in zip(plan.jobs, plan.keys, strict=True):
        told = {"model": job.request.model.invoke_id, "body": json.loads(body.outline(job.request))}
        if output.json:
            line(json.dumps({**told, "key": key}, ensure_ascii=False))
        else:
            line(f"POST /model/{told['model']}/invoke")
            line(json.dumps(told["body"], ensure_ascii=False, indent=2))
    print(f"{plan.told}. Nothing was sent.", file=sys.stderr)


@dataclass(frozen=True, slots=True)
class PictureTask:
    """What a command does to its inputs: its name, the model it prefers, and the kind of work."""

    command: str
    default_model: str
    kind: str = "image-to-image"


def draw_over(
    task: PictureTask,
    inputs: Sequence[str],
    more: Mapping[str, Any],
    told: LookFlags,
    run: Run,
    beside: Attachments | None = None,
) -> None:
    """Find the inputs, make the jobs, draw them and print the paths.

    `more` are flags of the command's own, by the request's field names, the prompt among them.
    """
    pass
    from sdbr.console import Console
    from sdbr.workflows import inputs as finding
    from sdbr.workflows.outputs import format_of
    from sdbr.workflows.pictures.jobs import Attachments, PictureSpec, from_pictures
    from sdbr.workspace import Workspace

    workspace = Workspace(run.root)
    homes = (workspace.source_img, workspace.generate_img)
    paths = finding.find(inputs, homes, finding.PICTURES)
    flags = told.with_format(format_of(told.format, run.output.to), **more)
    default = run.config.models.get(task.command, task.default_model)
    wanted = PictureSpec(task.command, flags, told.count, default, task.kind)
    jobs = from_pictures(paths, wanted, beside or Attachments(), run.catalog(), workspace)
    console = Console(quiet=run.output.quiet)
    for note in (*finding.passed_over(inputs, finding.VIDEOS - finding.PICTURES), *_stopped(jobs)):
        console.say(note)
    deliver(task.command, jobs, run, sheet=told.sheet)


def _stopped(jobs: Sequence[Job]) -> list[str]:
    """What is to be said of animations, of which a still is made."""
    from sdbr.media.stills.open import FIRST_FRAME

    names = dict.fromkeys(job.inputs[0].name for job in jobs if FIRST_FRAME in job.treatment)
    return [
        f"{name}: only its first frame is drawn; sdbr img2gif takes them all." for name in names
    ]
