"""sdbr edit erase: remove an object."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sdbr.cli.help import Command
from sdbr.cli.look_options import INPUT, LookFlags, beside_options, grow_mask, look_options
from sdbr.cli.options import RUN_ESSENTIALS, Run, run_options

if TYPE_CHECKING:
    from sdbr.workflows.pictures.jobs import Attachments

_EXAMPLES = "sdbr edit erase photo.jpg --mask object.png"
_ESSENTIALS = (
    "--mask",
    "--invert-mask",
    "--grow-mask",
    "--seed",
    "--format",
    "--sheet",
    *RUN_ESSENTIALS,
)


@click.command("erase", cls=Command, epilog=_EXAMPLES, essentials=_ESSENTIALS)
@click.argument("inputs", nargs=-1, metavar="INPUT...")
@look_options(*INPUT[1:], grow_mask)
@beside_options
@run_options
def command(inputs: tuple[str, ...], look_flags: LookFlags, beside: Attachments, run: Run) -> None:
    """Erase the white parts of --mask, or the input's transparent parts, and fill them in."""
    from sdbr.cli.over_pictures import PictureTask, draw_over
    from sdbr.workflows.inputs import refuse_prompt

    refuse_prompt("edit erase", inputs)
    draw_over(PictureTask("edit erase", "erase"), inputs, {}, look_flags, run, beside)
