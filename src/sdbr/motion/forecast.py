"""What the other levels of `auto` would draw, told from what placing the keyframes looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sdbr.motion.keyframes import KeyframeLevel, following
from sdbr.motion.plan import KeyframePlan, join_ranges
from sdbr.motion.survey import FrameSurvey


@dataclass(frozen=True, slots=True)
class _PartlySeen:
    """What the surveys say, and where nobody looked more as it is farther."""

    surveys: Sequence[FrameSurvey]

    def pair(self, middle: int, distance: int) -> float:
        key = middle - distance
        known = {
            near: self.surveys[key + near].pair[near]
            for near in range(1, distance + 1)
            if near in self.surveys[key + near].pair
        }
        return _extend(known, distance, unknown=1.0)

    def alone(self, key: int, distance: int) -> float:
        known = {near: share for near, share in self.surveys[key].alone.items() if near <= distance}
        return _extend(known, distance, unknown=0.0)


def forecast_calls(plan: KeyframePlan, surveys: Sequence[FrameSurvey], level: KeyframeLevel) -> int:
    """About how many keyframes `auto` would place at another level.

    From each keyframe of the plan it is known how far the next one could stand. The surveys need no
    more than what was asked to place them. On people and an animal `fine` was foretold to a fifth,
    `draft` to three more at most.
    """
    seen, calls = _PartlySeen(surveys), 0
    for shot in plan.shots:
        keys, last = plan.keyframes_of(shot), shot.stop - 1
        steps = 0.0
        for key, after in pairwise(keys):
            reached = following(seen, key, last, level)
            steps += (after - key) / ((last if reached is None else reached) - key)
        # Its first frame is one, and where they would end earlier or later nobody knows.
        closing = keys[-1] < last and following(seen, keys[-1], last, level) is not None
        calls += 1 + math.ceil(steps - 1e-9) + closing
    return calls


def find_fast_passages(
    plan: KeyframePlan, surveys: Sequence[FrameSurvey], level: KeyframeLevel
) -> list[range]:
    """Where things move faster than the plan's level follows, as frame numbers in order.

    Its keyframes stand as close as they may there, and leave more unexplained than it says.
    """
    fast: list[range] = []
    for shot in plan.shots:
        for key, after in pairwise(plan.keyframes_of(shot)):
            half = (after - key) // 2
            left = surveys[key + half].pair.get(half, 0.0)
            if after - key <= level.nearest and left > level.unexplained:
                fast.append(range(key, after))
    return join_ranges(fast, apart=1)


def _extend(known: dict[int, float], distance: int, unknown: float) -> float:
    """The share at a distance: as the root of it from the farthest known one.

    In proportion to it `draft` was foretold to draw up to twice as much as it does.
    """
    if not known:
        return unknown
    farthest = max(known)
    return min(1.0, known[farthest] * math.sqrt(distance / farthest))
