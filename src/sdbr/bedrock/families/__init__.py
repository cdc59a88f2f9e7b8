"""The families of Bedrock's image models: `ls` here is the list, and other packages add to it.

A family is one module with six functions (see `Family`). It may say besides:

- `FLAGS`, a tuple of `Flag`: fields that it alone knows. Every command that draws has them, under
  the heading `TITLE` only, but for those that are `hidden`: `sdbr models NAME` alone tells of them;
- `SEEDS`, a `NumberRange`: the seeds that it takes, where they are not `validation.SEED`.

The catalog names it, nothing else does, so a new family is one file here and its models in
catalog.toml. A family of another package is an entry point of the group `sdbr.families`: its name
is the family's, it leads to the module, and `MODELS` there, a tuple of `Model`, are its models.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import NamedTuple, Protocol, cast

from sdbr.bedrock.validation import SEED, NumberRange, Rule
from sdbr.errors import UsageProblem
from sdbr.request import Blob, ImageRequest, Model, Size

Leaf = str | int | float | Blob
Body = dict[str, "Leaf | list[dict[str, Leaf]] | dict[str, object]"]
"""A request body in the model's own words. Pictures are blobs here; base64 comes later."""


_GROUP = "sdbr.families"
_FUNCTIONS = ("takes", "formats", "size_rule", "default_strength", "encode", "decode")


class Artifact(NamedTuple):
    """The picture that an answer holds: the file's bytes and the seed, where it has one."""

    data: bytes
    seed: int | None


class Flag(NamedTuple):
    """A field that one family alone knows: its name there, what it may be, its line in the help.

    It is `hidden` from the help of commands where no living model takes it.
    """

    field: str
    rule: Rule
    help: str
    hidden: bool = False


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
    modules = [*map(_module, _own_names()), *added().values()]
    found: dict[str, tuple[Flag, ...]] = {}
    for each in modules:
        if hasattr(each, "FLAGS"):
            found[each.TITLE] = (*found.get(each.TITLE, ()), *each.FLAGS)
    return found


def flags_of(model: Model) -> tuple[Flag, ...]:
    """The flags that a model's family alone has."""
    found: tuple[Flag, ...] = getattr(family_of(model), "FLAGS", ())
    return found


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


@cache
def added() -> Mapping[str, ModuleType]:
    """The families that other packages add, by name. Raises UsageProblem for one that is broken."""
    if not _announced():
        return {}
    from importlib.metadata import entry_points

    found: dict[str, ModuleType] = {}
    own_flags = (getattr(_module(name), "FLAGS", ()) for name in _own_names())
    taken = {flag.field for several in own_flags for flag in several}
    taken |= {field.name for field in fields(ImageRequest)}
    for point in entry_points(group=_GROUP):
        package = point.dist.name if point.dist else point.value
        if point.name in (*_own_names(), *found):
            raise _broken(point.name, package, "another family has the same name")
        try:
            module = point.load()
        except Exception as error:
            raise _broken(point.name, package, f"{type(error).__name__}: {error}") from error
        needed = (*_FUNCTIONS, "MODELS", *(["TITLE"] if hasattr(module, "FLAGS") else []))
        missing = [name for name in needed if not hasattr(module, name)]
        if missing:
            raise _broken(point.name, package, f"it has no {missing[0]}")
        own = {flag.field for flag in getattr(module, "FLAGS", ())}
        if shared := own & taken:
            raise _broken(point.name, package, f"the field {min(shared)} is already defined")
        taken |= own
        found[point.name] = module
    return found


def _announced() -> bool:
    """Whether an installed package has an entry point of the group.

    A glance of 5 ms, where nearly nobody has one and importlib.metadata takes 60 ms to load.
    """
    for folder in sys.path:
        with suppress(OSError):
            for name in os.listdir(folder or "."):
                if name.endswith((".dist-info", ".egg-info")):
                    file = os.path.join(folder, name, "entry_points.txt")
                    with suppress(OSError), open(file, encoding="utf-8") as lines:
                        if f"[{_GROUP}]" in lines.read():
                            return True
    return False


def _broken(family: str, package: str, why: str) -> UsageProblem:
    return UsageProblem(
        f"The model family {family} of the package {package} cannot be used: {why}. Update or "
        "uninstall the package."
    )


def _own_names() -> list[str]:
    return [found.name for found in iter_modules(__path__)]


def _module(family: str) -> ModuleType:
    name = f"{__name__}.{family}"
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name or family not in added():
            raise
        return added()[family]
