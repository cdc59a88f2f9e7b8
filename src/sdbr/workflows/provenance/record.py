"""The shape of a record, and what remains of one when all else is left out.

It imports pydantic, as the readers of settings and of directions do, and is itself imported only
where a file holds a record, so that start-up stays cheap without one.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, create_model

Place = tuple[int | str, ...]

# Their items are left out one by one; any other list is right or wrong as a whole.
_LISTS = ("inputs", "treatment")


def _scalar(value: object) -> object:
    if value is None or isinstance(value, list | dict):
        raise ValueError("is no single value")
    return value


# Above 2^53 a program that reads JSON's numbers as floats would see another one.
Count = Annotated[int, Field(ge=0, lt=2**53)]
Size = Annotated[list[Count], Field(min_length=2, max_length=2)]
Pair = Annotated[list[str], Field(min_length=2, max_length=2)]
Scalar = Annotated[object, AfterValidator(_scalar)]
_CONFIG = ConfigDict(extra="allow", strict=True)


class RecordSection(BaseModel):
    """Fields of any name with a single value each, but for those that are named."""

    model_config = _CONFIG
    __pydantic_extra__: dict[str, Scalar]


class RecordedInput(BaseModel):
    """A file that a result was drawn from; its digest is part of a path, so it is nothing else."""

    model_config = ConfigDict(strict=True)
    role: str
    name: str
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


def _fields(kind: Any, *names: str) -> Any:
    return dict.fromkeys(names, (kind, None))


Finish = create_model("Finish", __base__=RecordSection, **_fields(Size, "size"))
Request = create_model(
    "Request",
    __base__=RecordSection,
    **_fields(str, "model", "speaks_like", "prompt", "negative_prompt", "style"),
    **_fields(Count, "seed"),
    **_fields(Size, "size"),
    **_fields(dict[str, Scalar], "extras"),
)
Flags = create_model(
    "Flags",
    __base__=RecordSection,
    **_fields(str, "prompt", "negative", "model", "family", "aspect", "size", "style"),
    **_fields(str, "background"),
    **_fields(Count, "quality"),
    **_fields(list[Pair], "at"),
)
Record = create_model(
    "Record",
    __config__=_CONFIG,
    **_fields(str, "sdbr", "command", "price_usd", "drawn_on", "key", "answered_by", "motion"),
    **_fields(str, "fingerprint", "stem", "name"),
    **_fields(Count, "seed", "frames", "drawn"),
    **_fields(Size, "size"),
    **_fields(Request, "request"),
    **_fields(Flags, "told"),
    **_fields(Finish, "finish"),
    **_fields(list[RecordedInput], "inputs"),
    **_fields(list[str], "treatment"),
)


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


def _without(wrong: Set[Place], value: object, place: Place) -> object:
    if not isinstance(value, dict | list):
        return value
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    left = {
        key: _without(wrong, part, (*place, key))
        for key, part in pairs
        if (*place, key) not in wrong
    }
    return left if isinstance(value, dict) else list(left.values())
