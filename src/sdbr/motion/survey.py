"""Looks once over a clip, in small, and notes what the placing of keyframes needs to know.

The clip streams past: no more than the last few small views are held, and a few numbers a frame
are kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sdbr.motion.arrays import Frame, Plane, as_bytes, size_of
from sdbr.motion.cuts import CERTAIN_ERROR, LONGEST_FLASH, STILL, Change, change
from sdbr.motion.flow import FlowOptions, View, view, view_size
from sdbr.motion.links import Step, joined, sought, step
from sdbr.motion.trust import trust

SURVEY_FLOW = FlowOptions(scale=1.0, longest=256)
# Frames are compared with others that lie this far before them.
DISTANCES = (1, 2, 3, 4, 6, 8, 12)
# Past this the farther ones are taken as unexplained without a look.
HOPELESS = 0.9

Trust = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Note:
    """What the survey says of one frame.

    `change` is what came between it and the frame before. `pair[d]` is the share of this frame
    that the frames d before and d after it cannot explain together; `alone[d]` the share of the
    frame d after it that this one cannot explain; 0 to 1, d one of `DISTANCES`. Both end with
    the clip, at most cuts, and where hardly anything is explained any more.
    """

    change: Change
    pair: dict[int, float]
    alone: dict[int, float]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A frame just seen, the step to it, and its trust in the frames d before it."""

    view: View
    step: Step
    before: dict[int, Trust]
    note: Note


def survey(frames: Iterable[Frame], compare: bool = True) -> list[Note]:
    """A note on each frame of a clip, in order.

    Without `compare` only what the cuts need is looked at, several times as fast.
    """
    past: deque[_Seen] = deque(maxlen=max(DISTANCES))
    notes = []
    for now in _stepping(frames):
        if compare:
            _compare(past, now)
        past.append(now)
        notes.append(now.note)
    return notes


def _stepping(frames: Iterable[Frame]) -> Iterator[_Seen]:
    before: View | None = None
    suspect = _NO_SUSPECT
    for frame in frames:
        now = view(frame, view_size(size_of(frame), SURVEY_FLOW))
        taken = step(before or now, now, SURVEY_FLOW.preset)
        came = change(before, now, taken) if before else STILL
        suspect = suspect.on(before, came)
        if flash := suspect.flash_until(now):
            came, suspect = replace(came, flash=flash), _NO_SUSPECT
        yield _Seen(now, taken, {}, Note(came, {}, {}))
        before = now


@dataclass(frozen=True, slots=True)
class _Suspect:
    """What may have been a cut, or a flash: the view before it, and how many frames ago."""

    view: View | None = None
    ago: int = 0

    def on(self, before: View | None, came: Change) -> _Suspect:
        """The suspect one frame later."""
        if self.view is not None and self.ago < LONGEST_FLASH:
            return _Suspect(self.view, self.ago + 1)
        return _Suspect(before) if came.may_be_cut else _NO_SUSPECT

    def flash_until(self, now: View) -> int:
        """How many frames it lasted, if the view before it is back now; else 0."""
        if self.view is None or not self.ago:
            return 0
        back = change(self.view, now, step(self.view, now, SURVEY_FLOW.preset))
        return 0 if back.may_be_cut else self.ago


_NO_SUSPECT = _Suspect()


def _compare(past: Sequence[_Seen], now: _Seen) -> None:
    for distance, way in _ways_back(past, now):
        then = past[-distance]
        now.before[distance] = _packed(trust(way.back, way.there, now.view, then.view))
        then.note.alone[distance] = _unexplained(now.before[distance])
        if distance in then.before:
            after = _packed(trust(way.there, way.back, then.view, now.view))
            then.note.pair[distance] = _unexplained(np.maximum(then.before[distance], after))
        if then.note.alone[distance] > HOPELESS:
            return


def _ways_back(past: Sequence[_Seen], now: _Seen) -> Iterator[tuple[int, Step]]:
    """The flows between the frames `DISTANCES` before this one and it, as far as no cut is seen."""
    way, preset = now.step, SURVEY_FLOW.preset
    for distance in range(1, len(past) + 1):
        if distance > 1:
            way = joined(past[-distance + 1].step, way)
        if (now if distance == 1 else past[-distance + 1]).note.change.error > CERTAIN_ERROR:
            return
        if distance in DISTANCES:
            if distance > 1:
                way = sought(way, (past[-distance].view, now.view), preset)
            yield distance, way


def _packed(trusted: Plane) -> Trust:
    return as_bytes(np.rint(trusted * 255))


def _unexplained(trusted: Trust) -> float:
    return 1 - float(trusted.mean()) / 255
