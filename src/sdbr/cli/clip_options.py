"""The options that choose and keep frames of clips, shared by vid2vid and img2gif."""

from __future__ import annotations

import click

from sdbr.cli.numbers import FiniteNumber, WholeNumber
from sdbr.cli.options import collected, grouped
from sdbr.workflows.clips.flags import ClipFlags, SteadyFlags

_frames = grouped("Frames")


_steady = grouped("Steadiness")
steady_options = collected(
    "steady",
    SteadyFlags,
    _steady(
        "--keyframes",
        default="auto",
        metavar="RULE",
        help="Which frames to pay for: auto, auto:draft, auto:fine, every:N, all [default: auto].",
    ),
    _steady(
        "--unexplained",
        type=FiniteNumber(0.01, 1),
        help="auto: share of a frame that its keyframes may leave unexplained "
        "[default: draft 0.4, standard 0.25, fine 0.12].",
    ),
    _steady(
        "--steady",
        type=click.Choice(["auto", "off", "filter"]),
        default="auto",
        help="With every frame drawn: filter along the motion, or off [default: auto].",
    ),
    _steady(
        "--max-flicker",
        type=FiniteNumber(min=0),
        metavar="X",
        help="Draw more keyframes where the flicker is above X (E_warp × 1000).",
    ),
    _steady("--review", is_flag=True, help="Stop after the keyframes and print a sheet of them."),
    _steady("--redraw", metavar="3,7", help="Draw these keyframes of the sheet with new seeds."),
    _steady(
        "--init",
        type=click.Choice(["from-source", "from-previous"]),
        default="from-source",
        help="Start each keyframe from its source, or mix in the last result, one by one.",
    ),
    _steady(
        "--feedback",
        type=FiniteNumber(0, 1),
        default=0.3,
        help="How much of the last result --init from-previous mixes in [default: 0.3].",
    ),
)
clip_options = collected(
    "clip",
    ClipFlags,
    _frames("--start", metavar="TIME", help="Where to begin: seconds or hh:mm:ss."),
    _frames("--end", metavar="TIME", help="Where to end."),
    _frames("--duration", metavar="TIME", help="How much, instead of --end."),
    _frames("--every", type=WholeNumber(1), default=1, help="Use every Nth frame only."),
    _frames("--fps", help="At most so many frames a second; of pictures in a row, their rate."),
    _frames("--max-frames", type=WholeNumber(1), help="Stop after so many frames."),
    _frames(
        "--test-frames",
        type=WholeNumber(1),
        help="Draw only so many, spread evenly, and print a sheet of before and after.",
    ),
    _frames(
        "--frame-format",
        type=click.Choice(["png", "jpeg"]),
        default="png",
        help="Of the kept frames; jpeg is smaller [default: png].",
    ),
    _frames("--keep-frames/--no-keep-frames", default=True, help="Keep single frames [default]."),
    _frames("--accept-cut", is_flag=True, help="Draw what can be read of a clip that is cut off."),
    _frames("--track", type=WholeNumber(1), help="Which of several picture tracks, from 1."),
    _frames(
        "--seed-policy",
        type=click.Choice(["fixed", "step", "random"]),
        default="fixed",
        help="One seed for all frames, the next for each, or any [default: fixed].",
    ),
)
