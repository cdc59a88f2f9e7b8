"""The request and answer formats of Bedrock's Stability models: `ls` here is the list.

A dialect is one module with three functions. models.toml names it, nothing else does. One of
another package is an entry point of the group `sdbr.dialects`: its name is the dialect's, it leads
to the module, and `MODELS` there, a tuple of `EmulatedModel`, are its models.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any, Protocol, cast

from sdbr.emulator.faults import FilteredImages
from sdbr.emulator.models import EmulatedModel
from sdbr.emulator.painter.order import Order


class Dialect(Protocol):
    """What a dialect's module offers."""

    def read(self, model: EmulatedModel, body: Mapping[str, Any]) -> Order:
        """The order that a body asks for, with seed 0 for any. Raises Refusal."""

    def answer(self, seed: int, picture: bytes) -> dict[str, Any]:
        """The body of an answer with one picture."""

    def withheld(
        self, seed: int, reason: str, shape: FilteredImages, blurred: Callable[[], bytes]
    ) -> tuple[dict[str, object], bytes]:
        """The body of an answer whose picture the filter keeps, and what is sent in its place.

        `shape` is what is left of the pictures' list; `blurred` draws a picture to send instead.
        """


def dialect_of(model: EmulatedModel) -> Dialect:
    """The module that speaks this model's language."""
    module = added().get(model.dialect) or import_module(f"{__name__}.{model.dialect}")
    return cast(Dialect, module)


@cache
def added() -> Mapping[str, ModuleType]:
    """The dialects that other packages add, by name. Raises ImportError for one that is broken."""
    found = {}
    for point in entry_points(group="sdbr.dialects"):
        try:
            found[point.name] = point.load()
        except Exception as error:
            raise ImportError(
                f"The emulator's dialect {point.name} ({point.value}) cannot be loaded: "
                f"{type(error).__name__}: {error}. Update its package or uninstall it."
            ) from error
    return found
