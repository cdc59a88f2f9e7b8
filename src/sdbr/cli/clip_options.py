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
        help="Frames to pay for: auto, every:N, all [default: auto]. Or auto:draft, auto:fine.",
    ),
    _steady(
        "--unexplained",
        type=FiniteNumber(0.01, 1),
        metavar="0..1",
        help="Lower draws more keyframes [default: 0.25]. The share of a frame that keyframes may "
        "leave unexplained: 0.4 for auto:draft, 0.12 for auto:fine.",
    ),
    _steady(
        "--steady",
        type=click.Choice(["auto", "off", "filter"]),
        default="auto",
        metavar="HOW",
        help="With --keyframes all: filter, off [default: auto]. It follows the motion.",
    ),
    _steady(
        "--max-flicker",
        type=FiniteNumber(min=0),
        metavar="X",
        help="Draw more keyframes while flicker is above X. X is E_warp × 1000 (sdbr flicker).",
    ),
    _steady("--review", is_flag=True, help="Draw the keyframes only, on a contact sheet."),
    _steady("--redraw", metavar="3,7", help="Draw these keyframes again with new seeds."),
    _steady(
        "--init",
        type=click.Choice(["from-source", "from-previous"]),
        default="from-source",
        metavar="FROM",
        help="from-source or from-previous (one by one). Start each keyframe from its "
        "source, or mix in the last result.",
    ),
    _steady(
        "--feedback",
        type=FiniteNumber(0, 1),
        default=0.3,
        metavar="0..1",
        help="Share of the previous result mixed in [default: 0.3].",
    ),
)
clip_options = collected(
    "clip",
    ClipFlags,
    _frames("--start", metavar="TIME", help="Where to begin, in seconds or hh:mm:ss."),
    _frames("--end", metavar="TIME", help="Where to end."),
    _frames("--duration", metavar="TIME", help="How long, instead of --end."),
    _frames(
        "--every", type=WholeNumber(1), default=1, metavar="N", help="Use every Nth frame only."
    ),
    _frames("--fps", metavar="FPS", help="Most frames per second; the rate of pictures."),
    _frames("--max-frames", type=WholeNumber(1), metavar="N", help="Stop after N frames."),
    _frames(
        "--test-frames",
        type=WholeNumber(1),
        metavar="N",
        help="Try N frames first, on a contact sheet. They are spread evenly, before beside after.",
    ),
    _frames(
        "--frame-format",
        type=click.Choice(["png", "jpeg"]),
        default="png",
        metavar="FORMAT",
        help="Of kept frames: png or jpeg [default: png].",
    ),
    _frames(
        "--keep-frames/--no-keep-frames",
        default=True,
        help="Keep the frames as files [default: yes].",
    ),
    _frames("--accept-cut", is_flag=True, help="Use what can be read of a truncated file."),
    _frames(
        "--track", type=WholeNumber(1), metavar="N", help="Video track to use, counted from 1."
    ),
    _frames(
        "--seed-policy",
        type=click.Choice(["fixed", "step", "random"]),
        default="fixed",
        metavar="HOW",
        help="fixed, step (+1 a frame) or random [default: fixed].",
    ),
)
