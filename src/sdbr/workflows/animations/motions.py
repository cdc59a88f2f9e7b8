"""The frames of each motion: vary, ramp, evolve and journey, and how they loop."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import pi, sin

from PIL import Image

from sdbr.bedrock.families import SizeRule
from sdbr.media.stills.encode import encode_under
from sdbr.media.stills.fit import CropBox, Placement, allows
from sdbr.media.stills.open import open_answer
from sdbr.media.stills.pan_zoom import NO_MOVE, Move, pan_and_zoom
from sdbr.media.stills.place import apply, restore
from sdbr.request import Blob, ImageRequest, Picture, Size
from sdbr.workflows.clips.requests import seed_of

Onto = Callable[[Sequence[Picture]], Blob]


@dataclass(frozen=True, slots=True)
class PreparedStill:
    """A picture that was prepared for a model.

    `request` draws over it; `loop` is how a drawn frame goes in again.
    `end` is the request that a journey ends with, where there is one.
    """

    request: ImageRequest
    feedback: Feedback
    end: ImageRequest | None = None


@dataclass(frozen=True, slots=True)
class Motion:
    """How a still moves: `kind` names the motion, `count` its frames.

    `low` is the strength that a ramp begins with; `move` is the camera's step from frame to frame;
    `seeds` is "step" for successive seeds or "random" for any.
    """

    kind: str = "vary"
    count: int = 12
    move: Move = NO_MOVE
    low: float = 0.15
    seeds: str = "step"


@dataclass(frozen=True, slots=True)
class AnimationFrame:
    """One frame: its request, and how its init image is made of the pictures of frames `of`."""

    request: ImageRequest
    of: tuple[int, ...] = ()
    onto: Onto | None = None

    def request_over(self, pictures: Mapping[int, Picture]) -> ImageRequest:
        """The request, now that the pictures it needs are there."""
        if self.onto is None:
            return self.request
        return replace(self.request, init_image=self.onto([pictures[n] for n in self.of]))


def needed_frames(frames: Sequence[AnimationFrame], wanted: Collection[int]) -> list[int]:
    """The wanted frames and all that they are drawn from, in order."""
    found: set[int] = set()
    waiting = list(wanted)
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            waiting += frames[number].of
    return sorted(found)


def waves(frames: Sequence[AnimationFrame], wanted: Collection[int]) -> Iterator[list[int]]:
    """The wanted frames in groups: those of one group need only pictures of earlier ones."""
    left, done = list(wanted), set[int]()
    while left:
        wave = [number for number in left if done.issuperset(frames[number].of)]
        yield wave
        done.update(wave)
        left = [number for number in left if number not in done]


@dataclass(frozen=True, slots=True)
class Feedback:
    """`placement` is how what is seen of a picture lies in what the model takes; see `rule`.

    What was cropped from the still is gone for good, so it is no part of it.
    """

    placement: Placement
    rule: SizeRule

    @classmethod
    def of(cls, placement: Placement, rule: SizeRule) -> Feedback:
        """The way back in after a still was placed so."""
        used = placement.used.size
        return cls(Placement(used, placement.size, _whole(used), placement.placed), rule)

    def view(self, picture: Picture) -> Image.Image:
        """What a drawn picture shows, at the size it was drawn."""
        return restore(open_answer(picture), self.placement)

    def again(self, image: Image.Image, drawn: Size) -> bytes:
        """The file to draw over, for an image that was seen of a picture of size `drawn`.

        A frame drawn over a smaller copy of the last one would lose detail each time.
        """
        size = drawn if allows(self.rule, drawn) else self.placement.size
        x, y = (size[n] / self.placement.size[n] for n in range(2))
        left, top, right, bottom = self.placement.placed
        placed = CropBox(round(left * x), round(top * y), round(right * x), round(bottom * y))
        shape = Size(*image.size)
        return encode_under(apply(image, Placement(shape, size, _whole(shape), placed)))


def _whole(size: Size) -> CropBox:
    return CropBox(0, 0, *size)


def vary(still: PreparedStill, motion: Motion) -> tuple[AnimationFrame, ...]:
    """One request a frame over the still, with successive seeds."""
    first = still.request
    return tuple(
        AnimationFrame(replace(first, seed=seed_of(first.model, first.seed, motion.seeds, number)))
        for number in range(motion.count)
    )


def ramp(still: PreparedStill, motion: Motion) -> tuple[AnimationFrame, ...]:
    """One request a frame over the still; the strength rises evenly from `low` to the request's."""
    high = still.request.strength or 0.0
    last = max(1, motion.count - 1)
    return tuple(
        AnimationFrame(
            replace(still.request, strength=round(motion.low + (high - motion.low) * n / last, 4))
        )
        for n in range(motion.count)
    )


def evolve(still: PreparedStill, motion: Motion) -> tuple[AnimationFrame, ...]:
    """The first frame over the still, every other one over its predecessor.

    The seeds are successive: one seed over and over burns its own pattern into the picture.
    """

    first = still.request

    def onto(pictures: Sequence[Picture]) -> Blob:
        return view_next(pictures[0], motion.move, still.feedback)

    return tuple(
        AnimationFrame(
            replace(first, seed=seed_of(first.model, first.seed, motion.seeds, number)),
            (number - 1,) if number else (),
            onto if number else None,
        )
        for number in range(motion.count)
    )


def view_next(picture: Picture, move: Move, loop: Feedback) -> Blob:
    """The drawn picture as the camera sees it one step on; made only when it is sent."""

    def make() -> bytes:
        return loop.again(pan_and_zoom(loop.view(picture), move), picture.size)

    text = f"{hashlib.sha256(picture.data).hexdigest()} {move} {loop.placement}"
    return Blob(hashlib.sha256(text.encode()).hexdigest(), make=make)


_LEAST = 0.1  # 0 would give the still back, and the journey would stand still.


def journey(still: PreparedStill, motion: Motion) -> tuple[AnimationFrame, ...]:
    """The still under its own prompt first, the end of the journey last, the way between."""
    end = still.end or still.request
    last = motion.count - 1
    return tuple(
        AnimationFrame({0: still.request, last: end}[number])
        if number in (0, last)
        else _between(still, end, number, last)
        for number in range(motion.count)
    )


def _between(still: PreparedStill, end: ImageRequest, number: int, last: int) -> AnimationFrame:
    share = number / last

    def onto(pictures: Sequence[Picture]) -> Blob:
        return blend(pictures[0], pictures[1], share, still.feedback)

    request = replace(still.request, prompt=_prompt(still.request.prompt, end.prompt, share))
    if request.strength is not None:
        bound = min(_LEAST, request.strength)
        request = replace(
            request, strength=round(max(bound, request.strength * sin(pi * share)), 4)
        )
    return AnimationFrame(request, (0, last), onto)


def _prompt(start: str, end: str, share: float) -> str:
    if start == end or share < 1 / 3:
        return start
    return end if share > 2 / 3 else f"{start}, {end}"


def blend(one: Picture, other: Picture, share: float, loop: Feedback) -> Blob:
    """Both pictures in one, `share` of it the other; made only when it is sent."""

    def make() -> bytes:
        first, second = loop.view(one), loop.view(other)
        second = second.resize(first.size, Image.Resampling.LANCZOS)
        return loop.again(Image.blend(first, second, share), one.size)

    digests = [hashlib.sha256(each.data).hexdigest() for each in (one, other)]
    text = f"{digests[0]} {digests[1]} {share:.6f} {loop.placement}"
    return Blob(hashlib.sha256(text.encode()).hexdigest(), make=make)
