"""Reads one sdbr.toml and checks it; what is wrong is named with its line.

It imports pydantic, and is itself imported only where there is such a file, so that start-up
stays cheap without one.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
)
from pydantic import ValidationError as Invalid
from pydantic_core import ErrorDetails

from sdbr.config.drawing_commands import DRAWING
from sdbr.config.settings import REGION
from sdbr.errors import InputProblem, UsageProblem
from sdbr.files import decode_text

Key = tuple[str, ...]

_MOST_COMPLAINTS = 10
_MOST_DECIMALS = 12
_MOST_LINES = (
    500  # Each is read as TOML with all before it: twice the lines take four times as long.
)
_PLAIN = {
    "bool_type": "should be true or false",
    "int_type": "should be a whole number",
    "string_type": "should be a string in quotes",
    "string_too_short": "should not be empty",
    "list_type": "should be a list",
    "dict_type": "should be a table",
    "dataclass_type": "should be a table",
}


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("should be a number")
    return value


def _usd(value: object) -> object:
    number = _number(value)
    # pydantic 2.7 lets a number through with which no reckoning ends.
    if isinstance(number, Decimal) and number.adjusted() < -_MOST_DECIMALS:
        raise ValueError(f"should have at most {_MOST_DECIMALS} decimals")
    return number


def _check_match(pattern: str, wanted: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"should {wanted}")
        return text

    return check


def _pair(paths: list[str]) -> list[str]:
    if len(paths) != 2:
        raise ValueError("should be the paths of a certificate and its key")
    return paths


def _as_text(value: object) -> object:
    return value if isinstance(value, str | bool) else str(_number(value))


Usd = Annotated[
    Decimal,
    Field(ge=0, le=1_000_000, decimal_places=_MOST_DECIMALS, allow_inf_nan=False),
    BeforeValidator(_usd),
]
Real = Annotated[float, Field(allow_inf_nan=False), BeforeValidator(_number)]
Words = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Swept = Annotated[Words, BeforeValidator(_as_text)]
Region = Annotated[str, AfterValidator(_check_match(REGION, "look like us-west-2"))]
Url = Annotated[
    str, AfterValidator(_check_match(r"https?://[^/]+.*", "look like http://localhost:8123"))
]
Drawing = Annotated[
    str, AfterValidator(_check_match("|".join(DRAWING), f"be one of {', '.join(DRAWING)}"))
]
_NOTHING_ELSE = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class LookTable:
    """[looks.NAME]: flags under a name; numbers may be swept as on the command line."""

    __pydantic_config__ = _NOTHING_ELSE

    prompt: Words | None = None
    negative: Words | None = None
    model: Words | None = None
    style: Words | None = None
    strength: Swept | None = None
    seed: Swept | None = None
    aspect: Words | None = None
    size: Words | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """The whole file. Money is in USD, times in seconds."""

    __pydantic_config__ = _NOTHING_ELSE

    region: Region | None = None
    profile: Words | None = None
    endpoint_url: Url | None = None
    workers: Annotated[int, Field(ge=1, le=64, strict=True)] | None = None
    attempts: Annotated[int, Field(ge=1, le=100, strict=True)] | None = None
    timeout: Annotated[Real, Field(ge=0.1)] | None = None
    rpm: Annotated[Real, Field(ge=0.01)] | None = None
    max_cost: Usd | None = None
    ask_above: Usd | None = None
    provenance: Annotated[bool, Field(strict=True)] | None = None
    sign: Annotated[list[Words], AfterValidator(_pair)] | None = None
    prices: dict[str, Usd] | None = None
    aliases: dict[str, Words] | None = None
    models: dict[Drawing, Words] | None = None
    looks: dict[str, LookTable] | None = None


@dataclass(frozen=True, slots=True)
class File:
    """What one file says: the values that it sets, and the text they stand in."""

    path: Path
    values: Mapping[str, Any]
    text: str

    def line(self, key: Key) -> int:
        """The line, counted from 1, on which the value of `key` begins."""
        return line_of(self.text, key)


def read(path: Path) -> File:
    """Read and check one file. Raises UsageProblem with the lines of what is wrong."""
    try:
        text = decode_text(path.read_bytes(), str(path))
        given = tomllib.loads(text + "\n", parse_float=Decimal)
    except InputProblem as problem:
        raise UsageProblem(str(problem)) from None
    except (OSError, ValueError, RecursionError) as error:
        raise UsageProblem(f"Cannot read {path}: {error}. Fix or remove it.") from error
    try:
        table = _adapter().validate_python(given)
    except Invalid as invalid:
        raise UsageProblem(f"{path}, {'; '.join(_complaints(text, invalid))}.") from None
    values = {name: getattr(table, name) for name in given}
    if "sign" in values:
        values["sign"] = tuple(path.parent / Path(name).expanduser() for name in table.sign or ())
    if "looks" in values:
        values["looks"] = {name: _flags(look) for name, look in values["looks"].items()}
    return File(path, values, text)


@cache
def _adapter() -> TypeAdapter[Table]:
    return TypeAdapter(Table)


def _flags(look: LookTable) -> dict[str, str]:
    flags = {field.name: getattr(look, field.name) for field in fields(look)}
    return {name: value for name, value in flags.items() if value is not None}


def _complaints(text: str, invalid: Invalid) -> Iterator[str]:
    errors = invalid.errors()
    found = [(line_of(text, _key(error)), error) for error in errors[:_MOST_COMPLAINTS]]
    for line, error in sorted(found, key=lambda one: one[0]):
        yield f"line {line}: {_complaint(error)}"
    if more := len(errors) - len(found):
        yield f"and {more} more"


def _key(error: ErrorDetails) -> Key:
    return tuple(str(part) for part in error["loc"] if part != "[key]")


def _complaint(error: ErrorDetails) -> str:
    key = _key(error)
    known = [field.name for field in fields(LookTable if key[0] == "looks" else Table)]
    return explain(error, ".".join(key), known)


def explain(error: ErrorDetails, name: str, known: list[str]) -> str:
    """What is wrong with the setting `name`, and what it should be; `known` are the settings."""
    if error["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"unknown setting {name!r} ({_instead(name.split('.')[-1], known)})"
    value = error["input"]
    shown = str(value) if isinstance(value, Decimal) else repr(value)
    message = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    why = _PLAIN.get(error["type"], message)
    return f"{name} is {shown[:80]}, but {why}"


def _instead(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"


def line_of(text: str, key: Key) -> int:
    """The line of `text`, counted from 1, on which `key` is given; 1 where it is not found.

    A line that alone looks like it is it. Else the first lines that are TOML by themselves and
    hold the key end with its value, which begins after the longest earlier ones that are TOML.
    """
    lines = text.splitlines()
    begins = re.compile(rf"""\s*\[*(.*\.)?["']?{re.escape(key[-1])}["']?\s*[=\].]""")
    likely = [number for number, line in enumerate(lines, 1) if begins.match(line)]
    if len(likely) == 1 or len(lines) > _MOST_LINES:
        return next(iter(likely), 1)
    whole = 0
    for count in range(1, len(lines) + 1):
        try:
            found: Any = tomllib.loads("\n".join(lines[:count]))
        except ValueError:
            continue
        for part in key:
            found = found.get(part, ...) if isinstance(found, Mapping) else ...
        if found is not ...:
            return whole + 1
        whole = count
    return 1
