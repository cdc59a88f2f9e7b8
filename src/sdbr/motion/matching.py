"""Links frames to a keyframe: the flow from each of them to it, and how far to trust it.

A flow over a distance is chained from the flows of neighbouring frames and then sought once
more from that start: chaining alone drifts, and seeking alone loses fast things.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from sdbr.motion.arrays import Flow, Plane, as_floats
from sdbr.motion.flow import View, between, chained
from sdbr.motion.plain import plain_and_same
from sdbr.motion.trust import trust


@dataclass(frozen=True, slots=True)
class Step:
    """The flows between two neighbouring frames: from the first to the second, and back."""

    there: Flow
    back: Flow

    def turned(self) -> Step:
        """The same step taken from the other end."""
        return Step(self.back, self.there)


@dataclass(frozen=True, slots=True)
class Link:
    """The flow from a frame to a keyframe, and the trust in it, 0 to 1 a pixel."""

    flow: Flow
    trust: Plane


def step(first: View, second: View, preset: str) -> Step:
    """The flows between two neighbouring views, both ways."""
    return Step(between(first, second, None, preset), between(second, first, None, preset))


def joined(first: Step, then: Step) -> Step:
    """The flows between the start of one step and the end of the next, as they follow."""
    return Step(chained(first.there, then.there), chained(then.back, first.back))


def sought(way: Step, ends: tuple[View, View], preset: str) -> Step:
    """The flows between two views, sought once more from a first guess."""
    there = between(*ends, way.there, preset)
    back = between(*ends[::-1], way.back, preset)
    return Step(there, back)


def linked(way: Step, here: View, there: View) -> Link:
    """The link from one view to another; plain ground that is the same in both stays in place."""
    sure, still = trust(way.there, way.back, here, there), plain_and_same(here, there)
    if not still.any():
        return Link(way.there, sure)
    moves = 1 - still
    flow = as_floats(cv2.multiply(way.there, cv2.merge([moves, moves])))
    return Link(flow, as_floats(np.maximum(sure, still)))


def links(key: View, others: Iterable[tuple[Step, View]], preset: str) -> Iterator[Link]:
    """Links frames to the keyframe that they lie beside, nearest first.

    `others` are those frames' views, each with the step to it from the one before. No more than
    one of them and two flows are held.
    """
    way: Step | None = None
    for taken, view in others:
        way = sought(joined(way, taken), (key, view), preset) if way else taken
        yield linked(way.turned(), view, key)
