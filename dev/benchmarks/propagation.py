"""What it takes to propagate the frames between keyframes: processor time and memory.

    python dev/benchmarks/propagation.py CLIP [--sizes 1280x720,…] [--cores 2,8,…] [--frames 250,…]

CLIP is scaled to each size and lengthened to so many frames. Each run is a process of its own that
takes the machine for one of so many cores, and calls an emulator in another process.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path

from footage import lengthened
from runs import Took, emulator, folder_in, machine, run, table

RUN = """
import os, runpy
os.cpu_count = lambda: {cores}
runpy.run_module("sdbr", run_name="__main__", alter_sys=True)
"""


def scaled(clip: Path, size: str, target: Path) -> Path:
    """Write the clip at this size, width x height, without sound."""
    scale = f"scale={size.replace('x', ':')}:flags=bicubic"
    command = ("ffmpeg", "-v", "error", "-i", str(clip), "-vf", scale, "-an", "-crf", "12")
    subprocess.run((*command, str(target)), check=True)
    return target


def restyle(clip: Path, cores: int, workspace: Path, where: dict[str, str]) -> Took:
    """Restyle a clip the default way, on a machine that says it has so many cores."""
    arguments = ("vid2vid", str(clip), "as a woodcut", "--seed", "1", "--yes", "-q")
    command = (sys.executable, "-c", RUN.format(cores=cores), *arguments)
    return run((*command, "--workspace", str(workspace)), where)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("clip", type=Path)
    parser.add_argument("--sizes", default="1280x720")
    parser.add_argument("--cores", default="2,8")
    parser.add_argument("--frames", default="250")
    told = parser.parse_args()
    print(machine())
    rows = []
    with tempfile.TemporaryDirectory() as scratch, emulator("--picture-side", "256") as where:
        root = Path(scratch)
        lengths = [int(frames) for frames in told.frames.split(",")]
        for size, frames in product(told.sizes.split(","), lengths):
            small = scaled(told.clip, size, root / f"{size}.mp4")
            clip = lengthened(small, frames, root / f"{size}-{frames}.mp4")
            small.unlink()
            for cores in told.cores.split(","):
                took = restyle(clip, int(cores), folder_in(root), where)
                cpu, memory = 1000 * took.cpu / frames, took.memory
                rows.append((size, frames, cores, f"{cpu:.0f}", f"{memory:.0f}"))
            clip.unlink()
    table(("size", "frames", "cores", "CPU ms a frame", "memory MB"), rows)


if __name__ == "__main__":
    main()
