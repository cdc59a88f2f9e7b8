"""Every frame of a clip in order, with the transparency and the loop of its source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

import numpy as np
from PIL import Image

from sdbr.generation.stack import Resources, RunSession
from sdbr.media.clip import Clip, EncodingSettings, Pixels
from sdbr.media.stills.pixels import with_channels
from sdbr.motion.plan import KeyframePlan
from sdbr.motion.temporal_filter import steadied
from sdbr.workflows.clips.draw import (
    Tally,
    draw_frames,
    draw_sequentially,
    read_source_frames,
    select_frames,
    without_failures,
)
from sdbr.workflows.clips.footage import FrameInfo, read_wanted
from sdbr.workflows.clips.interpolate import SourceFrames, hold_unexplained, interpolate
from sdbr.workflows.clips.prepare import PreparedClip
from sdbr.workflows.clips.requests import write_frame
from sdbr.workflows.clips.steadiness import MeasuredFrame, SideTasks, measure, pairs_to_measure
from sdbr.workflows.failures import hold

Result = tuple[FrameInfo, Pixels]
_Pair = tuple[FrameInfo, Pixels, Pixels]


def assemble_frames(
    clip: PreparedClip, session: RunSession, resources: Resources, tally: Tally
) -> Iterator[MeasuredFrame]:
    """The clip's frames as they became, each once; fewer where something could not be drawn."""
    plan, keyframe_plan = clip.plan, clip.plan.footage.plan
    taken = read_source_frames(plan, read_wanted(clip.reader, plan.footage.choice), session)
    sources = SourceFrames(plan)
    wanted = select_frames(taken, plan.drawn)
    if clip.spec.feedback:
        drawn = draw_sequentially(plan, wanted, session, resources, clip.spec.feedback, tally)
    else:
        drawn = draw_frames(plan, wanted, session, resources, tally)
    painted = without_failures(drawn, resources, tally)
    if len(plan.drawn) < len(plan.footage.frames):
        results = hold_unexplained(interpolate(plan, painted, sources, session, tally), plan, tally)
    else:
        held = hold((one, one.pixels) for one in painted)
        pairs = _remembered(((one.shown, one.before, after) for one, after in held), sources)
        results = (
            _filtered(pairs, keyframe_plan) if clip.spec.steady else ((s, r) for s, _, r in pairs)
        )

    def keep_frame(result: Result) -> None:
        # A see-through frame is written later, under its source's alpha channel.
        if plan.keep_frames and not plan.footage.see_through:
            path = plan.folders.generated_frame(result[0].number)
            write_frame(path, result[1], plan.footage.background)

    aside = SideTasks(sources.__getitem__, pairs_to_measure(keyframe_plan), keep_frame)
    return measure(results, aside, session.stop)


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


def restore_alpha(results: Iterable[MeasuredFrame], clip: PreparedClip) -> Iterator[MeasuredFrame]:
    """The finished frames in order, each no more opaque than its source."""
    if not clip.plan.footage.see_through:
        yield from results
        return
    sources = read_wanted(clip.reader, clip.plan.footage.choice)
    for one, source in zip(results, sources, strict=False):
        image = Image.fromarray(source.image[..., 3]).resize(one.pixels.shape[1::-1])
        alpha = np.minimum(np.asarray(image), with_channels(one.pixels, 4)[..., 3])
        yield replace(one, pixels=np.dstack([one.pixels[..., :3], alpha]))


def inherit_loop(clip: Clip, settings: EncodingSettings, chosen: bool) -> EncodingSettings:
    """The settings, playing as often as the source unless the user `chosen` how often."""
    if chosen or clip.kind not in _ANIMATED:
        return settings
    return replace(settings, loop=clip.loop)
