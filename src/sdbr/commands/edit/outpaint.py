"""sdbr edit outpaint: grow a picture beyond its edges."""

from __future__ import annotations

import click

from sdbr.cli.help import Command
from sdbr.cli.look_options import INPUT, LookFlags, look_options
from sdbr.cli.options import Run, grouped, run_options

_EXAMPLES = """
sdbr edit outpaint photo.jpg --left 200 --right 200
sdbr edit outpaint photo.jpg --up 400 --prompt "a stormy sky"
"""
_grow = grouped("Grow")


@click.command("outpaint", cls=Command, epilog=_EXAMPLES)
@click.argument("inputs", nargs=-1, metavar="INPUT...")
@_grow("--prompt", default="", help="What to draw there.")
@look_options(
    *(_grow(f"--{side}", help="0 to 2000 pixels.") for side in ("left", "right", "up", "down")),
    _grow("--creativity", help="0.1 to 1."),
    *INPUT[1:],
)
@run_options
def command(inputs: tuple[str, ...], prompt: str, look_flags: LookFlags, run: Run) -> None:
    """Draw what could lie beyond the edges of pictures."""
    from sdbr.cli.over_pictures import PictureTask, draw_over

    task = PictureTask("edit outpaint", "outpaint")
    draw_over(task, inputs, {"prompt": prompt}, look_flags, run)
