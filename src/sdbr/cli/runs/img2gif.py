"""From img2gif's flags to what is wanted of stills, or of clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sdbr.bedrock.catalog import Catalog
from sdbr.cli.animation_options import GifFlags
from sdbr.cli.clip_options import ClipFlags, SteadyFlags
from sdbr.cli.look_options import LookFlags
from sdbr.cli.options import Run
from sdbr.cli.runs.animations import animate
from sdbr.cli.runs.clips import ClipRunFlags, clip_plan
from sdbr.errors import UsageProblem
from sdbr.workflows.animations.prepare import COMMAND, AnimationSpec, AnimationTarget
from sdbr.workflows.clips import prepare
from sdbr.workflows.clips.folders import ClipRoots, places
from sdbr.workflows.clips.selection import parse_rate
from sdbr.workflows.clips.source import ClipSource
from sdbr.workflows.look import look_of
from sdbr.workflows.outputs import clip_target, container_of
from sdbr.workflows.pictures.jobs import Attachments
from sdbr.workflows.sweep import single
from sdbr.workspace import Workspace, kept_name

_LONGEST = 640
"""Pixels: a GIF of more is too large for most places to post it."""


@dataclass(frozen=True, slots=True)
class AnimationFlags:
    """All that the user said: the look's flags with the prompt, then each group of options."""

    flags: Mapping[str, Any]
    told: LookFlags
    beside: Attachments
    gif: GifFlags
    clip: ClipFlags
    steady: SteadyFlags

    def record(self, ending: str) -> dict[str, Any]:
        """The flags that make the same again, by name; the seed has a place of its own."""
        kind = container_of(ending)
        flags = {**self.flags, **self.clip.told(), **self.gif.told(), "format": kind}
        return {n: v for n, v in prepare.given(flags) if n != "seed"}


def vivify(paths: Sequence[Path], asked: AnimationFlags, run: Run, catalog: Catalog) -> None:
    """Bring stills to life. Raises UsageProblem for flags that make no sense for them."""
    gif, clip = asked.gif, asked.clip
    _refuse_film(asked, paths[0].name)
    motion, strength = gif.moving(asked.flags["strength"], clip.seed_policy)
    look = look_of(single({**asked.flags, "strength": strength}))
    where, name, ending = _aimed(paths, asked, run)
    spec = AnimationSpec(
        look=look,
        motion=motion,
        where=where,
        beside=asked.beside,
        timing=gif.timing(parse_rate(clip.fps) if clip.fps else None),
        result=AnimationTarget(
            settings=gif.settings(ending),
            ending=ending,
            width=gif.width,
            longest=_LONGEST if ending in (".gif", ".apng") else None,
            frame_suffix=_frame_suffix(clip),
            keep_frames=clip.keep_frames,
            name=name,
            sheet=asked.told.sheet,
            trial=clip.test_frames,
        ),
        to_prompt=gif.to_prompt,
        to_image=gif.to_image,
        told=asked.record(ending),
    )
    animate(paths, spec, run, catalog)


def restyle_clips(paths: Sequence[Path], asked: AnimationFlags, run: Run, catalog: Catalog) -> None:
    """Restyle animations and short videos, each in its own time."""
    asked.gif.refuse_motion(paths[0].name)
    where, name, ending = _aimed(paths, asked, run)
    spec = prepare.ClipSpec(
        command=COMMAND,
        told=prepare.given({**asked.record(ending), **asked.steady.told()}),
        rule=asked.steady.rule(None),
        steady=asked.steady.steady != "off",
        feedback=asked.steady.feedback if asked.steady.init == "from-previous" else 0.0,
        seed_policy=asked.clip.seed_policy,
        ending=ending,
        frame_suffix=_frame_suffix(asked.clip),
        keep_frames=asked.clip.keep_frames,
        settings=replace(asked.gif.settings(ending), width=asked.gif.width),
        name=name,
        loop_told=asked.gif.loop is not None,
        sheet=asked.told.sheet,
    )
    sources = [ClipSource(kept_name(path.stem), path) for path in paths]
    order = prepare.ClipOrder(look_of(single(asked.flags)), spec, asked.beside, where)
    clip_plan(sources, order, ClipRunFlags(asked.clip, asked.steady), run, catalog)


def _aimed(
    paths: Sequence[Path], asked: AnimationFlags, run: Run
) -> tuple[ClipRoots, str | None, str]:
    home = places(Workspace(run.root), animated=True)
    to = run.output.to
    found = clip_target(home, to, run.output.name, asked.told.format, default="gif")
    if len(paths) > 1 and to is not None and found[0].results != Path(to):
        raise UsageProblem(f"{len(paths)} animations do not fit into {to}. Give -o a folder.")
    return found


def _frame_suffix(clip: ClipFlags) -> str:
    return ".png" if clip.frame_format == "png" else ".jpg"


def _refuse_film(asked: AnimationFlags, name: str) -> None:
    """Refuse what only says something of frames that are there already."""
    clip, steady = asked.clip, asked.steady
    told = [flag for flag in ("start", "end", "duration", "max_frames") if getattr(clip, flag)]
    told += ["every"] if clip.every != 1 else []
    told += ["keyframes"] if steady.keyframes != "auto" else []
    told += ["max_flicker"] if steady.max_flicker is not None else []
    told += [flag for flag in ("review", "redraw") if getattr(steady, flag)]
    if told:
        raise UsageProblem(f"--{told[0].replace('_', '-')} is for a clip, and {name} is a still.")
