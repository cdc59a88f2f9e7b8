"""What to do when the safety filter refuses a picture: give up on it, or try other seeds.

This stands outside the cache: each seed is a request of its own, so a seed that was refused
once is not paid for again, and a later run finds the seed that passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from sdbr.bedrock.families import seed_within
from sdbr.errors import Refused, UsageProblem
from sdbr.generation.generate import Generate, KeyedRequest
from sdbr.request import ImageRequest, Picture

_OTHER_SEEDS = 3  # Reported of a borderline prompt: refused once, then passed 3 of 3 times.
_HOW = ("stop", "skip", "reseed", "hold")


@dataclass(frozen=True, slots=True)
class OnFiltered:
    """`how` is stop, skip, reseed or hold; `tries` is how many other seeds reseed draws."""

    how: str = "stop"
    tries: int = _OTHER_SEEDS

    @property
    def other_seeds(self) -> int:
        """How many more times a refused picture may be drawn."""
        return self.tries if self.how == "reseed" else 0

    @property
    def holds(self) -> bool:
        """Whether a frame beside it stands in for a refused one."""
        return self.how in ("hold", "skip")

    @classmethod
    def parse(cls, text: str) -> OnFiltered:
        """Read `stop`, `skip`, `hold`, `reseed` or `reseed:N`. Raises UsageProblem."""
        how, _, tries = text.partition(":")
        counted = tries.isdecimal() and 1 <= int(tries) <= 20 if tries else text == how
        if how not in _HOW or not counted or (tries and how != "reseed"):
            raise UsageProblem(
                f"--on-filtered is {text!r}: use stop, skip, hold, reseed or reseed:N (N "
                "from 1 to 20)."
            )
        return cls(how, int(tries) if tries else _OTHER_SEEDS)


STOP = OnFiltered()


def reseed(
    generate: Generate, policy: OnFiltered, key_of: Callable[[ImageRequest], str]
) -> Generate:
    """Under `reseed`, draw a refused picture with the next seeds; else leave it to the caller."""
    if policy.how != "reseed":
        return generate

    def draw(wanted: KeyedRequest) -> Picture:
        try:
            return generate(wanted)
        except Refused as problem:
            refusal = problem
        for seed in _other_seeds(wanted.request, policy.tries):
            again = replace(wanted.request, seed=seed)
            try:
                return generate(KeyedRequest(again, key_of(again)))
            except Refused as problem:
                refusal = problem
        raise refusal

    return draw


def _other_seeds(request: ImageRequest, tries: int) -> Iterator[int]:
    for step in range(1, tries + 1):
        # Far apart, so that a run of successive seeds does not meet its neighbors' new ones.
        yield seed_within(request.model, request.seed + step * 1_000_003 + 1)
