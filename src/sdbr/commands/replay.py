"""sdbr replay: make a result again, or with a changed flag."""

from __future__ import annotations

from typing import Any

import click

from sdbr.helping import Command
from sdbr.looks import ASPECT, INPUT, SDXL, Told, beside_options, look_options
from sdbr.options import Run, grouped, run_options

_EXAMPLES = """
sdbr replay generate/img/photo-7.png
sdbr replay generate/img/photo-7.png --strength 0.4,0.6 --sheet
sdbr replay fox-7.png --prompt "a blue fox" --seed 1..4
"""


@click.command("replay", cls=Command, examples=_EXAMPLES)
@click.argument("file", metavar="FILE")
@grouped("Look")("--prompt", help="Another prompt.")
@look_options(*INPUT, ASPECT, *SDXL)
@beside_options
@run_options
def command(file: str, prompt: str | None, told: Told, beside: Any, run: Run) -> None:
    """Make the picture in FILE again: for nothing as it was, or anew with changed flags.

    Its input pictures must still lie where they were.
    """
    from sdbr.delivery import deliver
    from sdbr.workflows.replaying import jobs_again
    from sdbr.workspace import Workspace

    changed = {**told.flags, "prompt": prompt, "format": told.format}
    command_name, jobs = jobs_again(
        file, changed, told.count, beside, run.catalog(), Workspace(run.root)
    )
    deliver(command_name, jobs, run, sheet=told.sheet)
