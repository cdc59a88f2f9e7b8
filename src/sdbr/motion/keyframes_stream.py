"""Places keyframes while a clip streams past, and compares only the frames that it needs to.

The same rule as over the whole survey, in a sixth of its time: frames are compared
when the next keyframe is sought, not each with all before it. No more than the frames up to the
farthest keyframe, and what tells a cut, are held.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sdbr.motion.arrays import Frame
from sdbr.motion.cuts import CERTAIN_ERROR, NEIGHBORS, find_cuts
from sdbr.motion.flow import View
from sdbr.motion.keyframes import (
    FARTHEST,
    KeyframeLevel,
    KeyframeRule,
    add_lights,
    find_shots,
    following,
)
from sdbr.motion.matching import FlowPair, chain_flows, link_views, refine_flows
from sdbr.motion.plan import KeyframePlan, reasons
from sdbr.motion.survey import (
    SURVEY_FLOW,
    FrameSurvey,
    ViewedFrame,
    pack_trust,
    unexplained_score,
    view_frames,
)

_CLOSE = 8  # Frames from keyframe to keyframe.


def place_streaming(
    frames: Iterable[Frame], rule: KeyframeRule
) -> tuple[list[FrameSurvey], KeyframePlan]:
    """The surveys of a clip's frames and its plan by `auto`, with no bound to the calls.

    They know what was asked to place the keyframes, and what the next frame brings where
    these stand close together.
    """
    held = _HeldFrames()
    surveys: list[FrameSurvey] = []
    keys: list[int] = []
    for key in _keys(view_frames(frames), held, surveys, rule.level):
        for number in range(keys[-1], key) if keys and key - keys[-1] < _CLOSE else ():
            surveys[number].alone[1] = held.alone(number, 1)
        # Only now: the line above still compares frames before the keyframe.
        held.forget_before(key)
        keys.append(key)
    return surveys, plan_from(surveys, tuple(keys), rule)


def plan_from(
    surveys: Sequence[FrameSurvey], keyframes: tuple[int, ...], rule: KeyframeRule
) -> KeyframePlan:
    """The plan with these keyframes and one in each light, its shots by the surveys."""
    shots = find_shots(surveys)
    plan = KeyframePlan(rule.word, shots, add_lights(surveys, shots, keyframes))
    return replace(plan, reasons=reasons(plan))


def _keys(
    seen: Iterable[ViewedFrame], held: _HeldFrames, surveys: list[FrameSurvey], level: KeyframeLevel
) -> Iterator[int]:
    """The keyframes, each as soon as it is certain; `held` and `surveys` grow on the way."""
    key: int | None = None
    for one in seen:
        held.add(one)
        surveys.append(FrameSurvey(one.change, {}, {}, one.view.light))
        if key is None:
            yield (key := 0)
        # A cut is certain once the changes on both its sides are known.
        while (known := len(surveys) - NEIGHBORS) > key + FARTHEST + 1:
            yield (key := _next(held, surveys, key, known, level))
    end = len(surveys)
    while key is not None and (key := _next(held, surveys, key, end, level)) < end:
        yield key


def _next(
    held: _HeldFrames, surveys: Sequence[FrameSurvey], key: int, known: int, level: KeyframeLevel
) -> int:
    """The keyframe after another: in its shot, or where the next begins; `known` past the end."""
    start = max(0, key - NEIGHBORS)
    cuts = (start + cut for cut in find_cuts([each.change for each in surveys[start:]]))
    end = next((cut for cut in cuts if key < cut < known), known)
    key_in_shot = following(_RecordedAnswers(held, surveys), key, end - 1, level)
    return end if key_in_shot is None else key_in_shot


@dataclass(frozen=True, slots=True)
class _RecordedAnswers:
    """What the frames explain of each other; whatever is asked is recorded."""

    held: _HeldFrames
    surveys: Sequence[FrameSurvey]

    def pair(self, middle: int, distance: int) -> float:
        share = self.surveys[middle].pair[distance] = self.held.pair(middle, distance)
        return share

    def alone(self, key: int, distance: int) -> float:
        share = self.surveys[key].alone[distance] = self.held.alone(key, distance)
        return share


class _HeldFrames:
    """The frames from the last keyframe on, and what they explain of each other."""

    def __init__(self) -> None:
        self._first = 0
        self._seen: deque[ViewedFrame] = deque()
        # Most flows are asked for twice, and those that end at one frame share their chain.
        self._ways: dict[tuple[int, int], FlowPair | None] = {}
        self._chains: dict[int, tuple[int, FlowPair]] = {}

    def add(self, one: ViewedFrame) -> None:
        self._seen.append(one)

    def forget_before(self, number: int) -> None:
        while self._first < number:
            self._seen.popleft()
            self._first += 1
        self._ways = {ends: way for ends, way in self._ways.items() if ends[0] >= number}
        self._chains = {last: known for last, known in self._chains.items() if known[0] >= number}

    def pair(self, middle: int, distance: int) -> float:
        """What the frames so far before and after the middle one cannot explain of it."""
        before = self._way(middle - distance, middle)
        after = self._way(middle, middle + distance)
        if before is None or after is None:
            return 1.0
        views = [self._view(middle + far) for far in (-distance, 0, distance)]
        back = pack_trust(link_views(before.reverse(), views[1], views[0]).trust)
        forth = pack_trust(link_views(after, views[1], views[2]).trust)
        moving = np.maximum(self._at(middle).moved, self._at(middle + 1).moved)
        return unexplained_score(np.maximum(back, forth), moving)

    def alone(self, key: int, distance: int) -> float:
        """What a frame cannot explain of the one so far after it."""
        way = self._way(key, key + distance)
        if way is None:
            return 1.0
        views = self._view(key + distance), self._view(key)
        trusted = pack_trust(link_views(way.reverse(), *views).trust)
        return unexplained_score(trusted, self._at(key + distance).moved)

    def _way(self, first: int, last: int) -> FlowPair | None:
        """The flows between two frames, sought once more along the chain; None over a cut."""
        ends = first, last
        if ends not in self._ways:
            way = self._chain(first, last)
            if way is not None and last - first > 1:
                way = refine_flows(way, (self._view(first), self._view(last)), SURVEY_FLOW.preset)
            self._ways[ends] = way
        return self._ways[ends]

    def _chain(self, first: int, last: int) -> FlowPair | None:
        """The flows of neighbors joined from the last back to the first; None over a cut."""
        between = range(first + 1, last + 1)
        if any(self._at(number).change.error > CERTAIN_ERROR for number in between):
            return None
        start, way = self._chains.get(last, (last - 1, self._at(last).flows))
        if start < first:
            start, way = last - 1, self._at(last).flows
        for number in range(start, first, -1):
            way = chain_flows(self._at(number).flows, way)
        self._chains[last] = first, way
        return way

    def _view(self, number: int) -> View:
        return self._at(number).view

    def _at(self, number: int) -> ViewedFrame:
        return self._seen[number - self._first]
