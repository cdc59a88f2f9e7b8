"""What filling frames on a Dask cluster costs and gains.

    python dev/benchmarks/cluster.py CLIP [--size 1280x720] [--frames 100] [--rounds 2]
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
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from distributed import Client
from footage import lengthened
from propagation import scaled
from runs import SDBR, Took, emulator, folder_in, machine, median, run, table

WORKERS = 3
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


def simulated(tasks: Sequence[float], client: Sequence[float], workers: int) -> float:
    """Seconds that a clip takes, by the engine's rules: stretches in order, each to the first free
    worker, `AHEAD` for each under way, and taken in order by the client, which needs so long."""
    free, taken = [0.0] * workers, deque([0.0], maxlen=AHEAD * workers + 1)
    for task, own in zip(tasks, client, strict=True):
        room = taken[0] if len(taken) == taken.maxlen else 0.0
        end = max(heapq.heappop(free), room) + task
        heapq.heappush(free, end)
        taken.append(max(end, taken[-1]) + own)
    return taken[-1]


def compare(told: argparse.Namespace, root: Path, where: dict[str, str]) -> None:
    """Threads and cluster in turns, then more workers by simulation."""
    clip = lengthened(
        scaled(told.clip, told.size, root / "scaled.mp4"), told.frames, root / "clip.mp4"
    )
    alone, shared, worked, films = [], [], [], set()
    with cluster(root) as three:
        tasks_in(three.address)  # Dask takes notes from the first time that it is asked.
        for _ in range(told.rounds):
            spaces = folder_in(root), folder_in(root)
            alone.append(restyle(clip, spaces[0], where))
            before = three.cpu()
            shared.append(restyle(clip, spaces[1], where, "--cluster", three.address))
            worked.append(three.cpu() - before)
            films |= {film_in(space) for space in spaces}
        tasks = tasks_in(three.address)
        most = max(map(memory_of, three.workers)), memory_of(three.scheduler)
    print(f"{told.frames} frames of {told.size}; {len(films)} different film(s)\n")
    rows = []
    work = statistics.median(worked)
    for name, took, more in (("threads", median(alone), 0.0), ("cluster", median(shared), work)):
        each = [f"{1000 * cpu / told.frames:.0f}" for cpu in (took.cpu, more)]
        rows.append((name, f"{took.wall:.1f}", *each, f"{took.memory:.0f}"))
    table(("", "wall s", "client's CPU ms a frame", "workers'", "client's MB"), rows)
    print("A worker holds {:.0f} MB at most, the scheduler {:.0f}.".format(*most))
    ratios = [two.wall / one.wall for one, two in zip(alone, shared, strict=True)]
    print(f"Wall time of the cluster, threads = 1: {', '.join(f'{it:.2f}' for it in ratios)}\n")
    simulate(tasks, sum(worked), sum(took.cpu for took in shared), told.rounds * told.frames)


def simulate(tasks: Sequence[float], work: float, client: float, frames: int) -> None:
    """A table of an hour at 25 frames a second, for so many workers and cores of the client.

    `work` and `client` are the seconds of processor time that the workers and the client took for
    so many frames. The tasks keep their proportions, and each worker has a core of its own.
    """
    count = round(25 * 3600 * len(tasks) / frames)
    hour = [work / sum(tasks) * tasks[at % len(tasks)] for at in range(count)]
    rows = []
    for cores in (2, 8, 16):
        own = [client / len(tasks) / cores] * count
        times = {workers: simulated(hour, own, workers) for workers in (1, 4, 16)}
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
            took = restyle(clip, space, where, "--cluster", three.address)
            rows.append(
                (
                    frames,
                    f"{took.memory:.0f}",
                    f"{memory_of(three.scheduler):.0f}",
                    f"{took.wall:.0f}",
                )
            )
    table(("frames of 160x90", "client's MB", "scheduler's MB", "wall s"), rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("clip", type=Path)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--memory", default="")
    told = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as scratch, emulator("--picture-side", "256") as where:
        (memory if told.memory else compare)(told, Path(scratch), where)


if __name__ == "__main__":
    main()
