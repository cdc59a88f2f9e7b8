"""The common course of every command that draws over pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sdbr.cli.look_options import Told
from sdbr.cli.options import Run

if TYPE_CHECKING:
    from sdbr.workflows.pictures.job import Job
    from sdbr.workflows.pictures.jobs import Beside


@dataclass(frozen=True, slots=True)
class Task:
    """What a command does to its inputs: its name, the model it prefers, and the kind of work."""

    command: str
    default_model: str
    kind: str = "image-to-image"


def draw_over(
    task: Task,
    inputs: Sequence[str],
    more: Mapping[str, Any],
    told: Told,
    run: Run,
    beside: Beside | None = None,
) -> None:
    """Find the inputs, make the jobs, draw them and print the paths.

    `more` are flags of the command's own, by the request's field names, the prompt among them.
    """
    from sdbr.cli.runs.pictures import deliver
    from sdbr.console import Voice
    from sdbr.workflows import inputs as finding
    from sdbr.workflows.outputs import format_of
    from sdbr.workflows.pictures.jobs import Beside, Wanted, from_pictures
    from sdbr.workspace import Workspace

    workspace = Workspace(run.root)
    homes = (workspace.source_img, workspace.generate_img)
    paths = finding.find(inputs, homes, finding.PICTURES)
    flags = told.with_format(format_of(told.format, run.output.to), **more)
    default = run.config.models.get(task.command, task.default_model)
    wanted = Wanted(task.command, flags, told.count, default, task.kind)
    jobs = from_pictures(paths, wanted, beside or Beside(), run.catalog(), workspace)
    voice = Voice(quiet=run.output.quiet)
    for note in (*finding.passed_over(inputs, finding.VIDEOS - finding.PICTURES), *_stopped(jobs)):
        voice.say(note)
    deliver(task.command, jobs, run, sheet=told.sheet)


def _stopped(jobs: Sequence[Job]) -> list[str]:
    """What is to be said of animations, of which a still is made."""
    from sdbr.media.stills.open import FIRST_FRAME

    names = dict.fromkeys(job.inputs[0].name for job in jobs if FIRST_FRAME in job.treatment)
    return [
        f"{name}: only its first frame is drawn; sdbr img2gif takes them all." for name in names
    ]
