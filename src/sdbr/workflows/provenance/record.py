"""The shape of a record, and what remains of one when all else is left out.

The only importer of pydantic beside the reader of settings, and itself imported only where a file
holds a record, so that start-up stays cheap without one.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

Place = tuple[int | str, ...]

# Their items are left out one by one; any other list is right or wrong as a whole.
_LISTS = ("inputs", "treatment")


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, list | dict):
        raise ValueError("is no single value")
    return value


# Above 2^53 a program that reads JSON's numbers as floats would see another one.
Count = Annotated[int, Field(ge=0, lt=2**53)]
Size = Annotated[list[Count], Field(min_length=2, max_length=2)]
Scalar = Annotated[Any, AfterValidator(_scalar)]


class Table(BaseModel):
    """Fields of any name with a single value each, but for those that say otherwise."""

    model_config = ConfigDict(extra="allow", strict=True)
    __pydantic_extra__: dict[str, Scalar] = Field(init=False)

    size: Size = []


class RequestTable(Table):
    """What was asked of the model, in neutral words."""

    model: str = ""
    speaks_like: str = ""
    prompt: str = ""
    negative_prompt: str = ""
    style: str = ""
    seed: Count = 0
    extras: dict[str, Scalar] = {}


class FlagTable(BaseModel):
    """The flags of the command, by name; `size` is a text here."""

    model_config = ConfigDict(extra="allow", strict=True)
    __pydantic_extra__: dict[str, Scalar] = Field(init=False)

    prompt: str = ""
    negative: str = ""
    model: str = ""
    family: str = ""
    aspect: str = ""
    size: str = ""
    style: str = ""
    background: str = ""
    quality: Count = 0


class Input(BaseModel):
    """A file that a result was drawn from; its digest is part of a path, so it is nothing else."""

    model_config = ConfigDict(strict=True)

    role: str
    name: str
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Record(BaseModel):
    """A record as sdbr writes it. A field that is not named here may be anything."""

    model_config = ConfigDict(extra="allow", strict=True)

    sdbr: str = ""
    command: str = ""
    price_usd: str = ""
    drawn_on: str = ""
    key: str = ""
    answered_by: str = ""
    motion: str = ""
    fingerprint: str = ""
    stem: str = ""
    seed: Count = 0
    frames: Count = 0
    drawn: Count = 0
    size: Size = []
    request: RequestTable = RequestTable()
    told: FlagTable = FlagTable()
    finish: Table = Table()
    inputs: list[Input] = []
    treatment: list[str] = []


def valid_part(record: dict[str, Any]) -> Any:
    """`record` without what has another type than the shape; the rest is as it was."""
    try:
        Record.model_validate(record)
    except ValidationError as invalid:
        return _without({_place(error["loc"]) for error in invalid.errors()}, record, ())
    return record


def _place(location: Place) -> Place:
    """What is left out for an error at `location`: the field or the item that it lies in."""
    index = next((at for at, part in enumerate(location) if isinstance(part, int)), None)
    return location if index is None else location[: index + (location[0] in _LISTS)]


def _without(wrong: Set[Place], value: Any, place: Place) -> Any:
    if isinstance(value, dict):
        parts = ((name, part) for name, part in value.items() if (*place, name) not in wrong)
        return {name: _without(wrong, part, (*place, name)) for name, part in parts}
    if isinstance(value, list):
        items = ((at, item) for at, item in enumerate(value) if (*place, at) not in wrong)
        return [_without(wrong, item, (*place, at)) for at, item in items]
    return value
