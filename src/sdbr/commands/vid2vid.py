"""sdbr vid2vid: restyle videos."""

from __future__ import annotations

import click

from sdbr.cli.help import Command
from sdbr.cli.options import RUN_ESSENTIALS, Run
from sdbr.cli.video_options import VideoArguments, open_orders, video_arguments

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
@video_arguments("vid2vid")
def command(
    given: VideoArguments,
    run: Run,
) -> None:
    """Restyle videos and keep their duration, frame rate, sound and subtitles.

    INPUT is a video, a GIF, a folder of pictures, or - for paths on stdin. PROMPT, the last
    argument, describes the look. Results go to generate/videos, frames to source/frames and
    generate/frames. During the run, NAME.preview.mp4 in generate/videos plays what is finished.
    """
    from sdbr.workflows.clips.run import restyle_clips

    with open_orders(given, run) as ordered:
        flags = given.clip, given.steady
        restyle_clips(ordered.sources, ordered.orders, flags, ordered.setup, ordered.catalog)
