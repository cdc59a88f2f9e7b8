"""Measures how steady a finished clip is, along its own motion or its source's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import pairwise
from pathlib import Path

from sdbr.concurrency import side_by_side
from sdbr.errors import InputProblem
from sdbr.media.clip import Pixels
from sdbr.media.open import open_reader
from sdbr.media.stills.pixels import flatten
from sdbr.motion.ghosts import MovingThings, compare_moving, shrink_luma
from sdbr.motion.keyframes import find_shots
from sdbr.motion.survey import survey
from sdbr.motion.warp_error import Steadiness, steadiness
from sdbr.workflows.clips.steadiness import SteadinessCurve


def judge(
    clip: Path,
    against: Path | None,
    keyframes: Collection[int] = (),
    step: Callable[[str], None] = lambda _: None,
) -> SteadinessCurve:
    """What there is to say of each frame of `clip`, along the motion of `against` or its own.

    Pairs across a cut are left out. How well what moves is drawn shows beside a source alone;
    `keyframes` are the frames that were drawn, by number from 0, where that is known. `step` is
    called with "scanning" or "measuring" after each frame. Raises InputProblem where the two do
    not have as many frames, or cannot be read.
    """
    source = against or clip

    def scanned() -> Iterator[Pixels]:
        for pixels in _pixels(source):
            yield pixels
            step("scanning")

    cuts = {shot.start for shot in find_shots(survey(scanned(), compare=False))}

    def measure_pair(
        item: tuple[int, tuple[tuple[Pixels, Pixels], tuple[Pixels, Pixels]]],
    ) -> tuple[int, Steadiness | None, MovingThings | None]:
        number, ((given, before), (source_now, now)) = item
        if number in cuts:
            return number, None, None
        steady = next(steadiness(((given, before), (source_now, now))))
        if against is None:
            return number, steady, None
        drawn = (
            shrink_luma(before, given) if number - 1 in keyframes else None,
            shrink_luma(now, source_now) if number in keyframes else None,
        )
        smalls = shrink_luma(given), shrink_luma(source_now)
        return number, steady, compare_moving(smalls, shrink_luma(now, source_now), drawn)

    measured, times = SteadinessCurve(), list[float]()

    def shown() -> Iterator[Pixels]:
        for frame in open_reader(clip).frames():
            times.append(float(frame.at))
            yield flatten(frame.image)

    pairs = enumerate(pairwise(zip(_pixels(source), shown(), strict=True)), start=1)
    try:
        for number, steady, moving in side_by_side(measure_pair, pairs):
            if steady is not None:
                measured.curve[number] = steady
            if moving is not None:
                measured.moving[number] = moving
            step("measuring")
    except ValueError:
        raise InputProblem(
            f"{clip} and {source} have different numbers of frames. Compare a clip with its "
            "own source."
        ) from None
    measured.times.update(enumerate(times))
    return measured


def _pixels(path: Path) -> Iterator[Pixels]:
    return (flatten(f.image) for f in open_reader(path).frames())
