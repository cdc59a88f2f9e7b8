"""How steady a clip came out, measured while it is written, on both sides of its cuts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from threading import Event
from typing import Any

from sdbr.concurrency import map_ordered
from sdbr.console import counted
from sdbr.errors import InputProblem
from sdbr.files import write_whole
from sdbr.media.clip import Pixels
from sdbr.media.open import open_reader
from sdbr.media.stills.pixels import flatten
from sdbr.motion.keyframes import find_shots
from sdbr.motion.plan import KeyframePlan
from sdbr.motion.survey import survey
from sdbr.motion.warp_error import Steadiness, mean_error, steadiness
from sdbr.workflows.clips.footage import FrameInfo

_MOST_PAIRS = 40
"""Pairs of frames measured in a clip; each takes some 0.2 s of one core at 1280x720."""
_GOLDEN = 0.6180339887  # Its multiples spread the pairs evenly, however many there are.
_CORES = 2

Source = Callable[[int], Pixels]
Result = tuple[FrameInfo, Pixels]


@dataclass(slots=True)
class SteadinessCurve:
    """The curve of a clip: by number of the later frame of each measured pair."""

    curve: dict[int, Steadiness] = field(default_factory=dict)

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

    def as_json(self) -> dict[str, Any]:
        """The numbers for JSON."""
        return {
            "flicker": round(self.flicker, 6),
            "flicker_source": round(self.floor, 6),
            "sharpness": round(self.sharpness, 2),
            "curve": [[number + 1, round(each.error, 6)] for number, each in self.curve.items()],
        }

    def __str__(self) -> str:
        if not self.curve:
            return "flicker: a clip of one frame has none"
        return (
            f"flicker {1000 * self.flicker:.2f}, of the source {1000 * self.floor:.2f} "
            f"(E_warp × 1000, {counted(len(self.curve), 'pair')}); sharpness {self.sharpness:.0f}"
        )


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


@dataclass(frozen=True, slots=True)
class SideTasks:
    """What is done with each result on its way: the wanted pairs are measured along the motion
    of `source`, and each is given to `keep_frame`, in threads of their own."""

    source: Source
    wanted: frozenset[int]
    keep_frame: Callable[[Result], None]


@dataclass(frozen=True, slots=True)
class MeasuredFrame:
    """A finished frame; `steadiness` is that of it and the one before, where it was measured."""

    shown: FrameInfo
    pixels: Pixels
    steadiness: Steadiness | None = None


def measure(results: Iterable[Result], aside: SideTasks, stop: Event) -> Iterator[MeasuredFrame]:
    """The results in order, the wanted pairs among them measured."""
    source, wanted = aside.source, aside.wanted

    def look(pair: tuple[Result | None, Result]) -> MeasuredFrame:
        before, now = pair
        aside.keep_frame(now)
        number = now[0].number
        if before is None or number not in wanted:
            return MeasuredFrame(*now)
        seen = ((source(number - 1), flatten(before[1])), (source(number), flatten(now[1])))
        return MeasuredFrame(*now, next(steadiness(seen), None))

    def pairs() -> Iterator[tuple[Result | None, Result]]:
        before: Result | None = None
        for now in results:
            yield before, now
            before = now

    return map_ordered(look, pairs(), workers=_CORES, window=2 * _CORES, stop=stop)


def keep(path: Path, record: dict[str, Any]) -> None:
    """Write the numbers of a run where reports find them."""
    write_whole(path, json.dumps(record, ensure_ascii=False).encode("utf-8"))


def kept(hidden: Path, made: Mapping[str, Any]) -> Mapping[str, Any]:
    """The numbers of the run that made a clip, by its record; empty where none are known."""
    name = f"{Path(str(made.get('fingerprint', ''))).name}.steadiness.json"
    try:
        told = json.loads((hidden / "clips" / name).read_bytes())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, Mapping) else {}


def judge(clip: Path, against: Path | None) -> SteadinessCurve:
    """The steadiness of each frame of `clip`, along the motion of `against` or its own.

    Pairs across a cut are left out. Raises InputProblem where the two do not have as many
    frames, or cannot be read.
    """
    source = against or clip
    shots = find_shots(survey(_pixels(source), compare=False))
    cuts = {shot.start for shot in shots}
    measure = SteadinessCurve()
    pairs = zip(_pixels(source), _pixels(clip), strict=True)
    try:
        for number, (before, now) in enumerate(pairwise(pairs), start=1):
            if number not in cuts:
                measure.curve[number] = next(steadiness((before, now)))
    except ValueError:
        raise InputProblem(
            f"{clip} and {source} have different numbers of frames. Compare a clip with its source."
        ) from None
    return measure


def _pixels(path: Path) -> Iterator[Pixels]:
    return (flatten(f.image) for f in open_reader(path).frames())
