"""The direction of a clip: what each shot has of its own, and from which frame on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from sdbr.bedrock.families import family_of
from sdbr.console import counted
from sdbr.errors import UsageProblem
from sdbr.request import ImageRequest, Model
from sdbr.workflows.clips.footage import Footage
from sdbr.workflows.look import Look, look_of

_DECIMALS = 4  # Of a strength or a weight along a ramp: what is finer changes no picture.


@dataclass(frozen=True, slots=True)
class DirectedShot:
    """What holds from `start` on, in seconds of the clip, until the next shot of the direction.

    With a `number` it starts where the source's shot with that number, from 1, does.

    `flags` are those of the look, by name, in place of the command's. The denoising strength goes
    over `ramp` from the shot's first frame to its last; the prompt before crossfades into this one
    over so many seconds. `name` stands for the shot in messages, `words` are what --at takes for
    it.
    """

    start: Fraction
    name: str
    words: tuple[str, str]
    flags: tuple[tuple[str, Any], ...] = ()
    ramp: tuple[float, float] | None = None
    crossfade: Fraction = Fraction(0)
    number: int = 0

    def look(self, flags: Mapping[str, Any]) -> Look:
        """The shot's look, by the command's flags where it has none of its own."""
        own = dict(self.flags)
        # An ID that is not in the catalog has a family of its own.
        family = {"family": None} if "model" in own else {}
        with naming(self.name):
            return look_of({**flags, **family, **own})


@contextmanager
def naming(shot: str) -> Iterator[None]:
    """Put a shot's name before what is wrong with it; the command's own shot has none."""
    try:
        yield
    except UsageProblem as problem:
        problem.args = (f"{shot}: {problem}" if shot else str(problem),)
        raise


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of the clip's time, in seconds."""

    begin: Fraction
    end: Fraction

    def share(self, at: Fraction) -> float:
        """How much of it has passed, 0 to 1."""
        if at >= self.end:
            return 1.0
        return float(max(at - self.begin, Fraction(0)) / (self.end - self.begin))


@dataclass(frozen=True, slots=True)
class PlacedShot:
    """A shot of the direction with its frames: those from `first` on, in `footage`'s numbers.

    The strength changes over `ramped`. Over `faded` the prompt crossfades, None where it changes at
    once; then keyframes stand at the frames `ends`, the first and the last of the crossfade.
    """

    shot: DirectedShot
    look: Look
    first: int
    ramped: Passage
    faded: Passage | None = None
    ends: tuple[int, ...] = ()


def place_shots(
    shots: Sequence[tuple[DirectedShot, Look]], footage: Footage
) -> tuple[PlacedShot, ...]:
    """The shots that have frames in the footage, in their order.

    Raises UsageProblem for one that begins at no frame of its own, and for a crossfade from
    nothing or beyond its shot.
    """
    frames, choice = footage.frames, footage.choice
    placed: list[PlacedShot] = []
    timed = [(replace(shot, start=_start(shot, footage)), look) for shot, look in shots]
    for shot, look in sorted(timed, key=lambda one: one[0].start):
        first = next((frame.number for frame in frames if frame.at >= shot.start), None)
        if first is None:
            if choice.end is not None or choice.most is not None:
                continue  # A direction for the whole clip serves a part of it.
            last = float(frames[-1].at)
            raise UsageProblem(f"{shot.name} is after the last frame, at {last:.3f} seconds.")
        if placed and placed[-1].first == first:
            if first:
                before = "the --at" if shot.name.startswith("--at") else "the shot"
                raise UsageProblem(
                    f"{shot.name} begins at the same frame as {before} before it. Use a later time."
                )
            placed.pop()  # Both begin before the first wanted frame: the later one holds there.
        placed.append(PlacedShot(shot, look, first, Passage(frames[first].at, frames[first].at)))
    starts = [*(one.first for one in placed), len(frames)]
    return tuple(_passages(one, starts[n + 1], footage) for n, one in enumerate(placed))


def _start(shot: DirectedShot, footage: Footage) -> Fraction:
    if not shot.number:
        return shot.start
    there = footage.plan.shots
    if shot.number > len(there):
        raise UsageProblem(
            f"{shot.name}: no shot {shot.number}, because the clip has "
            f"{counted(len(there), 'shot')}. `--plan FILE` lists them."
        )
    return footage.frames[there[shot.number - 1].start].at


def _passages(one: PlacedShot, end: int, footage: Footage) -> PlacedShot:
    frames, begin = footage.frames, footage.frames[one.first].at
    one = replace(one, ramped=Passage(begin, frames[end - 1].at))
    if not one.shot.crossfade:
        return one
    if one.first == 0:
        raise UsageProblem(
            f"{one.shot.name} has no prompt before it to crossfade from. Leave out crossfade."
        )
    until = begin + one.shot.crossfade
    last = next((frame.number for frame in frames[one.first : end] if frame.at >= until), None)
    if last is None:
        seconds = frames[end - 1].at - begin
        raise UsageProblem(
            f"{one.shot.name}: crossfade is {float(one.shot.crossfade):g} s, but the shot's last "
            f"frame is {float(seconds):.3f} s after its first. Use a shorter one."
        )
    return replace(one, faded=Passage(begin, until), ends=(one.first, last))


def fade(request: ImageRequest, before: str, share: float) -> ImageRequest:
    """The request where a `share`, 0 to 1, of a crossfade from the prompt `before` has passed: both
    prompts with their weights, or one of them at its ends."""
    weight = round(share, _DECIMALS)
    if weight == 0:
        return replace(request, prompt=before)
    if weight == 1:
        return request
    return replace(request, faded_prompt=(before, round(1 - weight, _DECIMALS)))


def ramp(strengths: tuple[float, float], passage: Passage, at: Fraction) -> float:
    """The denoising strength at a time of a ramp."""
    first, last = strengths
    return round(first + (last - first) * passage.share(at), _DECIMALS)


def weighs_prompts(model: Model) -> bool:
    """Whether a request to the model may have two prompts with weights."""
    return "faded_prompt" in family_of(model).takes(model)
