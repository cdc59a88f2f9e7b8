"""Each frame drawn from the one before, while the camera moves on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from sdbr.media.stills.camera import Move, moved
from sdbr.request import Blob, Picture
from sdbr.workflows.animations.loop import Loop
from sdbr.workflows.animations.motions import Cel, Motion, Still
from sdbr.workflows.clips.requests import seed_of


def cels(still: Still, motion: Motion) -> tuple[Cel, ...]:
    """The first frame over the still, every other one over its predecessor.

    The seeds are successive: one seed over and over burns its own pattern into the picture.
    """

    first = still.request

    def onto(pictures: Sequence[Picture]) -> Blob:
        return seen_next(pictures[0], motion.move, still.loop)

    return tuple(
        Cel(
            replace(first, seed=seed_of(first.model, first.seed, motion.seeds, number)),
            (number - 1,) if number else (),
            onto if number else None,
        )
        for number in range(motion.count)
    )


def seen_next(picture: Picture, move: Move, loop: Loop) -> Blob:
    """The drawn picture as the camera sees it one step on; made only when it is sent."""

    def make() -> bytes:
        return loop.again(moved(loop.seen(picture), move), picture.size)

    told = f"{hashlib.sha256(picture.data).hexdigest()} {move} {loop.placement}"
    return Blob(hashlib.sha256(told.encode()).hexdigest(), make=make)
