"""The whole fault campaign, and the short form of it that the tests run."""

from __future__ import annotations

import signal
from collections.abc import Iterator

from dev.campaign import disks, hostile, kills, pairs, writes
from dev.campaign.bedrock import emulating
from dev.campaign.cell import Cell
from dev.campaign.disturbing import disturb, references
from dev.campaign.grid import FAULTS
from dev.campaign.jobs import JOBS


def all_cells(seed: int) -> Iterator[Cell]:
    """Every job under every trouble; `seed` decides when runs are killed and disks filled."""
    with emulating() as well:
        undisturbed = references(JOBS, well)
        yield from disturb(FAULTS, JOBS, well, undisturbed)
    yield from kills.stop(JOBS, undisturbed, seed, signal.SIGKILL)
    yield from kills.stop(JOBS, undisturbed, seed, signal.SIGINT)
    yield from kills.stop(JOBS, undisturbed, seed, signal.SIGHUP)
    yield from pairs.pair(JOBS, undisturbed)
    if pairs.may_unshare():
        yield from pairs.pair(JOBS, undisturbed, apart=True)
    yield from writes.fail(JOBS, undisturbed)
    yield from hostile.meet(JOBS, undisturbed)
    if disks.may_mount():
        yield from disks.fill(JOBS, undisturbed, seed)


def some_cells(seed: int) -> Iterator[Cell]:
    """Pictures and a clip when all goes wrong at once, and pictures killed."""
    jobs = (JOBS[0], JOBS[-1])
    with emulating() as well:
        undisturbed = references(jobs, well)
        yield from disturb(FAULTS[-1:], jobs, well, undisturbed)
    yield from kills.stop(jobs[:1], undisturbed, seed, signal.SIGKILL, lives=1)
