"""One frame to be drawn: what is asked for, and which pictures have to be there before."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sdbr.media.stills.camera import STILL, Move
from sdbr.request import Blob, ImageRequest, Picture
from sdbr.workflows.animations.loop import Loop

Onto = Callable[[Sequence[Picture]], Blob]


@dataclass(frozen=True, slots=True)
class Still:
    """A picture that was prepared for a model.

    `request` draws over it; `loop` is how a drawn frame goes in again.
    `end` is the request that a journey ends with, where there is one.
    """

    request: ImageRequest
    loop: Loop
    end: ImageRequest | None = None


@dataclass(frozen=True, slots=True)
class Motion:
    """How a still moves: `kind` names the motion, `count` its frames.

    `low` is the strength that a ramp begins with; `move` is the camera's step from frame to frame;
    `seeds` is "step" for successive seeds or "random" for any.
    """

    kind: str = "vary"
    count: int = 12
    move: Move = STILL
    low: float = 0.15
    seeds: str = "step"


@dataclass(frozen=True, slots=True)
class Cel:
    """One frame: its request, and how its init image is made of the pictures of frames `of`."""

    request: ImageRequest
    of: tuple[int, ...] = ()
    onto: Onto | None = None

    def asked(self, pictures: Mapping[int, Picture]) -> ImageRequest:
        """The request, now that the pictures it needs are there."""
        if self.onto is None:
            return self.request
        return replace(self.request, init_image=self.onto([pictures[n] for n in self.of]))


def needed(cels: Sequence[Cel], wanted: Collection[int]) -> list[int]:
    """The wanted frames and all that they are drawn from, in order."""
    found: set[int] = set()
    waiting = list(wanted)
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            waiting += cels[number].of
    return sorted(found)


def waves(cels: Sequence[Cel], wanted: Collection[int]) -> Iterator[list[int]]:
    """The wanted frames in groups: those of one group need only pictures of earlier ones."""
    left, done = list(wanted), set[int]()
    while left:
        wave = [number for number in left if done.issuperset(cels[number].of)]
        yield wave
        done.update(wave)
        left = [number for number in left if number not in done]
