"""The whole fault campaign, and the short form of it that the tests run."""

from __future__ import annotations

import signal
from collections.abc import Iterator

from dev.campaign import disks, kills, pairs
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
    yield from pairs.pair(JOBS, undisturbed)
    if disks.may_mount():
        yield from disks.fill(JOBS, undisturbed, seed)


def some_cells(seed: int) -> Iterator[Cell]:
    """Pictures and a clip when all goes wrong at once, and pictures killed."""
    jobs = (JOBS[0], JOBS[-1])
    with emulating() as well:
        undisturbed = references(jobs, well)
        yield from disturb(FAULTS[-1:], jobs, well, undisturbed)
    yield from kills.stop(jobs[:1], undisturbed, seed, signal.SIGKILL, lives=1)
