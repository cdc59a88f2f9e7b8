"""Wall time and memory of taking a clip apart and putting it together again.

    python dev/benchmarks/clips.py CLIP

Compares with the ffmpeg command line where it is installed, in alternating rounds, and reads and
writes synthetic clips of 300 and 3000 frames to show that memory does not grow with length.
"""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np

from sdbr.media.clip import EncodingSettings, FrameTiming, TimedFrame
from sdbr.media.open import open_reader, origin_of
from sdbr.media.writer import open_writer

ROUNDS = 3


def split(clip: Path, folder: Path) -> None:
    reader = open_reader(clip)
    with open_writer(folder, reader.clip.timing) as writer:
        for frame in reader.frames():
            writer.add(frame)


def assemble(folder: Path, clip: Path, target: Path) -> None:
    reader, original = open_reader(folder), open_reader(clip)
    with open_writer(target, reader.clip.timing, origin=origin_of(original.clip)) as writer:
        for frame in reader.frames():
            writer.add(frame)


def ffmpeg_split(clip: Path, folder: Path) -> None:
    folder.mkdir()
    _ffmpeg("-i", str(clip), "-fps_mode", "passthrough", str(folder / "%06d.png"))


def ffmpeg_assemble(folder: Path, clip: Path, target: Path) -> None:
    rate = str(open_reader(clip).clip.rate)
    sources = ["-framerate", rate, "-i", str(folder / "%06d.png"), "-i", str(clip)]
    encoding = ["-c:v", "libx264", "-crf", "18", "-pix_fmt", "yuv420p", "-c:a", "copy"]
    maps = ["-map", "0:v", "-map", "1:a?", "-movflags", "+faststart"]
    _ffmpeg(*sources, *maps, *encoding, str(target))


def _ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-loglevel", "error", "-y", *arguments], check=True)


def timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def compare(clip: Path, scratch: Path) -> None:
    rows: dict[str, list[float]] = {}
    for number in range(ROUNDS):
        here = scratch / str(number)
        here.mkdir()
        for name, work in steps(clip, here).items():
            rows.setdefault(name, []).append(timed(work))
        shutil.rmtree(here)
    medians = {name: statistics.median(times) for name, times in rows.items()}
    for name, seconds in medians.items():
        print(f"{name:16s} {seconds:6.2f} s")
    if "ffmpeg split" in medians:
        ours = medians["sdbr split"] + medians["sdbr assemble"]
        theirs = medians["ffmpeg split"] + medians["ffmpeg assemble"]
        print(f"sdbr / ffmpeg    {ours / theirs:6.2f}")


def steps(clip: Path, here: Path) -> dict[str, Callable[[], None]]:
    ours, theirs = here / "ours", here / "theirs"
    work: dict[str, Callable[[], None]] = {
        "sdbr split": lambda: split(clip, ours),
        "sdbr assemble": lambda: assemble(ours, clip, here / "ours.mp4"),
    }
    if shutil.which("ffmpeg"):
        work["ffmpeg split"] = lambda: ffmpeg_split(clip, theirs)
        work["ffmpeg assemble"] = lambda: ffmpeg_assemble(theirs, clip, here / "theirs.mp4")
    return work


def long_clip(frames: int, target: Path) -> None:
    """Write a clip of noise strips and read it back, as a process of its own does."""
    timing = FrameTiming.even(Fraction(30))
    strip = np.random.default_rng(1).integers(0, 255, (720, 1280, 3), np.uint8)
    with open_writer(
        target, timing, settings=EncodingSettings(preset="ultrafast", crf=40)
    ) as writer:
        for number in range(frames):
            image = np.full((720, 1280, 3), 90, np.uint8)
            image[:, : 64 + number % 64] = strip[:, : 64 + number % 64]
            writer.add(TimedFrame(image, number / timing.rate, 1 / timing.rate))
    assert sum(1 for _ in open_reader(target).frames()) == frames


def peak_of(frames: int, target: Path) -> float:
    command = [sys.executable, __file__, "--long", str(frames), str(target)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    if sys.argv[1] == "--long":
        long_clip(int(sys.argv[2]), Path(sys.argv[3]))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    with tempfile.TemporaryDirectory() as scratch:
        # First: a process that is started later counts this one's memory as its own.
        short = peak_of(300, Path(scratch) / "short.mp4")
        long = peak_of(3000, Path(scratch) / "long.mp4")
        ratio = f"{long / short:.2f}"
        print(f"peak memory      {short:.0f} MB for 300 frames, {long:.0f} MB for 3000: {ratio}")
        compare(Path(sys.argv[1]), Path(scratch))


if __name__ == "__main__":
    main()
