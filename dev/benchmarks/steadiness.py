"""How steady, true and sharp vid2vid's results are, clip by clip, by runs of sdbr itself.

    python dev/benchmarks/steadiness.py [--frames 49] [--prompt …] [--workspace FOLDER] CLIP …

Each clip is drawn whole (`--keyframes all --steady off`, the naive way), with `every:8` and with
`auto`, against an emulator that flickers, and whole against one that does not: that is the ideal.
E is E_warp times 1000 over all frames as kept (the source's own is its floor), SSIM is to the
ideal, lap is Laplacian energy relative to the drawn keyframes', CPU is what harmonising and
filling take a filled frame. A workspace that stays makes a second run cheap.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from statistics import fmean, median

import numpy as np
from measures import ssim
from PIL import Image
from runs import SDBR, table

from sdbr.emulator import Emulator
from sdbr.media.open import open_reader
from sdbr.motion.arrays import Frame, limit_threads_and_heaps, shrunk, size_of
from sdbr.motion.flow import view, view_size
from sdbr.motion.harmonization import corrections
from sdbr.motion.interpolation import InterpolatedFrame, interpolate_stretch
from sdbr.motion.keyframes import find_shots, place_keyframes, read_rule
from sdbr.motion.matching import find_flows
from sdbr.motion.plan import KeyframePlan
from sdbr.motion.survey import FrameSurvey, survey
from sdbr.motion.warp_error import MEASURING_FLOW, sharpness, visible, warp_error

WAYS = {"naive": ("all", "off"), "every8": ("every:8", "auto"), "auto": ("auto", "auto")}
HEAD = ("clip", "frames", "source E", "naive E", "every:8 E", "share", "calls", "SSIM naive",
        "SSIM every:8", "lap", "auto E", "calls", "SSIM auto", "CPU ms/frame")  # fmt: skip
Clip = list[Frame]


@dataclass(frozen=True)
class Bench:
    """What is drawn, and where."""

    workspace: Path
    frames: int
    prompt: str


def drawn(bench: Bench, clip: Path, way: str, flicker: float) -> tuple[Clip, list[int]]:
    """The frames of a run of sdbr, and the numbers of its keyframes."""
    keyframes, steady = WAYS[way]
    root = bench.workspace / clip.stem / ("ideal" if not flicker else "drawn")
    with Emulator(flicker=flicker) as emulator:
        told = subprocess.run(
            (*SDBR, "vid2vid", str(clip), bench.prompt, "--seed", "5", "--yes", "--json", "-q",
             "--keyframes", keyframes, "--steady", steady, "--max-frames", str(bench.frames),
             "--workspace", str(root), "--endpoint-url", emulator.url),
            env={**os.environ, **emulator.environment(), "SDBR_CONFIG": os.devnull},
            check=True, stdout=subprocess.PIPE,
        ).stdout  # fmt: skip
    result = json.loads(told)
    kept = root / "generate" / "frames" / Path(result["path"]).stem
    pictures = [np.asarray(Image.open(path).convert("RGB")) for path in sorted(kept.glob("*.png"))]
    return pictures, [number - 1 for number in result["keyframes"]]


def errors_of(frames: Clip, ways: list[Clip], notes: list[FrameSurvey]) -> list[float]:
    """E_warp times 1000 of each of several results, over all pairs that no cut parts."""
    size = view_size(size_of(frames[0]), MEASURING_FLOW)
    errors: list[list[float]] = []
    for shot in find_shots(notes):
        for before, now in pairwise(shot):
            taken = find_flows(
                *(view(frames[n], size) for n in (before, now)), MEASURING_FLOW.preset
            )
            seen = visible(taken)
            pairs = ([shrunk(way[n], size) for n in (before, now)] for way in ways)
            errors.append([warp_error(*pair, taken.back, seen) for pair in pairs])
    return [1000 * fmean(column) for column in zip(*errors, strict=True)]


def likeness(results: Clip, ideal: Clip) -> float:
    return fmean(ssim(a, b) for a, b in zip(results, ideal, strict=True))


def filling(frames: Clip, pictures: Clip, plan: KeyframePlan) -> float:
    """Milliseconds of processor time that harmonising and filling take a filled frame."""
    results, filled = dict(enumerate(pictures)), 0
    begun = time.process_time()
    for shot in plan.shots:
        keys = plan.keyframes_of(shot)
        for key, correction in zip(keys, corrections(frames, pictures, keys), strict=True):
            results[key] = correction.of(pictures[key])
    for stretch in plan.stretches():
        right = None if stretch.right is None else results[stretch.right]
        made = interpolate_stretch(frames, stretch, results[stretch.left], right)
        filled += sum(1 for _ in map(InterpolatedFrame.picture, made))
    return 1000 * (time.process_time() - begun) / max(1, filled)


def row_of(bench: Bench, clip: Path) -> list[float]:
    source = (frame.image[..., :3] for frame in open_reader(clip).frames())
    frames = [np.ascontiguousarray(image) for image in islice(source, bench.frames)]
    notes = survey(frames, compare=False)
    ideal, _ = drawn(bench, clip, "naive", flicker=0)
    naive, _ = drawn(bench, clip, "naive", flicker=1)
    eighth, keys = drawn(bench, clip, "every8", flicker=1)
    auto, placed = drawn(bench, clip, "auto", flicker=1)
    floor, whole, error, freely = errors_of(frames, [frames, naive, eighth, auto], notes)
    sharp = fmean(map(sharpness, eighth)) / fmean(sharpness(naive[key]) for key in keys)
    spent = filling(frames, naive, place_keyframes(notes, read_rule("every:8")))
    return [
        len(frames), floor, whole, error, error / whole, len(keys),
        likeness(naive, ideal), likeness(eighth, ideal), sharp,
        freely, len(placed), likeness(auto, ideal), spent,
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--frames", type=int, default=49)
    parser.add_argument("--prompt", default="watercolour painting")
    parser.add_argument("--workspace", type=Path)
    told = parser.parse_args()
    limit_threads_and_heaps()  # as in a run of sdbr
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench((told.workspace or Path(scratch)).absolute(), told.frames, told.prompt)
        numbers = {clip: row_of(bench, clip) for clip in told.clips}
    shapes = ["d", ".2f", ".2f", ".2f", ".3f", "d", ".3f", ".3f", ".2f", ".2f", "d", ".3f", ".0f"]
    written = [
        [clip.stem, *(format(value, shape) for value, shape in zip(row, shapes, strict=True))]
        for clip, row in numbers.items()
    ]
    table(HEAD, written)
    shares = [row[4] for row in numbers.values()]
    print(f"every:8: {median(shares):.3f} of naive's E in the median, {max(shares):.3f} at most")


if __name__ == "__main__":
    main()
