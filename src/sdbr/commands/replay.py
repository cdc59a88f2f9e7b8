"""sdbr replay: make a result again, or with a changed flag."""

from __future__ import annotations

from typing import Any

import click

from sdbr.cli.help import Command
from sdbr.cli.look_options import ASPECT, FAMILIES, INPUT, LookFlags, beside_options, look_options
from sdbr.cli.options import Run, grouped, run_options

_EXAMPLES = """
sdbr replay generate/img/photo-7.png
sdbr replay generate/img/photo-7.png --strength 0.4,0.6 --sheet
sdbr replay fox-7.png --prompt "a blue fox" --seed 1..4
sdbr replay generate/videos/clip.mp4 --strength 0.4
"""


@click.command("replay", cls=Command, examples=_EXAMPLES)
@click.argument("file", metavar="FILE")
@grouped("Look")("--prompt", help="Another prompt.")
@look_options(*INPUT, ASPECT, *FAMILIES)
@beside_options
@run_options
def command(file: str, prompt: str | None, told: LookFlags, beside: Any, run: Run) -> None:
    """Make FILE again, a picture or a clip: for nothing as it was, or anew with changed flags.

    What it was made from must still lie where it was.
    """
    from sdbr.cli.runs.pictures import deliver
    from sdbr.cli.runs.replay import is_clip, rerun
    from sdbr.workflows.provenance import read
    from sdbr.workflows.replay import found, jobs_again
    from sdbr.workspace import Workspace

    workspace = Workspace(run.root)
    path = found(file, workspace)
    made = read.read(path)
    if is_clip(made):
        rerun(made, path.stem, workspace.hidden / "inputs")
        return
    changed = {**told.flags, "prompt": prompt, "format": told.format}
    command_name, jobs = jobs_again(
        str(path), changed, told.count, beside, run.catalog(), workspace
    )
    deliver(command_name, jobs, run, sheet=told.sheet)
