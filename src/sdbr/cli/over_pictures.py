"""What every command that draws over pictures does with its flags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sdbr.cli.look_options import LookFlags
from sdbr.cli.options import Run

if TYPE_CHECKING:
    from sdbr.workflows.pictures.jobs import Attachments


@dataclass(frozen=True, slots=True)
class PictureTask:
    """What a command does to its inputs: its name, the model it prefers, and the kind of work."""

    command: str
    default_model: str
    kind: str = "image-to-image"


def draw_over(
    task: PictureTask,
    inputs: Sequence[str],
    more: Mapping[str, object],
    flags: LookFlags,
    run: Run,
    attachments: Attachments | None = None,
) -> None:
    """Find the inputs, make the jobs, draw them and print the paths.

    `more` are flags of the command's own, by the request's field names, the prompt among them.
    """
    from sdbr.media.stills.open import FIRST_FRAME
    from sdbr.workflows import inputs as input_files
    from sdbr.workflows.outputs import format_of
    from sdbr.workflows.pictures.draw import deliver
    from sdbr.workflows.pictures.jobs import Attachments, PictureSpec, from_pictures
    from sdbr.workspace import Workspace

    workspace, catalog = Workspace(run.root), run.catalog()
    homes = (workspace.source_img, workspace.generate_img)
    store = workspace.hidden / "inputs"
    paths = input_files.find(inputs, homes, input_files.PICTURES, store=store)
    values = {**more, **flags.with_format(format_of(flags.format, run.output.to))}
    default = run.config.models.get(task.command, task.default_model)
    wanted = PictureSpec(task.command, values, flags.count, run.output.name, default, task.kind)
    jobs, failed = from_pictures(paths, wanted, attachments or Attachments(), catalog, workspace)
    setup = run.setup(catalog)
    videos = input_files.VIDEOS - input_files.PICTURES
    notes = [*input_files.say_skipped(inputs, videos)]
    for name in dict.fromkeys(job.inputs[0].name for job in jobs if FIRST_FRAME in job.treatment):
        notes.append(
            f"{name}: only the first frame is used. To restyle all frames, use sdbr img2gif."
        )
    for note in notes:
        setup.console.say(note)
    deliver(task.command, jobs, setup, sheet=flags.sheet, failed=failed)
