"""sdbr img2gif: a picture brought to life, an animation restyled."""

from __future__ import annotations

from typing import Any

import click

from sdbr.cli.animation_options import ANIMATION, gif_options
from sdbr.cli.clip_options import clip_options, steady_options
from sdbr.cli.help import Command
from sdbr.cli.look_options import FAMILIES, INPUT, LookFlags, animation_look_options, beside_options
from sdbr.cli.options import Run, run_options

_EXAMPLES = """
sdbr img2gif photo.jpg "as a woodcut" --frames 8 --offline
sdbr img2gif photo.jpg "deep forest" --motion evolve --zoom 1.04 --frames 24 --ping-pong
sdbr img2gif photo.jpg "oil painting" --motion ramp --strength 0.1:0.8 --hold 1 --crossfade 2
sdbr img2gif photo.jpg "winter" --to-prompt "summer" --ping-pong --max-size 8MB
sdbr img2gif dance.gif "anime" --test-frames 4
"""


@click.command("img2gif", cls=Command, examples=_EXAMPLES)
@click.argument("arguments", nargs=-1, metavar="INPUT... PROMPT")
@gif_options
@clip_options
@steady_options
@animation_look_options(*INPUT, *FAMILIES, *ANIMATION)
@beside_options
@run_options
def command(
    arguments: tuple[str, ...], told: LookFlags, beside: Any, run: Run, **groups: Any
) -> None:
    """Bring a picture to life, or restyle an animation, as a GIF, WebP, APNG or mp4.

    INPUT is a still, which is drawn again and again as --motion says; or a GIF, WebP, APNG or
    short video, whose frames are drawn anew at their own times. PROMPT, the last argument, says
    how it should look. Results go to generate/img, frames to generate/img/frames.
    """
    from sdbr.cli.runs.img2gif import AnimationFlags, restyle_clips, vivify
    from sdbr.workflows.inputs import find_inputs, inputs_and_prompt
    from sdbr.workspace import Workspace

    catalog = run.catalog()
    default = run.config.models.get("img2gif", "sd3.5")
    flags = {**told.flags, "model": told.flags["model"] or default}
    inputs, prompt = inputs_and_prompt(arguments, flags, catalog)
    paths, moving = find_inputs(inputs, Workspace(run.root))
    asked = AnimationFlags({**flags, "prompt": prompt}, told, beside, **groups)
    (restyle_clips if moving else vivify)(paths, asked, run, catalog)
