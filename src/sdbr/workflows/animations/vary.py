"""The same picture again and again, each time with the next seed: a boiling line."""

from __future__ import annotations

from dataclasses import replace

from sdbr.workflows.animations.motions import Cel, Motion, Still
from sdbr.workflows.clips.requests import seed_of


def cels(still: Still, motion: Motion) -> tuple[Cel, ...]:
    """One request a frame over the still, with successive seeds."""
    first = still.request
    return tuple(
        Cel(replace(first, seed=seed_of(first.model, first.seed, motion.seeds, number)))
        for number in range(motion.count)
    )
