"""Every frame of a clip in order, with the transparency and the loop of its source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

import numpy as np

from sdbr.generation.stack import Resources, Session
from sdbr.media.clip import Clip, EncodingSettings, Pixels
from sdbr.motion.plan import KeyframePlan
from sdbr.motion.temporal_filter import steadied
from sdbr.workflows.clips.draw import (
    Tally,
    chosen_of,
    held_through,
    paint,
    paint_onward,
    split,
    usable,
)
from sdbr.workflows.clips.footage import FrameInfo, wanted_frames
from sdbr.workflows.clips.interpolate import SourceFrames, carried, held_over
from sdbr.workflows.clips.prepare import PreparedClip
from sdbr.workflows.clips.requests import write_frame
from sdbr.workflows.clips.steadiness import SideTasks, SteadinessCurve, measured, pairs_to_measure

Result = tuple[FrameInfo, Pixels]
_Pair = tuple[FrameInfo, Pixels, Pixels]


def steady_frames(
    settled: PreparedClip, run: Session, resources: Resources, tally: Tally, into: SteadinessCurve
) -> Iterator[Result]:
    """The clip's frames as they became, each once; fewer where something could not be drawn.

    How steady they are is noted in `into` on the way.
    """
    clip_plan, plan = settled.clip_plan, settled.clip_plan.footage.plan
    taken = split(clip_plan, wanted_frames(settled.reader, clip_plan.footage.choice), run)
    sources = SourceFrames(clip_plan)
    wanted = chosen_of(taken, clip_plan.drawn)
    if settled.spec.feedback:
        drawn = paint_onward(clip_plan, wanted, run, resources, settled.spec.feedback, tally)
    else:
        drawn = paint(clip_plan, wanted, run, resources, tally)
    painted = usable(drawn, resources, tally)
    if len(clip_plan.drawn) < len(clip_plan.footage.frames):
        results = held_over(carried(clip_plan, painted, sources, run, tally), clip_plan, tally)
    else:
        pairs = _remembered(held_through(painted), sources)
        results = _filtered(pairs, plan) if settled.spec.steady else ((s, r) for s, _, r in pairs)

    def keep_frame(result: Result) -> None:
        # A see-through frame is written later, under its source's alpha channel.
        if clip_plan.keep_frames and not clip_plan.footage.clip.has_alpha:
            write_frame(clip_plan.folders.generated_frame(result[0].number), result[1])

    aside = SideTasks(sources.__getitem__, pairs_to_measure(plan), keep_frame)
    return measured(results, aside, into, run.stop)


def _remembered(pairs: Iterable[_Pair], sources: SourceFrames) -> Iterator[_Pair]:
    """The pairs, each source frame at hand for measuring without a look at the disk."""
    for shown, before, after in pairs:
        sources.remember(shown.number, before)
        yield shown, before, after


def _filtered(pairs: Iterable[_Pair], plan: KeyframePlan) -> Iterator[Result]:
    """Each shot through the temporal filter; a shot that lost a frame comes out as short."""
    shot_of = {number: at for at, shot in enumerate(plan.shots) for number in shot}
    for _, shot in groupby(pairs, key=lambda pair: shot_of[pair[0].number]):
        waiting: list[FrameInfo] = []
        for pixels in steadied(_noting(shot, waiting)):
            yield waiting.pop(0), pixels


def _noting(shot: Iterable[_Pair], waiting: list[FrameInfo]) -> Iterator[tuple[Pixels, Pixels]]:
    for shown, before, after in shot:
        waiting.append(shown)
        yield before, after


_ANIMATED = ("gif", "webp", "apng")


def see_through(
    results: Iterable[tuple[FrameInfo, Pixels]], settled: PreparedClip
) -> Iterator[tuple[FrameInfo, Pixels]]:
    """The finished frames in order, each under the alpha channel of its source."""
    if not settled.clip_plan.footage.clip.has_alpha:
        yield from results
        return
    sources = wanted_frames(settled.reader, settled.clip_plan.footage.choice)
    for (shown, pixels), source in zip(results, sources, strict=False):
        yield shown, np.dstack([pixels[..., :3], source.image[..., 3]])


def with_loop_of(clip: Clip, settings: EncodingSettings, told: bool) -> EncodingSettings:
    """The settings, playing as often as the source unless the user `told` how often."""
    if told or clip.kind not in _ANIMATED:
        return settings
    # A GIF's count says how often it starts again; one that plays once has none.
    once = clip.loop == 1 and clip.kind != "gif"
    return replace(settings, loop=None if once else clip.loop)
