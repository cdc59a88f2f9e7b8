"""Which frames of a clip are drawn, and which drawn ones explain each other frame."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

MOST_CUTS_NAMED = 6


@dataclass(frozen=True, slots=True)
class Stretch:
    """The frames after one keyframe and before the next, or to the end of the shot.

    `left` and `right` are the numbers of the keyframes; `right` is None where the shot ends
    without one. `end` is the number of the first frame that is not filled from them.
    """

    left: int
    right: int | None
    end: int

    @property
    def between(self) -> range:
        """The numbers of the frames to fill; may be empty."""
        return range(self.left + 1, self.end)


@dataclass(frozen=True, slots=True)
class KeyframePlan:
    """The shots of a clip and the frames of it that are drawn.

    `shots` are ranges of frame numbers, counted from 0, one after the other over the whole
    clip; `keyframes` are in rising order and begin each shot. `rule` is the word that asked for
    them; `reasons` are short pieces of text, such as where the cuts are.
    """

    rule: str
    shots: tuple[range, ...]
    keyframes: tuple[int, ...]
    reasons: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        """How many frames the clip has."""
        return self.shots[-1].stop if self.shots else 0

    def stretches(self) -> tuple[Stretch, ...]:
        """One stretch after each keyframe, those with nothing between left out."""
        every = (self._after(key) for key in self.keyframes)
        return tuple(stretch for stretch in every if stretch.between)

    def keyframes_of(self, shot: range) -> tuple[int, ...]:
        """The keyframes of one shot."""
        return tuple(key for key in self.keyframes if key in shot)

    def _after(self, key: int) -> Stretch:
        shot = next(shot for shot in self.shots if key in shot)
        place = bisect_right(self.keyframes, key)
        if place < len(self.keyframes) and self.keyframes[place] in shot:
            return Stretch(key, self.keyframes[place], self.keyframes[place])
        return Stretch(key, None, shot.stop)


def reasons(plan: KeyframePlan) -> tuple[str, ...]:
    """Where the cuts are, in words, unless every frame is drawn anyway."""
    firsts = [shot.start + 1 for shot in plan.shots[1:]]
    if not firsts or plan.rule == "all":
        return ()
    where = "cut at frame" if len(firsts) == 1 else "cuts at frames"
    named = ", ".join(str(first) for first in firsts[:MOST_CUTS_NAMED])
    more = " …" if len(firsts) > MOST_CUTS_NAMED else ""
    return (f"{len(plan.shots)} shots, {where} {named}{more}",)


def join_ranges(ranges: Iterable[range], apart: int) -> list[range]:
    """The ranges, which rise, with those joined that have fewer than `apart` numbers between."""
    joined: list[range] = []
    for each in ranges:
        if joined and each.start - joined[-1].stop < apart:
            joined[-1] = range(joined[-1].start, each.stop)
        else:
            joined.append(each)
    return joined
