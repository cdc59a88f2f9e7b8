"""From one picture to another: the ends are drawn first, then what lies between them.

A frame between is drawn over a blend of both ends, with little strength near them and the most
in the middle, so that it leaves the one, and reaches the other, without a jump.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from math import pi, sin

from PIL import Image

from sdbr.request import Blob, ImageRequest, Picture
from sdbr.workflows.animations.loop import Loop
from sdbr.workflows.animations.motions import Cel, Motion, Still

_LEAST = 0.1


def cels(still: Still, motion: Motion) -> tuple[Cel, ...]:
    """The still under its own prompt first, the end of the journey last, the way between."""
    end = still.end or still.request
    last = motion.count - 1
    return tuple(
        Cel({0: still.request, last: end}[number])
        if number in (0, last)
        else _between(still, end, number, last)
        for number in range(motion.count)
    )


def _between(still: Still, end: ImageRequest, number: int, last: int) -> Cel:
    share = number / last

    def onto(pictures: Sequence[Picture]) -> Blob:
        return blended(pictures[0], pictures[1], share, still.loop)

    request = replace(still.request, prompt=_prompt(still.request.prompt, end.prompt, share))
    if request.strength is not None:
        bound = min(_LEAST, request.strength)
        request = replace(
            request, strength=round(max(bound, request.strength * sin(pi * share)), 4)
        )
    return Cel(request, (0, last), onto)


def _prompt(start: str, end: str, share: float) -> str:
    if start == end or share < 1 / 3:
        return start
    return end if share > 2 / 3 else f"{start}, {end}"


def blended(one: Picture, other: Picture, share: float, loop: Loop) -> Blob:
    """Both pictures in one, `share` of it the other; made only when it is sent."""

    def make() -> bytes:
        first, second = loop.seen(one), loop.seen(other)
        second = second.resize(first.size, Image.Resampling.LANCZOS)
        return loop.again(Image.blend(first, second, share), one.size)

    digests = [hashlib.sha256(each.data).hexdigest() for each in (one, other)]
    told = f"{digests[0]} {digests[1]} {share:.6f} {loop.placement}"
    return Blob(hashlib.sha256(told.encode()).hexdigest(), make=make)
