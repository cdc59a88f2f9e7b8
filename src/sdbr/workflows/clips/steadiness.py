"""How steady a clip came out and how well what moves is drawn, measured while it is written.

Both are measured on either side of the clip's cuts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from threading import Event
from typing import Any, Literal

from sdbr.concurrency import map_ordered
from sdbr.console import counted
from sdbr.files import write_whole
from sdbr.media.clip import Pixels
from sdbr.media.stills.pixels import flatten
from sdbr.motion.arrays import Luma
from sdbr.motion.ghosts import (
    MovingThings,
    compare_moving,
    find_ghosts,
    measure_shortfalls,
    shrink_luma,
)
from sdbr.motion.plan import KeyframePlan
from sdbr.motion.warp_error import Steadiness, mean_error, steadiness
from sdbr.workflows.clips.footage import FrameInfo

_MOST_PAIRS = 40
"""Pairs of frames measured in a clip; each takes some 0.1 s of one core."""
_GOLDEN = 0.6180339887  # Its multiples spread the pairs evenly, however many there are.
_CORES = 2

FLICKERS = 0.005
"""E_warp over the source's that is plainly seen. Each frame drawn by itself has 0.018 to 0.04, with
a neural style network as with the emulator; carried ones have up to 0.002."""

Verdict = Literal["steady", "ghosting", "flickers"]
Source = Callable[[int], Pixels]
Result = tuple[FrameInfo, Pixels]


@dataclass(frozen=True, slots=True)
class MeasuredFrame:
    """A finished frame, and what was measured of it and the one before."""

    shown: FrameInfo
    pixels: Pixels
    steadiness: Steadiness | None = None
    moving: MovingThings | None = None


@dataclass(slots=True)
class SteadinessCurve:
    """What was measured of a clip, by number of the later frame of each measured pair.

    `moving` has the frames in which something moves by itself, `times` the seconds at which each
    frame of the clip begins.
    """

    curve: dict[int, Steadiness] = field(default_factory=dict)
    moving: dict[int, MovingThings] = field(default_factory=dict)
    times: dict[int, float] = field(default_factory=dict)

    def add(self, one: MeasuredFrame) -> None:
        """Take in what was measured of a frame."""
        number = one.shown.number
        self.times[number] = float(one.shown.at)
        if one.steadiness is not None:
            self.curve[number] = one.steadiness
        if one.moving is not None:
            self.moving[number] = one.moving

    @property
    def flicker(self) -> float:
        """Mean E_warp of the result (Lai et al. 2018)."""
        return mean_error(self.curve.values())[0]

    @property
    def floor(self) -> float:
        """Mean E_warp of the source over the same pairs: grain and light."""
        return mean_error(self.curve.values())[1]

    @property
    def sharpness(self) -> float:
        """Mean Laplacian energy of the result, levels of 255 squared."""
        return fmean(each.sharpness for each in self.curve.values()) if self.curve else 0.0

    def likeness(self) -> tuple[float, float] | None:
        """How well results, and drawn pictures, agree with their sources where things move.

        Correlations, 0 to 1; None where nothing moves, or none of that was drawn.
        """
        drawn = [each.drawn.likeness for each in self.moving.values() if each.drawn]
        if not drawn:
            return None
        return fmean(each.result.likeness for each in self.moving.values()), fmean(drawn)

    @property
    def verdict(self) -> Verdict:
        """What the numbers say in a word."""
        return self._name(find_ghosts(self.shortfalls()))

    def passages(self) -> list[tuple[float, float]]:
        """From when to when to look at it, in seconds: where what moves lacks much."""
        return self._times_of(find_ghosts(self.shortfalls()))

    def shortfalls(self) -> dict[int, float]:
        """What each frame in which something moves lacks there; see `measure_shortfalls`."""
        return measure_shortfalls(self.moving)

    def as_json(self) -> dict[str, Any]:
        """The numbers for JSON: frames from 1, passages in seconds."""
        lacking = self.shortfalls()
        ghosts = find_ghosts(lacking)
        numbers: dict[str, Any] = {
            "verdict": self._name(ghosts),
            "flicker": round(self.flicker, 6),
            "flicker_source": round(self.floor, 6),
            "sharpness": round(self.sharpness, 2),
            "ghosts": round(fmean(lacking.values()), 4) if lacking else 0.0,
            "look_at": [[round(at, 3) for at in passage] for passage in self._times_of(ghosts)],
            "curve": [
                [number + 1, round(each.result_error, 6)] for number, each in self.curve.items()
            ],
            "ghost_curve": [[number + 1, round(share, 4)] for number, share in lacking.items()],
        }
        if likeness := self.likeness():
            numbers["likeness"], numbers["likeness_drawn"] = (round(each, 4) for each in likeness)
        return numbers

    def __str__(self) -> str:
        if not self.curve:
            return "flicker: not measured, the clip has only one frame"
        lacking = self.shortfalls().values()
        ghosts = f"; ghosting {fmean(lacking):.0%}, at most {max(lacking):.0%}" if lacking else ""
        return (
            f"flicker {1000 * self.flicker:.2f}, source {1000 * self.floor:.2f} (E_warp × 1000, "
            f"{counted(len(self.curve), 'pair')}); sharpness {self.sharpness:.0f}{ghosts}"
        )

    def _name(self, ghosts: Collection[range]) -> Verdict:
        if self.flicker - self.floor > FLICKERS:
            return "flickers"
        return "ghosting" if ghosts else "steady"

    def _times_of(self, ghosts: Iterable[range]) -> list[tuple[float, float]]:
        return [
            (self.times[each.start], self.times.get(each.stop, self.times[each.stop - 1]))
            for each in ghosts
        ]


def pairs_to_measure(plan: KeyframePlan, most: int | None = _MOST_PAIRS) -> frozenset[int]:
    """The later frames of the pairs to look at: all of them, or one in each of `most` equal parts.

    Where in its part differs, in golden steps: at an even distance all of them could fall on
    keyframes, or none. Pairs across a cut are left out.
    """
    later = [number for shot in plan.shots for number in shot[1:]]
    if most is None or len(later) <= most:
        return frozenset(later)
    share = len(later) / most
    return frozenset(later[int((at + at * _GOLDEN % 1) * share)] for at in range(most))


_DrawnPair = tuple[Luma | None, Luma | None]
_Sourced = tuple[Result, Pixels, Luma]
"""A result, its source frame, and that in small."""


@dataclass(frozen=True, slots=True)
class SideTasks:
    """What is done with each result on its way, in threads of their own.

    The steadiness of the `wanted` pairs is measured along the motion of `source`, what moves in
    each pair of `within_shots`; each result is given to `keep_frame`. `drawn` has the drawn
    pictures as they came, by frame number and as `shrink_luma` gives them; one that was compared is
    dropped.
    """

    source: Source
    wanted: frozenset[int]
    within_shots: frozenset[int]
    drawn: dict[int, Luma]
    keep_frame: Callable[[Result], None]


def measure(results: Iterable[Result], aside: SideTasks, stop: Event) -> Iterator[MeasuredFrame]:
    """The results in order, the wanted pairs among them measured."""
    source, drawn = aside.source, aside.drawn

    def measure_pair(pair: tuple[_Sourced | None, _Sourced, _DrawnPair]) -> MeasuredFrame:
        before, (now, frame, small), pictures = pair
        aside.keep_frame(now)
        number = now[0].number
        if before is None or number not in aside.within_shots:
            return MeasuredFrame(*now)
        result = flatten(now[1])
        moving = compare_moving((before[2], small), shrink_luma(result, frame), pictures)
        if number not in aside.wanted:
            return MeasuredFrame(*now, moving=moving)
        seen = (before[1], flatten(before[0][1])), (frame, result)
        return MeasuredFrame(*now, next(steadiness(seen), None), moving)

    def pairs() -> Iterator[tuple[_Sourced | None, _Sourced, _DrawnPair]]:
        before: _Sourced | None = None
        for result in results:
            number = result[0].number
            frame = source(number)
            now = result, frame, shrink_luma(frame)
            yield before, now, (drawn.pop(number - 1, None), drawn.get(number))
            before = now

    return map_ordered(measure_pair, pairs(), workers=_CORES, window=2 * _CORES, stop=stop)


def write_steadiness(path: Path, record: dict[str, Any]) -> None:
    """Write the numbers of a run where reports find them."""
    write_whole(path, json.dumps(record, ensure_ascii=False).encode("utf-8"))


def read_steadiness(hidden: Path, made: Mapping[str, Any]) -> Mapping[str, Any]:
    """The numbers of the run that made a clip, by its record; empty where none are known."""
    name = f"{Path(str(made.get('fingerprint', ''))).name}.steadiness.json"
    try:
        told = json.loads((hidden / "clips" / name).read_bytes())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, Mapping) else {}
