"""From hardly touched to wholly redrawn: one seed, rising strength."""

from __future__ import annotations

from dataclasses import replace

from sdbr.workflows.animations.motions import Cel, Motion, Still


def cels(still: Still, motion: Motion) -> tuple[Cel, ...]:
    """One request a frame over the still; the strength rises evenly from `low` to the request's."""
    high = still.request.strength or 0.0
    last = max(1, motion.count - 1)
    return tuple(
        Cel(replace(still.request, strength=round(motion.low + (high - motion.low) * n / last, 4)))
        for n in range(motion.count)
    )
