"""The families of Bedrock's image models: `ls` here is the list.

A family is one module with six functions (see `Family`). It may say besides:

- `FLAGS`, a tuple of `Flag`: fields that it alone knows. Every command that draws has them, under
  the heading `TITLE` only;
- `SEEDS`, a `NumberRange`: the seeds that it takes, where they are not `validation.SEED`.

The catalog names it, nothing else does, so a new family is one file here and its models in
catalog.toml.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import NamedTuple, Protocol, cast

from sdbr.bedrock.validation import SEED, NumberRange, Rule
from sdbr.request import Blob, ImageRequest, Model, Size

Leaf = str | int | float | Blob
Body = dict[str, "Leaf | list[dict[str, Leaf]] | dict[str, object]"]
"""A request body in the model's own words. Pictures are blobs here; base64 comes later."""


class Artifact(NamedTuple):
    """The picture that an answer holds: the file's bytes and the seed, where it has one."""

    data: bytes
    seed: int | None


class Flag(NamedTuple):
    """A field that one family alone knows: its name there, what it may be, its line in the help."""

    field: str
    rule: Rule
    help: str


class SizeRule(NamedTuple):
    """Which sizes of input picture a model takes.

    `exact` lists the only sizes allowed, else sides are in pixels, `max_aspect` is the longer
    side over the shorter one; `multiple_of` is what both sides must divide by.
    """

    exact: tuple[Size, ...] = ()
    min_side: int = 64
    max_side: int = 16_384
    min_pixels: int = 0
    max_pixels: int = 9_437_184
    max_aspect: float | None = None
    multiple_of: int = 1


class Family(Protocol):
    """What a family module offers."""

    def takes(self, model: Model) -> frozenset[str]:
        """The names of the request's fields, and of its extras, that this model knows."""

    def formats(self, model: Model) -> tuple[str, ...]:
        """The file formats that this model can answer in, its default first."""

    def size_rule(self, model: Model) -> SizeRule:
        """Which sizes of input picture this model takes."""

    def default_strength(self, model: Model) -> float | None:
        """The denoising strength where none is given, or None where the model has none."""

    def encode(self, request: ImageRequest) -> Body:
        """The request in the model's words. Raises UsageProblem for a value out of range."""

    def decode(self, answer: Mapping[str, object]) -> Artifact:
        """The picture in an answer. Raises Refused or ServiceProblem where there is none."""


def family_of(model: Model) -> Family:
    """The family module that speaks this model's language."""
    return cast(Family, _module(model.family))


@cache
def flags() -> Mapping[str, tuple[Flag, ...]]:
    """The flags of each family that has any, by its title."""
    modules = [_module(found.name) for found in iter_modules(__path__)]
    return {each.TITLE: each.FLAGS for each in modules if hasattr(each, "FLAGS")}


@cache
def rules() -> Mapping[str, Rule]:
    """The rule of each flag that one family alone has, by its field."""
    return {flag.field: flag.rule for several in flags().values() for flag in several}


def seeds_of(model: Model) -> NumberRange:
    """The seeds that a model takes."""
    seeds: NumberRange = getattr(family_of(model), "SEEDS", SEED)
    return seeds


def seed_within(model: Model, seed: int) -> int:
    """A seed that was drawn or counted, brought into the model's range: past its end it begins
    again."""
    seeds = seeds_of(model)
    low, high = int(seeds.low), int(seeds.high)
    return (seed - low) % (high - low + 1) + low


def _module(family: str) -> ModuleType:
    return import_module(f"sdbr.bedrock.families.{family}")
