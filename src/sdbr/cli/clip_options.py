"""The options that choose and keep frames of clips, shared by vid2vid and img2gif."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from sdbr.cli.numbers import FiniteNumber, WholeNumber
from sdbr.cli.options import collect_options, grouped
from sdbr.workflows.clips.flags import ClipFlags, SteadyFlags

_frames = grouped("Frames")
_ELSEWHERE = ("Output", "Spending", "Requests", "Connection")
_IN_DIRECTIONS = frozenset(
    {"plan", "direction", "at", "look", "model", "negative", "seed", "style", "strength"}
    | {"image_strength"}
)
"""The options that a direction holds, or that write and name one."""


def _as_clip(**values: Any) -> ClipFlags:
    return ClipFlags(**values, beside=" ".join(map(shlex.quote, _words_beside())))


def _words_beside() -> Iterator[str]:
    """The words of the command line that shape a clip and that no direction holds."""
    context = click.get_current_context()
    for option in context.command.params:
        given = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        group, value = getattr(option, "group", None), context.params.get(option.name or "")
        if not given or group in (None, *_ELSEWHERE) or option.name in _IN_DIRECTIONS:
            continue
        assert isinstance(option, click.Option)
        if option.is_flag:
            yield from option.opts[:1] if value else option.secondary_opts[:1]
        else:
            yield from (option.opts[0], str(value))


_steady = grouped("Steadiness")
steady_options = collect_options(
    "steady",
    SteadyFlags,
    _steady(
        "--keyframes",
        default="auto",
        metavar="RULE",
        help="auto[:LEVEL], every:N, all [default: auto]. Which frames are sent to the model; the "
        "others are filled in along the motion. LEVEL is draft, standard or fine: draft sends "
        "fewer frames, fine more. auto is auto:standard.",
    ),
    _steady(
        "--unexplained",
        type=FiniteNumber(0.01, 1),
        metavar="0..1",
        help="Lower adds keyframes [default: 0.25]. Share of a frame that the keyframes may leave "
        "unexplained: 0.4 in auto:draft, 0.12 in auto:fine.",
    ),
    _steady(
        "--steady",
        type=click.Choice(["auto", "off", "filter"]),
        default="auto",
        metavar="HOW",
        help="auto, filter or off [default: auto]. A temporal filter along the motion, with "
        "--keyframes all.",
    ),
    _steady(
        "--max-flicker",
        type=FiniteNumber(min=0),
        metavar="X",
        help="Add keyframes while flicker exceeds X. X is E_warp × 1000, as in `sdbr flicker`.",
    ),
    _steady("--review", is_flag=True, help="Generate only the keyframes, on a contact sheet."),
    _steady("--redraw", metavar="3,7", help="Regenerate these keyframes; keep the previous clip."),
    _steady(
        "--init",
        type=click.Choice(["from-source", "from-previous"]),
        default="from-source",
        metavar="FROM",
        help="from-source or from-previous [default: from-source]. Start each keyframe from its "
        "source frame, or mix in the previous result, one keyframe after the other.",
    ),
    _steady(
        "--feedback",
        type=FiniteNumber(0, 1),
        default=0.3,
        metavar="0..1",
        help="Share of the previous result mixed in [default: 0.3].",
    ),
    _steady(
        "--keyframes-from",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Use pictures in DIR as keyframes, free of charge. They are named by frame "
        "number or time: 000013.png, 0.48s.png or 000013-0.480s.png.",
    ),
    _steady(
        "--export-keyframes",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Save the keyframes' source frames to paint over. Nothing is sent.",
    ),
)
clip_options = collect_options(
    "clip",
    _as_clip,
    _frames("--start", metavar="TIME", help="Start time, in seconds or hh:mm:ss."),
    _frames("--end", metavar="TIME", help="End time."),
    _frames("--duration", metavar="TIME", help="Duration, instead of --end."),
    _frames("--every", type=WholeNumber(1), default=1, metavar="N", help="Use every Nth frame."),
    _frames("--fps", metavar="FPS", help="Max frames per second; rate of image sequences."),
    _frames("--max-frames", type=WholeNumber(1), metavar="N", help="Stop after N frames."),
    _frames(
        "--test-frames",
        type=WholeNumber(1),
        metavar="N",
        help="Try N frames first, on a contact sheet. Spread evenly, source next to result.",
    ),
    _frames(
        "--frame-format",
        type=click.Choice(["png", "jpeg"]),
        default="png",
        metavar="FORMAT",
        help="Format of kept frames: png, jpeg [default: png].",
    ),
    _frames(
        "--keep-frames/--no-keep-frames",
        default=True,
        help="Keep the frames as files [default: yes].",
    ),
    _frames(
        "--reverse",
        is_flag=True,
        help="Play backward, and the sound, too. Subtitles, chapters and timecode are left out.",
    ),
    _frames(
        "--ping-pong",
        is_flag=True,
        help="Play forward, then backward, and the sound, too. The result takes twice as long. "
        "Subtitles, chapters and timecode are left out.",
    ),
    _frames("--accept-cut", is_flag=True, help="Use the readable part of a truncated file."),
    _frames(
        "--at",
        nargs=2,
        multiple=True,
        metavar="TIME PROMPT",
        help="Use another prompt from TIME on; repeatable. The time is that of the input; a shot "
        "begins there. TIME may be a shot of the input, such as shot:3. Flags may follow: 'snow "
        "--strength 0.3..0.7 --seed 5'. Without them, those of the command hold.",
    ),
    _frames(
        "--direction",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Use the shots in FILE, written by --plan. Each has its own settings.",
    ),
    _frames(
        "--plan",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Write the shots to FILE and send nothing. With keyframes, prices and thumbnails. "
        "Edit FILE and run it with --direction.",
    ),
    _frames("--track", type=WholeNumber(1), metavar="N", help="Video track, counted from 1."),
    _frames(
        "--seed-policy",
        type=click.Choice(["fixed", "step", "random"]),
        default="fixed",
        metavar="HOW",
        help="fixed, step (+1 per frame), random [default: fixed].",
    ),
    _frames(
        "--protect",
        metavar="faces|MASK",
        help="Keep faces, or what is white in MASK, as in the source. MASK is a picture, or a clip "
        "with one mask per frame. The requests and the price stay the same.",
    ),
    _frames(
        "--only",
        metavar="faces|MASK",
        help="Restyle only faces, or what is white in MASK. The rest stays as in the source.",
    ),
    _frames(
        "--move-mask",
        is_flag=True,
        help="Move a still MASK with what it covers. The mask fits the first frame of each shot. "
        "By default it stays in place, as a logo or subtitles do.",
    ),
    _frames(
        "--cluster",
        envvar="DASK_SCHEDULER_ADDRESS",
        metavar="ADDRESS",
        help="Fill frames on Dask: tcp://HOST:8786 or local:N. The frames between keyframes are "
        "computed by the cluster's workers, or by N processes of this machine.",
    ),
)
