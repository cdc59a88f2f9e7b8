"""sdbr review: approve keyframes on a page before the video is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sdbr.cli.help import Command
from sdbr.cli.numbers import WholeNumber
from sdbr.cli.options import Run, collect_options, grouped
from sdbr.cli.video_options import VideoArguments, open_orders, video_arguments
from sdbr.errors import UsageProblem

if TYPE_CHECKING:
    from sdbr.workflows.review.run import PageAddress

_EXAMPLES = """
sdbr review clip.mp4 "as a woodcut" --offline
sdbr review clip.mp4 "as a woodcut" --max-cost 5
sdbr review clip.mp4 "as a woodcut" --no-browser --port 8642
sdbr review clip.mp4 "as a woodcut" --host 0.0.0.0
"""
_serve = grouped("Page")
_ESSENTIALS = (
    *("--host", "--port", "--browser"),
    *("--model", "--strength", "--seed", "--start", "--duration", "--keyframes", "--container"),
    *("--output", "--name", "--max-cost", "--offline"),
)
_WITHOUT_EFFECT = (
    *("test_frames", "review", "redraw", "max_flicker", "init", "feedback", "keyframes_from"),
    *("export_keyframes", "plan", "dry_run", "fresh", "on_filtered", "ask_above", "yes"),
)
"""Options of vid2vid that the page takes the place of."""


def _address(host: str, port: int, browser: bool) -> PageAddress:
    from sdbr.workflows.review.run import PageAddress

    return PageAddress(host, port, browser)


page_options = collect_options(
    "address",
    _address,
    _serve(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        show_default=True,
        help="Address to listen on. 0.0.0.0 lets a phone in the same network open the page.",
    ),
    _serve(
        "--port",
        type=WholeNumber(0, 65_535),
        default=0,
        metavar="N",
        help="Port to listen on [default: any free port].",
    ),
    _serve("--browser/--no-browser", default=True, help="Open the page [default: yes]."),
)


@click.command("review", cls=Command, epilog=_EXAMPLES, essentials=_ESSENTIALS)
@click.argument("arguments", nargs=-1, metavar="INPUT PROMPT")
@page_options
@video_arguments("review")
def command(
    address: PageAddress,
    given: VideoArguments,
    run: Run,
) -> None:
    """Approve the keyframes of a video on a page, then make the video and print its path.

    The page shows each keyframe next to its source frame, and what a click costs. Generate
    keyframes again with a new seed, other words or another strength, or use a picture of your own.
    Nothing is sent without a click. The page is served on this machine; its address goes to
    stderr. After Ctrl-C, run the same command to continue. Needs the extra sdbr[review].
    """
    from sdbr.workflows.review.run import review_clip

    _refuse_without_effect(click.get_current_context())
    with open_orders(given, run) as ordered:
        if len(ordered.sources) * len(ordered.orders) > 1:
            raise UsageProblem("A review is for one clip in one look. Run the command for each.")
        source, order = ordered.sources[0], ordered.orders[0]
        review_clip(
            source, order, (given.clip, given.steady), ordered.setup, ordered.catalog, address
        )


def _refuse_without_effect(context: click.Context) -> None:
    given = click.core.ParameterSource.COMMANDLINE
    for option in _without_effect():
        if option.name is not None and context.get_parameter_source(option.name) is given:
            raise UsageProblem(f"{option.opts[0]} has no effect in a review. Leave it out.")


def _without_effect() -> list[click.Option]:
    options = [one for one in command.params if isinstance(one, click.Option)]
    return [one for one in options if one.name in _WITHOUT_EFFECT]


for _option in _without_effect():
    _option.hidden = True
