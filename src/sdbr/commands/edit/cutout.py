"""sdbr edit cutout: remove the background."""

from __future__ import annotations

import click

from sdbr.cli.help import Command
from sdbr.cli.look_options import INPUT, LookFlags, look_options
from sdbr.cli.options import RUN_ESSENTIALS, Run, run_options

_EXAMPLES = "sdbr edit cutout photo.jpg -o cutout.png"
_ESSENTIALS = ("--fit", "--format", "--sheet", *RUN_ESSENTIALS)


@click.command("cutout", cls=Command, epilog=_EXAMPLES, essentials=_ESSENTIALS)
@click.argument("inputs", nargs=-1, metavar="INPUT...")
@look_options(*INPUT[1:])
@run_options
def command(inputs: tuple[str, ...], look_flags: LookFlags, run: Run) -> None:
    """Remove the background and leave it transparent."""
    from sdbr.cli.over_pictures import PictureTask, draw_over
    from sdbr.workflows.inputs import refuse_prompt

    refuse_prompt("edit cutout", inputs)
    draw_over(PictureTask("edit cutout", "remove-background"), inputs, {}, look_flags, run)
