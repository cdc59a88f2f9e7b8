"""What filling frames on a Dask cluster costs and gains.

    python dev/benchmarks/cluster.py CLIP [--size 1280x720] [--frames 50,150] [--keyframes auto]
    python dev/benchmarks/cluster.py CLIP --memory 300,3000

A scheduler and three workers run as processes, started by Dask's own commands; an emulator in
another draws. The first form compares films and times of this machine's threads with those of the
cluster on the same machine, and simulates more workers with the times it measured. The second gives
the most memory of client and scheduler over clips of 160x90.
"""

from __future__ import annotations

import argparse
import hashlib
import heapq
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from distributed import Client
from footage import lengthened
from propagation import scaled
from runs import SDBR, Took, emulator, folder_in, machine, run, table

from sdbr.media.clip import Pixels
from sdbr.motion.arrays import limit_threads_and_heaps
from sdbr.motion.harmonization import corrections
from sdbr.workflows.clips.requests import read_frame

WORKERS = 3
HOUR = 25 * 3600  # Frames.
KEYFRAMES = 8
DASK = (sys.executable, "-m", "dask")
AHEAD = 2
"""Stretches under way for each worker, as in `workflows/clips/dask_engine.py`."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Processes: a scheduler with its address, and workers."""

    address: str
    scheduler: int
    workers: Sequence[int]

    def cpu(self) -> float:
        """Seconds that the workers used so far."""
        return sum(map(cpu_of, self.workers))


def cpu_of(process: int) -> float:
    """Seconds that a process used so far, user and system."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_of(process: int) -> float:
    """The most that a process held so far, in MB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Start a scheduler and workers as a user does."""
    file = folder / "scheduler.json"
    place = ("--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(file))
    worker = (*DASK, "worker", *place, "--nthreads", "1", "--no-nanny")
    with ExitStack() as stack, (folder / "log").open("w") as log:

        def start(*command: str) -> int:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process.pid

        scheduler = start(*DASK, "scheduler", "--port", "0", *place)
        workers = [start(*worker) for _ in range(WORKERS)]
        while not file.exists():
            time.sleep(0.1)
        client = stack.enter_context(Client(scheduler_file=str(file), set_as_default=False))
        client.wait_for_workers(WORKERS)
        yield Cluster(client.scheduler.address, scheduler, workers)


def restyle(clip: Path, workspace: Path, where: dict[str, str], *more: str) -> Took:
    """Restyle a clip the default way."""
    arguments = ("vid2vid", str(clip), "as a woodcut", "--seed", "1", "--yes", "-q")
    return run((*SDBR, *arguments, *more, "--workspace", str(workspace)), where)


def film_in(workspace: Path) -> str:
    """The digest of the film."""
    (film,) = (workspace / "generate" / "videos").glob("clip.mp4")
    return hashlib.sha256(film.read_bytes()).hexdigest()


def tasks_in(address: str) -> list[float]:
    """The seconds that each stretch took, in their order."""
    with Client(address, set_as_default=False) as client:
        seen = client.get_task_stream(count=100_000)
    steps = (each for task in seen for each in task["startstops"])
    times = sorted((it["start"], it["stop"]) for it in steps if it["action"] == "compute")
    return [stop - start for start, stop in times]


class Costs(NamedTuple):
    """Seconds of processor time: filling each stretch; harmonizing a keyframe, which waits for the
    one before; all else that the client does for a stretch, on any of its cores."""

    tasks: Sequence[float]
    harmonize: float
    client: float


def simulated(costs: Costs, workers: int, cores: int) -> float:
    """Seconds that a clip takes, by the engine's rules: stretches in order, each to the first free
    worker, `AHEAD` in flight for each, and taken in order by the client."""
    free, taken = [0.0] * workers, deque([0.0], maxlen=AHEAD * workers + 1)
    ready = 0.0
    for task in costs.tasks:
        room = taken[0] if len(taken) == taken.maxlen else 0.0
        ready = max(ready, room) + costs.harmonize
        end = max(heapq.heappop(free), ready) + task
        heapq.heappush(free, end)
        taken.append(max(end, taken[-1]) + costs.client / cores)
    return taken[-1]


def harmonizing(workspace: Path) -> float:
    """The seconds of processor time for a keyframe, over the first few of a film."""
    (index,) = (workspace / "source").rglob("frames.json")
    numbers = json.loads(index.read_bytes())["keyframes"][:KEYFRAMES]
    (drawn,) = (workspace / "generate" / "frames").iterdir()

    def frames(folder: Path) -> dict[int, Pixels]:
        wanted = range(numbers[0], numbers[-1] + 1)
        return {number: read_frame(folder / f"{number:06d}.png") for number in wanted}

    sources, pictures = frames(index.parent), frames(drawn)
    limit_threads_and_heaps()
    began = time.process_time()
    found = len(list(corrections(sources, pictures, numbers)))
    return (time.process_time() - began) / found


class Measured(NamedTuple):
    """One film: by threads, by a cluster, the seconds that its workers used, how many films, and
    the seconds to harmonize a keyframe."""

    threads: Took
    cluster: Took
    workers: float
    films: int
    harmonize: float


def measure(clip: Path, root: Path, where: dict[str, str], three: Cluster, *more: str) -> Measured:
    """Threads, then cluster."""
    spaces = folder_in(root), folder_in(root)
    alone = restyle(clip, spaces[0], where, *more)
    before = three.cpu()
    shared = restyle(clip, spaces[1], where, *more, "--cluster", three.address)
    used, films = three.cpu() - before, {film_in(each) for each in spaces}
    return Measured(alone, shared, used, len(films), harmonizing(spaces[1]))


def compare(told: argparse.Namespace, root: Path, where: dict[str, str]) -> None:
    """Threads and cluster in turns, then more workers by simulation."""
    small = scaled(told.clip, told.size, root / "scaled.mp4")
    lengths = [int(frames) for frames in told.frames.split(",")]
    clips = [lengthened(small, frames, folder_in(root) / "clip.mp4") for frames in lengths]
    with cluster(root) as three:
        tasks_in(three.address)  # Dask takes notes from the first time that it is asked.
        rule = ("--keyframes", told.keyframes)
        took = [measure(clip, root, where, three, *rule) for clip in clips]
        tasks = tasks_in(three.address)
        most = max(map(memory_of, three.workers)), memory_of(three.scheduler)
    rows = []
    for frames, one in zip(lengths, took, strict=True):
        cpu = one.threads.cpu, one.cluster.cpu, one.workers
        each = [f"{1000 * seconds / frames:.0f}" for seconds in cpu]
        memory = f"{one.threads.memory:.0f}", f"{one.cluster.memory:.0f}"
        rows.append(
            (frames, one.films, *each, *memory, f"{one.cluster.wall / one.threads.wall:.2f}")
        )
    head = ("frames", "films", "threads: CPU ms a frame", "client", "workers")
    table((*head, "threads: MB", "client: MB", "wall, threads = 1"), rows)
    print("A worker held {:.0f} MB at most, the scheduler {:.0f}.\n".format(*most))
    # What comes once for a film of any length is in both.
    (few, *_, many), more = took, lengths[-1] - lengths[0]
    work, own = ((many.workers - few.workers) / more, (many.cluster.cpu - few.cluster.cpu) / more)
    harmonize = many.harmonize
    print(f"Each further frame: client {1000 * own:.0f} ms, workers {1000 * work:.0f} ms.")
    print(f"Each keyframe: harmonizing takes {1000 * harmonize:.0f} ms, one after the other.\n")
    # The tasks keep their proportions; each worker has a core of its own.
    count = round(HOUR * len(tasks) / sum(lengths))
    per_task, mean = HOUR / count, sum(tasks) / len(tasks)
    hour = [work * per_task * tasks[at % len(tasks)] / mean for at in range(count)]
    simulate(Costs(hour, harmonize, own * per_task - harmonize))


def simulate(costs: Costs) -> None:
    """A table of an hour at 25 frames a second, for so many workers and cores of the client."""
    rows = []
    for cores in (4, 8, 16):
        times = {workers: simulated(costs, workers, cores) for workers in (1, 4, 16)}
        for workers, seconds in times.items():
            linear = times[1] / seconds / workers
            rows.append((cores, workers, f"{seconds / 3600:.1f}", f"{linear:.2f}"))
    table(("client's cores", "workers", "hours for an hour (simulated)", "of linear"), rows)


def memory(told: argparse.Namespace, root: Path, where: dict[str, str]) -> None:
    """The most memory of client and scheduler for clips of so many frames."""
    small, rows = scaled(told.clip, "160x90", root / "scaled.mp4"), []
    for frames in map(int, told.memory.split(",")):
        space = folder_in(root)
        clip = lengthened(small, frames, space / "clip.mp4")
        with cluster(space) as three:
            one = measure(clip, root, where, three)
            held = one.threads.memory, one.cluster.memory, memory_of(three.scheduler)
            rows.append((frames, one.films, *(f"{each:.0f}" for each in held)))
    table(("frames of 160x90", "films", "threads: MB", "client: MB", "scheduler: MB"), rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("clip", type=Path)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--frames", default="50,150")
    parser.add_argument("--keyframes", default="auto")
    parser.add_argument("--memory", default="")
    told = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as scratch, emulator("--picture-side", "256") as where:
        (memory if told.memory else compare)(told, Path(scratch), where)


if __name__ == "__main__":
    main()
