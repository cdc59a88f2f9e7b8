"""How steady, sharp and true a restyled clip is, for how many calls, and what filling costs.

    python dev/benchmarks/motion.py [--frames 100] [--width 640] CLIP [CLIP …]

The model is the simulated one of the tests: a look that depends on the frame alone, and what each
call does to it. E is the warp error E_warp (times 1000; the source's own is its floor), SSIM is
against the look without a call's noise, lap is Laplacian energy against all frames drawn.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from statistics import fmean, median

import numpy as np
from measures import ssim

from sdbr.media.open import open_reader
from sdbr.motion.arrays import Frame, shrunk
from sdbr.motion.harmonization import corrections
from sdbr.motion.interpolation import interpolate_stretch
from sdbr.motion.keyframes import place_keyframes, read_rule
from sdbr.motion.plan import KeyframePlan
from sdbr.motion.survey import FrameSurvey, survey
from sdbr.motion.temporal_filter import filter_over_time
from sdbr.motion.warp_error import mean_error, sharpness, steadiness

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
from tests.motion.simulated import drawn, look

RULES = ("every:4", "every:8", "every:16", "auto")
Clip = list[Frame]
Row = tuple[str, int, float, float, float, float]


def frames_of(path: Path, count: int, width: int) -> Clip:
    """The first frames of a clip, no wider than that."""
    frames: Clip = []
    for frame in islice(open_reader(path).frames(), count):
        whole = np.ascontiguousarray(frame.image[..., :3])
        size = width, round(whole.shape[0] * width / whole.shape[1])
        frames.append(shrunk(whole, size) if whole.shape[1] > width else whole)
    return frames


def filled(frames: Clip, pictures: Clip, plan: KeyframePlan) -> Clip:
    results, follow = list(pictures), {}
    for shot in plan.shots:
        keys = plan.keyframes_of(shot)
        for key, correction in zip(keys, corrections(frames, pictures, keys), strict=True):
            results[key], follow[key] = correction.of(pictures[key]), correction.follow
    for stretch in plan.stretches():
        right = None if stretch.right is None else results[stretch.right]
        left = stretch.left
        for made in interpolate_stretch(frames, stretch, results[left], right, follow=follow[left]):
            results[made.number] = made.picture()
    return results


def filtered(frames: Clip, pictures: Clip, plan: KeyframePlan) -> Clip:
    shots = ([(frames[n], pictures[n]) for n in shot] for shot in plan.shots)
    return [result for shot in shots for result in filter_over_time(shot)]


def measured(name: str, frames: Clip, plan: KeyframePlan, make: Callable[[], Clip]) -> Row:
    begun = time.process_time()
    results = make()
    spent = (time.process_time() - begun) / len(frames) * 1000
    shots = ([(frames[n], results[n]) for n in shot] for shot in plan.shots)
    error, _ = mean_error(each for shot in shots for each in steadiness(shot))
    true = fmean(ssim(a, look(b)) for a, b in zip(results, frames, strict=True))
    sharp = fmean(sharpness(each) for each in results)
    return name, len(plan.keyframes), error * 1000, true, sharp, spent


def rows(frames: Clip, notes: list[FrameSurvey]) -> list[Row]:
    pictures = [drawn(frame, call) for call, frame in enumerate(frames, start=1)]
    every = place_keyframes(notes, read_rule("all"))
    table = [
        measured("source", frames, every, lambda: frames),
        measured("naive", frames, every, lambda: pictures),
        measured("filter", frames, every, lambda: filtered(frames, pictures, every)),
    ]
    for rule in RULES:
        plan = place_keyframes(notes, read_rule(rule))
        make = lambda plan=plan: filled(frames, pictures, plan)  # noqa: E731
        table.append(measured(rule, frames, plan, make))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--width", type=int, default=640)
    told = parser.parse_args()
    ratios: dict[str, list[float]] = {}
    print(f"{'clip':26} {'rule':9} calls      E  /naive   SSIM    lap  CPU ms/frame")
    for path in told.clips:
        frames = frames_of(path, told.frames, told.width)
        table = rows(frames, survey(frames))
        _, _, naive, _, sharp, _ = table[1]
        for name, calls, error, true, edges, spent in table:
            ratios.setdefault(name, []).append(error / naive)
            numbers = f"{error:7.2f} {error / naive:7.3f} {true:6.3f} {edges / sharp:6.2f}"
            print(f"{path.stem[:26]:26} {name:9} {calls:5} {numbers} {spent:7.0f}", flush=True)
    for name, each in ratios.items():
        print(f"median of {len(each)} clips: {name:9} {median(each):.3f} × naive")


if __name__ == "__main__":
    main()
