"""sdbr img2gif: animate a picture, or restyle an animation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sdbr.cli.animation_options import ANIMATION, GifFlags, gif_options
from sdbr.cli.clip_options import clip_options, steady_options
from sdbr.cli.help import Command
from sdbr.cli.look_options import FAMILIES, INPUT, LookFlags, animation_look_options, beside_options
from sdbr.cli.options import RUN_ESSENTIALS, Run, run_options
from sdbr.errors import UsageProblem
from sdbr.workflows.clips.flags import ClipFlags, SteadyFlags

if TYPE_CHECKING:
    from sdbr.bedrock.catalog import Catalog
    from sdbr.workflows.clips.folders import ClipRoots
    from sdbr.workflows.pictures.jobs import Attachments

_EXAMPLES = """
sdbr img2gif photo.jpg "as a woodcut" --frames 8 --offline
sdbr img2gif photo.jpg "deep forest" --motion evolve --zoom 1.04 --frames 24 --ping-pong
sdbr img2gif photo.jpg "oil painting" --motion ramp --strength 0.1..0.8 --hold 1 --crossfade 2
sdbr img2gif photo.jpg "winter" --to-prompt "summer" --ping-pong --max-size 8MB
sdbr img2gif dance.gif "anime" --test-frames 4
"""


_LONGEST = 640
"""Pixels: a GIF of more is too large for most places to post it."""


@dataclass(frozen=True, slots=True)
class AnimationFlags:
    """All that the user said: the look's flags with the prompt, then each group of options."""

    flags: Mapping[str, object]
    look_flags: LookFlags
    beside: Attachments
    gif: GifFlags
    clip: ClipFlags
    steady: SteadyFlags

    @property
    def strength(self) -> str | None:
        """What --strength says, or a named look."""
        strength = self.flags["strength"]
        return None if strength is None else str(strength)

    def record(self, ending: str) -> dict[str, object]:
        """The flags that make the same again, by name; the seed has a place of its own."""
        from sdbr.workflows.clips.prepare import given
        from sdbr.workflows.outputs import container_of

        kind = container_of(ending)
        flags = {**self.flags, **self.clip.record(), **self.gif.record(), "format": kind}
        return {n: v for n, v in given(flags) if n != "seed"}


_ESSENTIALS = (
    *("--motion", "--frames", "--zoom", "--pan", "--to-prompt", "--ping-pong"),
    *("--hold", "--model", "--strength", "--seed", "--width", "--max-size"),
    *("--format", "--test-frames"),
    *RUN_ESSENTIALS,
)


@click.command("img2gif", cls=Command, epilog=_EXAMPLES, essentials=_ESSENTIALS)
@click.argument("arguments", nargs=-1, metavar="INPUT... PROMPT")
@gif_options
@clip_options
@steady_options
@animation_look_options(*INPUT, *FAMILIES, *ANIMATION)
@beside_options
@run_options
def command(
    arguments: tuple[str, ...],
    look_flags: LookFlags,
    beside: Attachments,
    run: Run,
    gif: GifFlags,
    clip: ClipFlags,
    steady: SteadyFlags,
) -> None:
    """Animate a picture, or restyle an animation, as GIF, WebP, APNG or MP4.

    INPUT is a still, from which --motion generates the frames; or a GIF, WebP, APNG or short
    video, whose frames are restyled and keep their timing. PROMPT, the last argument, describes
    the look. Results go to generate/img, frames to generate/img/frames.
    """
    from sdbr.workflows.inputs import find_inputs, inputs_and_prompt
    from sdbr.workspace import Workspace

    catalog = run.catalog()
    default = run.config.models.get("img2gif", "sd3.5")
    flags = {**look_flags.flags, "model": look_flags.flags["model"] or default}
    inputs, prompt = inputs_and_prompt(
        arguments,
        flags,
        catalog,
        prompt_optional=steady.asks_for_no_prompt or clip.may_lack_prompt,
    )
    paths, moving = find_inputs(inputs, Workspace(run.root))
    asked = AnimationFlags({"prompt": prompt, **flags}, look_flags, beside, gif, clip, steady)
    (_restyle if moving else _animate)(paths, asked, run, catalog)


def _animate(paths: Sequence[Path], asked: AnimationFlags, run: Run, catalog: Catalog) -> None:
    """Bring stills to life. Raises UsageProblem for flags that make no sense for them."""
    from sdbr.workflows.animations.prepare import AnimationSpec, AnimationTarget
    from sdbr.workflows.animations.run import animate
    from sdbr.workflows.clips.selection import parse_rate
    from sdbr.workflows.look import look_of
    from sdbr.workflows.sweep import single_variant

    gif, clip = asked.gif, asked.clip
    backward = clip.playback == "reverse"
    _refuse_clip_flags(asked, paths[0].name)
    motion, strength = gif.moving(asked.strength, clip.seed_policy)
    look = look_of(single_variant({**asked.flags, "strength": strength}))
    where, name, ending = _target_of(paths, asked, run)
    spec = AnimationSpec(
        look=look,
        motion=motion,
        where=where,
        beside=asked.beside,
        timing=gif.timing(parse_rate(clip.fps) if clip.fps else None, ping_pong=clip.ping_pong),
        result=AnimationTarget(
            # The way back of a ping-pong is a part of its timing: crossfades go along.
            settings=replace(gif.settings(ending), playback="reverse" if backward else "forward"),
            ending=ending,
            width=gif.width,
            longest=_LONGEST if ending in (".gif", ".apng") else None,
            frame_suffix=clip.frame_suffix,
            keep_frames=clip.keep_frames,
            name=name,
            sheet=asked.look_flags.sheet,
            trial=clip.test_frames,
        ),
        to_prompt=gif.to_prompt and single_variant({"prompt": gif.to_prompt})["prompt"],
        to_image=gif.to_image,
        flags=asked.record(ending),
    )
    animate(paths, spec, run.setup(catalog), catalog)


def _restyle(paths: Sequence[Path], asked: AnimationFlags, run: Run, catalog: Catalog) -> None:
    """Restyle animations and short videos, each in its own time."""
    from sdbr.workflows.clips.cluster import open_engine
    from sdbr.workflows.clips.orders import orders_of
    from sdbr.workflows.clips.prepare import ClipOrder, spec_of
    from sdbr.workflows.clips.run import restyle_clips
    from sdbr.workflows.clips.source import ClipSource
    from sdbr.workflows.look import Look
    from sdbr.workspace import Workspace, kept_name

    asked.gif.refuse_motion(paths[0].name)
    where, name, ending = _target_of(paths, asked, run)
    spec = replace(
        spec_of(
            "img2gif", asked.record(ending), asked.clip, asked.steady, ending, run.config.looks
        ),
        settings=replace(
            asked.gif.settings(ending), width=asked.gif.width, playback=asked.clip.playback
        ),
        name=name,
        loop_chosen=asked.gif.loop is not None,
        sheet=asked.look_flags.sheet,
    )
    sources = [ClipSource(kept_name(path.stem), path) for path in paths]
    one_file = run.output.to is not None and where.results != Path(run.output.to)
    wildcards, setup = Workspace(run.root).wildcards, run.setup(catalog, refused="hold")
    with open_engine(None if run.dry_run else asked.clip.cluster, setup.console) as engine:
        order = ClipOrder(Look(), spec, asked.beside, where, engine)
        orders = orders_of(order, asked.flags, wildcards, one_file=one_file)
        restyle_clips(sources, orders, (asked.clip, asked.steady), setup, catalog)


def _target_of(
    paths: Sequence[Path], asked: AnimationFlags, run: Run
) -> tuple[ClipRoots, str | None, str]:
    from sdbr.workflows.clips.folders import places
    from sdbr.workflows.outputs import clip_target
    from sdbr.workspace import Workspace

    home = places(Workspace(run.root), animated=True)
    to = run.output.to
    found = clip_target(home, to, run.output.name, asked.look_flags.format, default="gif")
    if len(paths) > 1 and to is not None and found[0].results != Path(to):
        raise UsageProblem(
            f"{len(paths)} animations cannot be written to one file, {to}. Use -o with a folder."
        )
    return found


def _refuse_clip_flags(asked: AnimationFlags, name: str) -> None:
    """Refuse what only says something of frames that are there already."""
    clip, steady = asked.clip, asked.steady
    stray = [
        flag
        for flag in ("start", "end", "duration", "max_frames", "track", "at", "direction", "plan")
        if getattr(clip, flag)
    ]
    stray += [flag for flag in ("protect", "only", "move_mask") if getattr(clip, flag)]
    stray += ["every"] if clip.every != 1 else []
    stray += ["keyframes"] if steady.keyframes != "auto" else []
    stray += ["max_flicker"] if steady.max_flicker is not None else []
    own = ("review", "redraw", "keyframes_from", "export_keyframes")
    stray += [flag for flag in own if getattr(steady, flag)]
    if stray:
        raise UsageProblem(
            f"--{stray[0].replace('_', '-')} only works for clips, and '{name}' is a still picture."
        )
