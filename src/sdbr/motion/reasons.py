"""Says in plain words how many keyframes a clip needs, and why."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

from sdbr.motion.plan import Plan
from sdbr.motion.survey import Note

# Share of the frame's longer side that things move in a frame before it counts as motion.
MUCH_MOTION = 0.004
# Share that neighbouring frames leave unexplained of each other.
MUCH_NEW = 0.08
# Frames from keyframe to keyframe.
CLOSE = 8
MOST_CUTS_NAMED = 6


def reasons(plan: Plan, notes: Sequence[Note]) -> tuple[str, ...]:
    """Short pieces: how many of how many, the cuts, and the passages that need many."""
    if not plan.frames:
        return ()
    drawn = f"{len(plan.keyframes)} of {plan.frames} frames to draw"
    if plan.rule == "all":
        return (drawn,)
    close = _close_passages(plan) if plan.rule == "auto" else ()
    return (drawn, *_cuts(plan), *(_why(passage, notes) for passage in close))


def _cuts(plan: Plan) -> tuple[str, ...]:
    firsts = [shot.start + 1 for shot in plan.shots[1:]]
    if not firsts:
        return ()
    named = ", ".join(str(first) for first in firsts[:MOST_CUTS_NAMED])
    more = " …" if len(firsts) > MOST_CUTS_NAMED else ""
    return (f"{len(plan.shots)} shots, cut at frame {named}{more}",)


def _close_passages(plan: Plan) -> tuple[range, ...]:
    """Runs of keyframes that stand closer together than elsewhere."""
    passages: list[range] = []
    for shot in plan.shots:
        for left, right in pairwise(plan.keyframes_of(shot)):
            if right - left >= CLOSE:
                continue
            if passages and passages[-1].stop - 1 == left:
                passages[-1] = range(passages[-1].start, right + 1)
            else:
                passages.append(range(left, right + 1))
    return tuple(each for each in passages if len(each) > CLOSE)


def _why(passage: range, notes: Sequence[Note]) -> str:
    inner = [notes[number] for number in passage[1:]]
    motion = fmean(note.change.motion for note in inner)
    new = fmean(note.alone.get(1, 1.0) for note in inner)
    where = f"frames {passage.start + 1}–{passage.stop}"
    if new > MUCH_NEW:
        return f"{where} need many: much is new, {new:.0%} of each next frame"
    if motion > MUCH_MOTION:
        return f"{where} need many: fast motion, {motion:.1%} of the width a frame"
    return f"{where} need many: things cover each other"
