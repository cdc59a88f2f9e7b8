"""What the commands that make videos of clips share: the options of the result, and the order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from sdbr.cli.clip_options import clip_options, steady_options
from sdbr.cli.look_options import FAMILIES, INPUT, LookFlags, beside_options, video_look_options
from sdbr.cli.numbers import WholeNumber
from sdbr.cli.options import (
    CommandFunction,
    Decorator,
    Run,
    collect_options,
    grouped,
    run_options,
)
from sdbr.errors import UsageProblem
from sdbr.workflows.clips.flags import ClipFlags, SteadyFlags

if TYPE_CHECKING:
    from sdbr.bedrock.catalog import Catalog
    from sdbr.workflows.clips.prepare import ClipOrder
    from sdbr.workflows.clips.source import ClipSource
    from sdbr.workflows.pictures.jobs import Attachments
    from sdbr.workflows.run import Setup

_write = grouped("Video")


@dataclass(frozen=True, slots=True)
class VideoFlags:
    """What kind of file is written; None where nothing was given."""

    crf: int | None
    container: str | None
    no_audio: bool
    otio: bool


video_options = collect_options(
    "video",
    VideoFlags,
    _write(
        "--crf",
        type=WholeNumber(0, 63),
        metavar="0..63",
        help="Quality factor; lower is better [default: 17 or 28].",
    ),
    _write(
        "--container",
        type=click.Choice(["mp4", "webm", "mov", "prores", "mkv", "gif", "webp", "apng", "frames"]),
        metavar="KIND",
        help="mp4, webm, mov, prores, mkv, gif, webp, apng or frames. prores is a .mov for "
        "editors: 422 HQ, or 4444 if the clip has transparency. The default follows the suffix of "
        "-o, else it is mp4, or webm if the clip has transparency.",
    ),
    _write("--no-audio", is_flag=True, help="Drop the sound."),
    _write(
        "--otio",
        is_flag=True,
        help="Also write NAME.otio, a timeline for editors. OpenTimelineIO, with the shots as "
        "clips and the keyframes as markers. Needs the extra sdbr[otio].",
    ),
)


@dataclass(frozen=True, slots=True)
class VideoArguments:
    """All that a command line says of videos: the clips and the prompt, and the groups of flags."""

    command: str
    arguments: tuple[str, ...]
    clip: ClipFlags
    steady: SteadyFlags
    video: VideoFlags
    look_flags: LookFlags
    beside: Attachments


def video_arguments(command: str) -> Decorator:
    """A decorator that adds all options of vid2vid, and hands them, with the arguments, to the
    command of this name as one: `given`, beside its `run`."""

    def decorate(function: CommandFunction) -> CommandFunction:
        def own(**values: Any) -> object:
            mine = {name: values.pop(name) for name in _GIVEN}
            return function(**values, given=VideoArguments(command, **mine))

        wrapped: CommandFunction = wraps(function)(own)
        for options in reversed(_OPTIONS):
            wrapped = options(wrapped)
        return wrapped

    return decorate


_OPTIONS = (
    *(clip_options, steady_options, video_options),
    *(video_look_options(*INPUT, *FAMILIES), beside_options, run_options),
)
_GIVEN = [field.name for field in fields(VideoArguments) if field.name != "command"]


@dataclass(frozen=True, slots=True)
class VideoOrders:
    """The clips, the looks wanted of each, and what to make them with."""

    sources: list[ClipSource]
    orders: list[ClipOrder]
    setup: Setup
    catalog: Catalog


@contextmanager
def open_orders(given: VideoArguments, run: Run) -> Iterator[VideoOrders]:
    """Read a command line; the engine that fills frames is there during the block.

    Raises UsageProblem or InputProblem.
    """
    from sdbr.media.clip import EncodingSettings
    from sdbr.workflows.clips.cluster import open_engine
    from sdbr.workflows.clips.folders import places
    from sdbr.workflows.clips.orders import orders_of
    from sdbr.workflows.clips.prepare import ClipOrder, spec_of
    from sdbr.workflows.clips.source import find_sources
    from sdbr.workflows.inputs import inputs_and_prompt
    from sdbr.workflows.look import Look
    from sdbr.workflows.outputs import clip_target, container_of, is_exact
    from sdbr.workspace import Workspace

    clip, steady, video = given.clip, given.steady, given.video
    catalog, workspace = run.catalog(), Workspace(run.root)
    models = run.config.models
    default = models.get(given.command) or models.get("vid2vid", "sd3.5")
    chosen = given.look_flags.flags
    flags = {**chosen, "model": chosen["model"] or default}
    inputs, prompt = inputs_and_prompt(
        given.arguments,
        flags,
        catalog,
        prompt_optional=steady.asks_for_no_prompt or clip.may_lack_prompt,
        example="clip.mp4",
    )
    where, name, ending = clip_target(
        places(workspace, animated=False), run.output.to, run.output.name, video.container, "mp4"
    )
    prores = video.container == "prores"
    if prores and video.crf is not None:
        raise UsageProblem("--crf has no effect on ProRes. Leave it out.")
    # Who names a background wants to see it.
    named = is_exact(run.output.to, ending), video.container, flags["background"]
    kept = {
        **flags,
        "prompt": prompt,
        "crf": video.crf,
        "no_audio": video.no_audio,
        "container": "prores" if prores else container_of(ending),
    }
    spec = replace(
        spec_of("vid2vid", kept, clip, steady, ending, run.config.looks),
        audio=not video.no_audio,
        ending_chosen=any(named),
        settings=EncodingSettings(crf=video.crf, prores=prores, playback=clip.playback),
        name=name,
        exact=is_exact(run.output.to, ending),
        overwrite=run.output.overwrite,
        sheet=given.look_flags.sheet,
        otio=video.otio,
    )
    looks = {"prompt": prompt, **flags}
    sources, setup = find_sources(inputs, workspace), run.setup(catalog, refused="hold")
    with open_engine(None if run.dry_run else clip.cluster, setup.console) as engine:
        order = ClipOrder(Look(), spec, given.beside, where, engine)
        orders = orders_of(order, looks, workspace.wildcards, one_file=spec.exact)
        yield VideoOrders(sources, orders, setup, catalog)
