"""sdbr edit outpaint: extend a picture beyond its edges."""

from __future__ import annotations

import click

from sdbr.cli.help import Command
from sdbr.cli.look_options import INPUT, LookFlags, look_options
from sdbr.cli.options import RUN_ESSENTIALS, Run, grouped, run_options

_EXAMPLES = """
sdbr edit outpaint photo.jpg --left 200 --right 200
sdbr edit outpaint photo.jpg --up 400 --prompt "a stormy sky"
"""
_grow = grouped("Extend")
_ESSENTIALS = (
    *("--left", "--right", "--up", "--down", "--prompt", "--creativity"),
    *("--seed", "--format", "--sheet"),
    *RUN_ESSENTIALS,
)


@click.command("outpaint", cls=Command, epilog=_EXAMPLES, essentials=_ESSENTIALS)
@click.argument("inputs", nargs=-1, metavar="INPUT...")
@_grow("--prompt", default="", metavar="PROMPT", help="What to generate there.")
@look_options(
    *(
        _grow(f"--{side}", metavar="PIXELS", help="Pixels to add, 0 to 2000.")
        for side in ("left", "right", "up", "down")
    ),
    _grow("--creativity", metavar="0.1..1", help="How freely to invent."),
    *INPUT[1:],
)
@run_options
def command(inputs: tuple[str, ...], prompt: str, look_flags: LookFlags, run: Run) -> None:
    """Extend pictures beyond their edges."""
    from sdbr.cli.over_pictures import PictureTask, draw_over
    from sdbr.workflows.inputs import refuse_prompt

    refuse_prompt("edit outpaint", inputs, "Put it after --prompt.")
    task = PictureTask("edit outpaint", "outpaint")
    draw_over(task, inputs, {"prompt": prompt}, look_flags, run)
