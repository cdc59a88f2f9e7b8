"""sdbr img2img: restyle pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sdbr.cli.help import Command
from sdbr.cli.look_options import ASPECT, FAMILIES, INPUT, LookFlags, beside_options, look_options
from sdbr.cli.options import RUN_ESSENTIALS, Run, grouped, run_options

if TYPE_CHECKING:
    from sdbr.workflows.pictures.jobs import Attachments

_EXAMPLES = """
sdbr img2img photo.jpg "as a woodcut" --offline
sdbr img2img photos/ "watercolor" --model structure --strength 0.4
sdbr img2img photo.jpg "oil painting" --strength 0.2..0.8..0.2 --seed 1..3 --sheet
sdbr img2img photo.jpg --model style-transfer --style-image monet.jpg
sdbr txt2img "a fox" --count 4 | sdbr img2img - "as a woodcut"
"""

_more = grouped("SDXL only")
_services = grouped("Services")

SERVICES = (
    _services("--composition-fidelity", metavar="0..1", help="Keep the layout (style-transfer)."),
    _services("--style-strength", metavar="0..1", help="Follow --style-image (style-transfer)."),
)
SCHEDULE = (
    _more(
        "--step-schedule-start",
        metavar="0..1",
        help="Lower keeps more of the input.",
        hidden=True,
    ),
    _more("--step-schedule-end", metavar="0..1", help="Where the schedule ends.", hidden=True),
)
_ESSENTIALS = (
    *("--model", "--strength", "--negative", "--count", "--seed", "--size"),
    *("--mask", "--style-image", "--format", "--sheet"),
    *RUN_ESSENTIALS,
)


@click.command("img2img", cls=Command, epilog=_EXAMPLES, essentials=_ESSENTIALS)
@click.argument("arguments", nargs=-1, metavar="INPUT... PROMPT")
@look_options(*INPUT, ASPECT, *SERVICES, *FAMILIES, *SCHEDULE)
@beside_options
@run_options
def command(
    arguments: tuple[str, ...], look_flags: LookFlags, beside: Attachments, run: Run
) -> None:
    """Restyle pictures and print the paths of the results, one per line, in input order.

    INPUT is a file, a folder, a quoted glob, a name in source/img, or - for paths or a
    picture on stdin. PROMPT, the last argument, describes the look. The default model is sd3.5.
    Results go to generate/img, keep the aspect ratio, and record how they were made.
    """
    from sdbr.cli.over_pictures import PictureTask, draw_over
    from sdbr.workflows.inputs import inputs_and_prompt

    default = run.config.models.get("img2img", "sd3.5")
    flags = {**look_flags.flags, "model": look_flags.flags["model"] or default}
    inputs, prompt = inputs_and_prompt(arguments, flags, run.catalog())
    draw_over(PictureTask("img2img", default), inputs, {"prompt": prompt}, look_flags, run, beside)
