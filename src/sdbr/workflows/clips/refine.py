"""More keyframes where a clip still flickers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from statistics import fmean

from sdbr.motion.plan import KeyframePlan, Stretch
from sdbr.motion.warp_error import Steadiness


def refine_keyframes(
    plan: KeyframePlan, curve: Mapping[int, Steadiness], most: float
) -> KeyframePlan:
    """The plan with a keyframe in the middle of each stretch whose mean E_warp is over `most`.

    `curve` has the steadiness by frame number; a stretch that was not measured stays. Where no
    stretch is over by itself, the worst one is halved.
    """
    means = {
        stretch: fmean(curve[number].result_error for number in _frames(stretch) if number in curve)
        for stretch in plan.stretches()
        if any(number in curve for number in _frames(stretch))
    }
    over = [stretch for stretch, mean in means.items() if mean > most]
    if not over and means:
        over = [max(means, key=lambda stretch: means[stretch])]
    middles = {_middle(stretch) for stretch in over}
    keyframes = tuple(sorted({*plan.keyframes, *middles}))
    reasons = (*plan.reasons, f"{len(middles)} more where it flickers") if middles else plan.reasons
    return replace(plan, keyframes=keyframes, reasons=reasons)


def _frames(stretch: Stretch) -> range:
    return range(stretch.left + 1, stretch.end + (stretch.right is not None))


def _middle(stretch: Stretch) -> int:
    return (stretch.left + stretch.end) // 2 if len(stretch.between) > 1 else stretch.left + 1
