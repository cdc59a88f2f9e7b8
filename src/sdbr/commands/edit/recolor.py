"""sdbr edit recolor: change the color of an object."""

from __future__ import annotations

import click

from sdbr.cli.help import Command
from sdbr.cli.look_options import INPUT, LookFlags, grow_mask, look_options
from sdbr.cli.options import RUN_ESSENTIALS, Run, grouped, run_options

_EXAMPLES = 'sdbr edit recolor photo.jpg "bright red" --find "the car"'
_ESSENTIALS = (
    *("--find", "--grow-mask", "--negative", "--count", "--seed", "--format"),
    "--sheet",
    *RUN_ESSENTIALS,
)


@click.command("recolor", cls=Command, epilog=_EXAMPLES, essentials=_ESSENTIALS)
@click.argument("arguments", nargs=-1, metavar="INPUT... PROMPT")
@grouped("Recolor")("--find", required=True, metavar="WORDS", help="What to recolor, in words.")
@look_options(*INPUT[1:], grow_mask)
@run_options
def command(arguments: tuple[str, ...], find: str, look_flags: LookFlags, run: Run) -> None:
    """Recolor what --find describes, as PROMPT says."""
    from sdbr.cli.over_pictures import PictureTask, draw_over
    from sdbr.workflows.inputs import inputs_and_prompt

    inputs, prompt = inputs_and_prompt(arguments, look_flags.flags, run.catalog())
    more = {"prompt": prompt, "select_prompt": find}
    draw_over(PictureTask("edit recolor", "search-recolor"), inputs, more, look_flags, run)
