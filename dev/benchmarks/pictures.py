"""Pictures per second, and what a picture costs in processor time and memory.

    python dev/benchmarks/pictures.py [rate] [cost] [one]

Against an emulator in a process of its own, whose pictures are files of 1.6 MB: moving and
decoding them is the work. Beside it the same calls by boto3 alone (bare.py), in turns.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from runs import SDBR, Took, alternately, emulator, folder_in, machine, run, table

BARE = str(Path(__file__).parent / "bare.py")
PICTURES = ("--picture-side", "64", "--picture-bytes", "1600000")
LATENCY = 2.0
BATCHES = 20
ROUNDS = 9


def sdbr(count: int, workers: int, root: Path, where: dict[str, str]) -> Took:
    arguments = ("--count", str(count), "--workers", str(workers), "--seed", "1", "--yes")
    words = ("txt2img", "a lighthouse at dusk", "--model", "core")
    return run((*SDBR, *words, *arguments, "--workspace", str(folder_in(root))), where)


def bare(count: int, workers: int, root: Path, where: dict[str, str]) -> Took:
    command = (sys.executable, BARE, str(count), str(workers), str(folder_in(root)))
    return run(command, where)


def rate(root: Path) -> None:
    """The whole process, start-up and all, as a share of what latency allows."""
    print(f"Pictures per second, latency {LATENCY:g} s, {BATCHES} pictures a worker\n")
    rows = []
    with emulator("--latency", f"{LATENCY:g}s", *PICTURES) as where:
        for name, draw, workers in (
            ("boto3, a plain loop", bare, 1),
            ("boto3, 16 threads", bare, 16),
            *((f"sdbr --workers {workers}", sdbr, workers) for workers in (1, 4, 16, 32)),
        ):
            count, ideal = BATCHES * workers, workers / LATENCY
            took = draw(count, workers, root, where)
            reached = count / took.wall
            rows.append((name, f"{reached:.2f}", f"{ideal:.1f}", f"{reached / ideal:.3f}"))
    table(("", "pictures/s", "ideal", "share"), rows)


def cost(root: Path) -> None:
    """A hundred pictures by 16 threads."""
    print(f"100 pictures by 16 threads, medians of {ROUNDS} runs in turns\n")
    with emulator("--latency", "500ms", *PICTURES) as where:
        compare(100, 16, ROUNDS, root, where)


def one(root: Path) -> None:
    """A single picture that takes no time to draw: all that is left is ours."""
    print(f"One picture, latency 0, medians of {3 * ROUNDS} runs in turns\n")
    with emulator(*PICTURES) as where:
        compare(1, 1, 3 * ROUNDS, root, where)


def compare(count: int, workers: int, rounds: int, root: Path, where: dict[str, str]) -> None:
    ours, theirs = alternately(
        rounds,
        lambda: sdbr(count, workers, root, where),
        lambda: bare(count, workers, root, where),
    )
    rows = [
        (name, f"{took.wall:.2f}", f"{took.cpu:.2f}", f"{took.memory:.0f}")
        for name, took in (("sdbr", ours), ("boto3 alone", theirs))
    ]
    ratios = (f"{mine / other:.2f}" for mine, other in zip(ours, theirs, strict=True))
    table(("", "wall s", "CPU s", "memory MB"), [*rows, ("ratio", *ratios)])


if __name__ == "__main__":
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        for part in (rate, cost, one):
            if len(sys.argv) == 1 or part.__name__ in sys.argv[1:]:
                part(Path(folder))
