"""sdbr upscale: enlarge pictures."""

from __future__ import annotations

import click

from sdbr.cli.help import Command
from sdbr.cli.look_options import INPUT, LookFlags, look_options
from sdbr.cli.options import RUN_ESSENTIALS, Run, grouped, run_options

_EXAMPLES = """
sdbr upscale photo.jpg --offline
sdbr upscale old/ --how conservative --prompt "a portrait" --max-cost 5
"""
_upscale = grouped("Upscale")
_ESSENTIALS = (
    "--how",
    "--prompt",
    "--creativity",
    "--seed",
    "--format",
    "--sheet",
    *RUN_ESSENTIALS,
)


@click.command("upscale", cls=Command, epilog=_EXAMPLES, essentials=_ESSENTIALS)
@click.argument("inputs", nargs=-1, metavar="INPUT...")
@_upscale(
    "--how",
    type=click.Choice(["fast", "conservative", "creative"]),
    default="fast",
    metavar="HOW",
    help="fast (4x), conservative or creative [default: fast]. fast takes up to "
    "1024x1024 pixels, in any shape; the others give about 4K, cost more and follow --prompt.",
)
@_upscale(
    "--prompt",
    default="",
    metavar="PROMPT",
    help="What the picture shows (conservative, creative).",
)
@_upscale("--creativity", metavar="0.1..0.5", help="Detail to invent (conservative, creative).")
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
    """Enlarge pictures and print the paths of the results, one per line.

    INPUT is a file, a folder, a quoted glob, a name in source/img, or - for paths or a picture on
    stdin. Results go to generate/img.
    """
    from sdbr.cli.over_pictures import PictureTask, draw_over
    from sdbr.workflows.inputs import refuse_prompt

    instead = "Leave it out, or use --prompt with --how conservative or creative."
    refuse_prompt("upscale", inputs, instead)
    task = PictureTask("upscale", f"{how}-upscale")
    draw_over(task, inputs, {"prompt": prompt, "creativity": creativity}, look_flags, run)
