"""sdbr edit inpaint: repaint a masked area."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sdbr.cli.help import Command
from sdbr.cli.look_options import INPUT, LookFlags, beside_options, grow_mask, look_options
from sdbr.cli.options import RUN_ESSENTIALS, Run, run_options

if TYPE_CHECKING:
    from sdbr.workflows.pictures.jobs import Attachments

_EXAMPLES = 'sdbr edit inpaint photo.jpg "a red kite" --mask sky.png'
_ESSENTIALS = (
    *("--mask", "--invert-mask", "--grow-mask", "--negative", "--count", "--seed"),
    *("--format", "--sheet"),
    *RUN_ESSENTIALS,
)


@click.command("inpaint", cls=Command, epilog=_EXAMPLES, essentials=_ESSENTIALS)
@click.argument("arguments", nargs=-1, metavar="INPUT... PROMPT")
@look_options(*INPUT[1:], grow_mask)
@beside_options
@run_options
def command(
    arguments: tuple[str, ...], look_flags: LookFlags, beside: Attachments, run: Run
) -> None:
    """Generate PROMPT in the white parts of --mask, or in the input's transparent parts."""
    from sdbr.cli.over_pictures import PictureTask, draw_over
    from sdbr.workflows.inputs import inputs_and_prompt

    inputs, prompt = inputs_and_prompt(arguments, look_flags.flags, run.catalog())
    draw_over(
        PictureTask("edit inpaint", "inpaint"), inputs, {"prompt": prompt}, look_flags, run, beside
    )
