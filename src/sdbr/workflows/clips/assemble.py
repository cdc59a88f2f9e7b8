"""Every frame of a clip in order, with the transparency and the loop of its source."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from itertools import groupby, tee

import numpy as np
from PIL import Image

from sdbr.generation.stack import Resources, RunSession
from sdbr.media.clip import Clip, EncodingSettings, Pixels
from sdbr.media.stills.pixels import with_channels
from sdbr.motion.arrays import Luma
from sdbr.motion.ghosts import shrink_luma
from sdbr.motion.plan import KeyframePlan
from sdbr.motion.temporal_filter import filter_over_time
from sdbr.workflows.clips.draw import (
    DrawnFrame,
    Tally,
    draw_frames,
    draw_sequentially,
    read_source_frames,
    without_failures,
)
from sdbr.workflows.clips.footage import FrameInfo, read_wanted
from sdbr.workflows.clips.interpolate import hold_unexplained, interpolate
from sdbr.workflows.clips.prepare import PreparedClip
from sdbr.workflows.clips.requests import write_frame
from sdbr.workflows.clips.source_frames import SourceFrames
from sdbr.workflows.clips.steadiness import MeasuredFrame, SideTasks, measure, pairs_to_measure
from sdbr.workflows.failures import hold

Result = tuple[FrameInfo, Pixels]


def assemble_frames(
    clip: PreparedClip, session: RunSession, resources: Resources, tally: Tally
) -> Iterator[MeasuredFrame]:
    """The clip's frames as they became, each once; fewer where something could not be drawn."""
    plan, keyframe_plan = clip.plan, clip.plan.footage.plan
    taken = read_source_frames(plan, read_wanted(clip.reader, plan.footage.choice), session)
    sources = SourceFrames(plan)
    drawn = {frame.number for frame in plan.drawn}
    wanted = (one for one in taken if one.shown.number in drawn)
    if clip.spec.feedback:
        pictures = draw_sequentially(plan, wanted, session, resources, clip.spec.feedback, tally)
    else:
        pictures = draw_frames(plan, wanted, session, resources, tally)
    as_drawn: dict[int, Luma] = {}
    painted = _note_drawn(without_failures(pictures, resources, tally), as_drawn)
    if len(drawn) < len(plan.footage.frames):
        filled = interpolate(plan, painted, sources, session, tally, clip.order.engine)
        results = hold_unexplained(filled, plan, tally)
    else:
        # Each source frame is at hand for measuring, without a look at the disk.
        triples = (
            (one.shown, sources.remember(one.shown.number, one.before), after)
            for one, after in hold((one, one.pixels) for one in painted)
        )
        if clip.spec.steady:
            results = _filter_shots(triples, keyframe_plan, plan.fixed)
        else:
            results = ((shown, after) for shown, _, after in triples)

    def keep_frame(result: Result) -> None:
        # What is changed once it is measured is written then.
        if plan.keep_frames and not clip.changes_finished:
            path = plan.folders.generated_frame(result[0].number)
            write_frame(path, result[1], plan.footage.background)

    pairs = pairs_to_measure(keyframe_plan), pairs_to_measure(keyframe_plan, most=None)
    aside = SideTasks(sources.__getitem__, *pairs, as_drawn, keep_frame)
    return measure(results, aside, session.stop)


def _note_drawn(painted: Iterable[DrawnFrame], pictures: dict[int, Luma]) -> Iterator[DrawnFrame]:
    """The drawn frames; each picture is noted, in small, before anything is done to it."""
    for one in painted:
        if one.pixels is not None:
            pictures[one.shown.number] = shrink_luma(one.pixels, one.before)
        yield one


def _filter_shots(
    triples: Iterable[tuple[FrameInfo, Pixels, Pixels]],
    plan: KeyframePlan,
    supplied: Container[int],
) -> Iterator[Result]:
    """Each shot's frames, before and after, through the temporal filter.

    A shot that lost a frame comes out as short. A supplied frame stays as it is.
    """
    shot_of = {number: at for at, shot in enumerate(plan.shots) for number in shot}
    for _, shot in groupby(triples, key=lambda triple: shot_of[triple[0].number]):
        # The filter gives a frame for each that it took, later: their names wait in `taken`.
        given, taken = tee(shot)
        filtered = filter_over_time((before, after) for _, before, after in given)
        for pixels, (shown, _, drawn) in zip(filtered, taken, strict=False):
            yield shown, drawn if shown.number in supplied else pixels


_ANIMATED = ("gif", "webp", "apng")


def restore_alpha(results: Iterable[MeasuredFrame], clip: PreparedClip) -> Iterator[MeasuredFrame]:
    """The finished frames in order, each no more opaque than its source."""
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
