"""sdbr vid2vid: restyle videos."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sdbr.cli.clip_options import clip_options, steady_options
from sdbr.cli.help import Command
from sdbr.cli.look_options import FAMILIES, INPUT, LookFlags, beside_options, video_look_options
from sdbr.cli.options import RUN_ESSENTIALS, Run, run_options
from sdbr.cli.video_options import VideoArguments, VideoFlags, open_orders, video_options
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
_ESSENTIALS = (
    *("--model", "--strength", "--seed", "--start", "--duration", "--fps"),
    *("--test-frames", "--keyframes", "--review", "--container", "--no-audio", "--sheet"),
    *RUN_ESSENTIALS,
)


@click.command("vid2vid", cls=Command, epilog=_EXAMPLES, essentials=_ESSENTIALS)
@click.argument("arguments", nargs=-1, metavar="INPUT... PROMPT")
@clip_options
@steady_options
@video_options
@video_look_options(*INPUT, *FAMILIES)
@beside_options
@run_options
def command(
    arguments: tuple[str, ...],
    clip: ClipFlags,
    steady: SteadyFlags,
    video: VideoFlags,
    look_flags: LookFlags,
    beside: Attachments,
    run: Run,
) -> None:
    """Restyle videos and keep their duration, frame rate, sound and subtitles.

    INPUT is a video, a GIF, a folder of pictures, or - for paths on stdin. PROMPT, the last
    argument, describes the look. Results go to generate/videos, frames to source/frames and
    generate/frames. During the run, NAME.preview.mp4 in generate/videos plays what is finished.
    """
    from sdbr.workflows.clips.run import restyle_clips

    given = VideoArguments("vid2vid", arguments, clip, steady, video, look_flags, beside)
    with open_orders(given, run) as ordered:
        flags = clip, steady
        restyle_clips(ordered.sources, ordered.orders, flags, ordered.setup, ordered.catalog)
