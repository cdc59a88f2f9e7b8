"""sdbr upscale: larger pictures."""

from __future__ import annotations

import click

from sdbr.cli.help import Command
from sdbr.cli.look_options import INPUT, LookFlags, look_options
from sdbr.cli.options import Run, grouped, run_options

_EXAMPLES = """
sdbr upscale photo.jpg --offline
sdbr upscale old/ --how conservative --prompt "a portrait" --max-cost 5
"""
_upscale = grouped("Upscale")


@click.command("upscale", cls=Command, epilog=_EXAMPLES)
@click.argument("inputs", nargs=-1, metavar="INPUT...")
@_upscale(
    "--how",
    type=click.Choice(["fast", "conservative", "creative"]),
    default="fast",
    help="fast: exactly 4 times a side, of pictures up to 1024x1024 or as many pixels; the others: "
    "to about 4K, dearer, guided by --prompt [default: fast].",
)
@_upscale("--prompt", default="", help="What the picture shows (conservative, creative).")
@_upscale("--creativity", help="0.1 to 0.5 (conservative, creative).")
@look_options(*INPUT[1:])
@run_options
def command(
    inputs: tuple[str, ...],
    how: str,
    prompt: str,
    creativity: str | None,
    look_flags: LookFlags,
    run: Run,
) -> None:
    """Make pictures larger and print the results' paths, one a line."""
    from sdbr.cli.over_pictures import PictureTask, draw_over

    task = PictureTask("upscale", f"{how}-upscale")
    draw_over(task, inputs, {"prompt": prompt, "creativity": creativity}, look_flags, run)
