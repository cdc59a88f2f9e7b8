"""The same picture again and again, each time with the next seed: a boiling line."""

from __future__ import annotations

from dataclasses import replace

from sdbr.workflows.film.painter import seed_of
from sdbr.workflows.living.cel import Cel, Motion, Still


def cels(still: Still, motion: Motion) -> tuple[Cel, ...]:
    """One request a frame over the still, with successive seeds."""
    first = still.request
    return tuple(
        Cel(replace(first, seed=seed_of(first.model, first.seed, motion.seeds, number)))
        for number in range(motion.count)
    )
