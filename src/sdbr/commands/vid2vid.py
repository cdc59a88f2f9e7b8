"""sdbr vid2vid: restyle videos."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from sdbr.cli.clip_options import clip_options, steady_options
from sdbr.cli.help import Command
from sdbr.cli.look_options import FAMILIES, INPUT, LookFlags, beside_options, video_look_options
from sdbr.cli.numbers import WholeNumber
from sdbr.cli.options import RUN_ESSENTIALS, Run, grouped, run_options
from sdbr.errors import UsageProblem
from sdbr.workflows.clips.flags import ClipFlags, SteadyFlags

if TYPE_CHECKING:
    from sdbr.workflows.pictures.jobs import Attachments

_EXAMPLES = """
sdbr vid2vid clip.mp4 "as a woodcut" --test-frames 4 --offline
sdbr vid2vid clip.mp4 "as a woodcut" --max-cost 10
sdbr vid2vid clip.mov "watercolor" --start 1:02 --duration 5 --fps 12 --model structure
sdbr vid2vid clip.mp4 --model remove-background -o cut-out.webm
sdbr vid2vid clip.mov "as a woodcut" --container prores --otio
sdbr vid2vid clip.mp4 --export-keyframes painted
sdbr vid2vid clip.mp4 "as a woodcut" --keyframes-from painted
sdbr vid2vid clip.mp4 "{a woodcut|watercolor}" --seed 7
sdbr vid2vid clip.mp4 "as a woodcut" --ping-pong --container gif
sdbr vid2vid clips/*.mp4 "anime" --yes --workers 16
sdbr txt2img "a fox" --count 8 | sdbr vid2vid - "watercolor" --fps 8
"""
_write = grouped("Video")
_ESSENTIALS = (
    *("--model", "--strength", "--seed", "--start", "--duration", "--fps"),
    *("--test-frames", "--keyframes", "--review", "--container", "--no-audio", "--sheet"),
    *RUN_ESSENTIALS,
)


@click.command("vid2vid", cls=Command, epilog=_EXAMPLES, essentials=_ESSENTIALS)
@click.argument("arguments", nargs=-1, metavar="INPUT... PROMPT")
@clip_options
@steady_options
@_write(
    "--crf",
    type=WholeNumber(0, 63),
    metavar="0..63",
    help="Quality factor; lower is better [default: 17 or 28].",
)
@_write(
    "--container",
    type=click.Choice(["mp4", "webm", "mov", "prores", "mkv", "gif", "webp", "apng", "frames"]),
    metavar="KIND",
    help="mp4, webm, mov, prores, mkv, gif, webp, apng or frames. prores is a .mov for editors: "
    "422 HQ, or 4444 if the clip has transparency. The default follows the suffix of -o, "
    "else it is mp4, or webm if the clip has transparency.",
)
@_write("--no-audio", is_flag=True, help="Drop the sound.")
@_write(
    "--otio",
    is_flag=True,
    help="Also write NAME.otio, a timeline for editors. OpenTimelineIO, with the shots as clips "
    "and the keyframes as markers. Needs the extra sdbr[otio].",
)
@video_look_options(*INPUT, *FAMILIES)
@beside_options
@run_options
def command(
    arguments: tuple[str, ...],
    clip: ClipFlags,
    steady: SteadyFlags,
    look_flags: LookFlags,
    beside: Attachments,
    run: Run,
    crf: int | None,
    container: str | None,
    no_audio: bool,
    otio: bool,
) -> None:
    """Restyle videos and keep their duration, frame rate, sound and subtitles.

    INPUT is a video, a GIF, a folder of pictures, or - for paths on stdin. PROMPT, the last
    argument, describes the look. Results go to generate/videos, frames to source/frames and
    generate/frames. During the run, NAME.preview.mp4 in generate/videos plays what is finished.
    """
    from sdbr.media.clip import EncodingSettings
    from sdbr.workflows.clips.cluster import open_engine
    from sdbr.workflows.clips.folders import places
    from sdbr.workflows.clips.orders import orders_of
    from sdbr.workflows.clips.prepare import ClipOrder, spec_of
    from sdbr.workflows.clips.run import restyle_clips
    from sdbr.workflows.clips.source import find_sources
    from sdbr.workflows.inputs import inputs_and_prompt
    from sdbr.workflows.look import Look
    from sdbr.workflows.outputs import clip_target, container_of, is_exact
    from sdbr.workspace import Workspace

    catalog, workspace = run.catalog(), Workspace(run.root)
    default = run.config.models.get("vid2vid", "sd3.5")
    flags = {**look_flags.flags, "model": look_flags.flags["model"] or default}
    inputs, prompt = inputs_and_prompt(
        arguments, flags, catalog, prompt_optional=steady.asks_for_no_prompt
    )
    where, name, ending = clip_target(
        places(workspace, animated=False), run.output.to, run.output.name, container, "mp4"
    )
    prores = container == "prores"
    if prores and crf is not None:
        raise UsageProblem("--crf has no effect on ProRes. Leave it out.")
    # Who names a background wants to see it.
    named = is_exact(run.output.to, ending), container, flags["background"]
    kept = {
        **flags,
        "prompt": prompt,
        "crf": crf,
        "no_audio": no_audio,
        "container": "prores" if prores else container_of(ending),
    }
    spec = replace(
        spec_of("vid2vid", kept, clip, steady, ending),
        audio=not no_audio,
        ending_chosen=any(named),
        settings=EncodingSettings(crf=crf, prores=prores, playback=clip.playback),
        name=name,
        exact=is_exact(run.output.to, ending),
        overwrite=run.output.overwrite,
        sheet=look_flags.sheet,
        otio=otio,
    )
    looks = {"prompt": prompt, **flags}
    sources, setup = find_sources(inputs, workspace), run.setup(catalog, refused="hold")
    with open_engine(None if run.dry_run else clip.cluster, setup.console) as engine:
        order = ClipOrder(Look(), spec, beside, where, engine)
        orders = orders_of(order, looks, workspace.wildcards, one_file=spec.exact)
        restyle_clips(sources, orders, (clip, steady), setup, catalog)
