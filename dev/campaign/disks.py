"""Fills the disk, and takes the right to write away. Needs root, to mount small file systems."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

from dev.campaign.audit import audit
from dev.campaign.bedrock import Bedrock, emulating
from dev.campaign.cell import Cell, Watch
from dev.campaign.disturbing import References
from dev.campaign.jobs import Job, write_inputs
from dev.campaign.kills import SLOW
from dev.campaign.running import finish, run, sends_of, start

_FULL, _FILLED, _READ_ONLY, _FOREIGN = (
    "disk of {} kB",
    "disk full during the run",
    "read-only file system",
    "output folder owned by another user",
)
_SIZES_KB = (300, 3_000, 12_000, 24_000)
_ROOMY = "64m"
_NOBODY = 65_534
_RESULTS = ("source/img", "source/frames", "generate/img", "generate/videos")
# Root may write anywhere unless it gives that up.
_BOUND_BY_PERMISSIONS = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner")
_INPUT = 3


def may_mount() -> bool:
    """Whether small file systems can be mounted here, and rights be given up."""
    try:
        with TemporaryDirectory() as name, _mounted(Path(name), "1m"):
            return which(_BOUND_BY_PERMISSIONS[0]) is not None
    except (OSError, subprocess.CalledProcessError):
        return False


def fill(jobs: Sequence[Job], undisturbed: References, seed: int) -> Iterator[Cell]:
    """Each job on disks that are too small, on one that fills up, and where it may not write."""
    chance = random.Random(seed)
    with emulating(*SLOW) as bedrock:
        for job in jobs:
            reference = undisturbed[job.name]
            for size in _SIZES_KB:
                with _disk(bedrock, f"{size}k") as folder:
                    watch = Watch(folder, reference)
                    watch.see(run((*job.arguments, "-v"), folder, bedrock))
                    yield _freed(_FULL.format(size), job, bedrock, watch)
            with _disk(bedrock, _ROOMY) as folder:
                yield _filled(job, bedrock, Watch(folder, reference), chance)
            with _disk(bedrock, _ROOMY) as folder:
                yield _read_only(job, bedrock, Watch(folder, reference))
            with _disk(bedrock, _ROOMY) as folder:
                yield _foreign(job, bedrock, Watch(folder, reference))


def _filled(job: Job, bedrock: Bedrock, watch: Watch, chance: random.Random) -> Cell:
    """Another program takes all space after some answers have come."""
    process = start((*job.arguments, "-v"), watch.workspace, bedrock)
    answers = chance.randrange(job.calls)
    while bedrock.count() < answers and process.poll() is None:
        time.sleep(0.02)
    ballast = watch.workspace / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(65_536))
        except OSError:
            pass
    watch.see(finish(process))
    ballast.unlink()
    return _freed(_FILLED, job, bedrock, watch)


def _read_only(job: Job, bedrock: Bedrock, watch: Watch) -> Cell:
    _mount(watch.workspace, "remount,ro")
    watch.see(run((*job.arguments, "-v"), watch.workspace, bedrock))
    sent = bedrock.count()
    _mount(watch.workspace, "remount,rw")
    return _ended(_READ_ONLY, job, bedrock, watch, sent)


def _foreign(job: Job, bedrock: Bedrock, watch: Watch) -> Cell:
    """The folders of the results are another user's, everything else may be written."""
    folder = watch.workspace
    foreign = [folder / name for name in _RESULTS]
    for each in foreign:
        each.mkdir(parents=True)
        os.chown(each, _NOBODY, _NOBODY)
    watch.see(run((*job.arguments, "-v"), folder, bedrock, _BOUND_BY_PERMISSIONS))
    sent = bedrock.count()
    return _ended(_FOREIGN, job, bedrock, watch, sent)


def _freed(trouble: str, job: Job, bedrock: Bedrock, watch: Watch) -> Cell:
    """The same command again once there is room."""
    if watch.runs[-1].code != 0:
        _mount(watch.workspace, f"remount,size={_ROOMY}")
    return _ended(trouble, job, bedrock, watch, sent=0)


def _ended(trouble: str, job: Job, bedrock: Bedrock, watch: Watch, sent: int) -> Cell:
    """`sent` requests went out although nothing could be written."""
    first = watch.runs[0]
    if first.code != 0:
        watch.see(run((*job.arguments, "-v"), watch.workspace, bedrock))
    again = sends_of(job.arguments, watch.workspace, bedrock)
    counted = audit(watch.workspace, bedrock.asked())
    expected = first.code in (0, _INPUT) and watch.runs[-1].code == 0
    return watch.cell(trouble, job.name, counted, again + sent, expected)


@contextmanager
def _disk(bedrock: Bedrock, size: str) -> Iterator[Path]:
    """A workspace with the inputs on a disk of its own; they are written before it is small."""
    bedrock.forget()
    with TemporaryDirectory(prefix="sdbr-campaign-") as name:
        folder = Path(name)
        with _mounted(folder, size):
            write_inputs(folder)
            yield folder


@contextmanager
def _mounted(folder: Path, size: str) -> Iterator[None]:
    command = ("mount", "-t", "tmpfs", "-o", f"size={size}", "sdbr-campaign", str(folder))
    subprocess.run(command, check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(("umount", str(folder)), check=True)


def _mount(folder: Path, options: str) -> None:
    subprocess.run(("mount", "-o", options, str(folder)), check=True)
