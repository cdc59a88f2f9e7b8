"""Whether arguments are of the types that the API documents, and in one line where they are not."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

# numpy's numbers are some, too; True and False are none.
_TAKEN: Mapping[object, type | tuple[type, ...]] = {
    int: Integral,
    float: (Real, Decimal),
    Fraction: Real,
    Decimal: (Real, Decimal),
}
_WORDS = {
    bool: "True or False",
    int: "a whole number",
    **dict.fromkeys((float, Fraction, Decimal), "a number"),
    str: "a string",
    os.PathLike: "a path",
    Sequence: "a list",
    Mapping: "a dictionary",
    tuple: "a pair",
}


def check_types(arguments: Mapping[str, object], options: type) -> None:
    """Raise TypeError for the first argument that is not of its type in the TypedDict `options`.

    None is the same as no argument. Names that it does not have are left to others.
    """
    hints = get_type_hints(options)
    for name, value in arguments.items():
        if value is not None and name in hints and not _fits(value, hints[name]):
            raise TypeError(f"{name} must be {_in_words(hints[name])}, not {value!r}")


def _fits(value: object, wanted: Any) -> bool:
    origin, inner = get_origin(wanted), get_args(wanted)
    if origin in (Union, UnionType):
        return any(_fits(value, one) for one in inner)
    if origin is Literal:  # Which word it may be is said by the flag.
        return isinstance(value, str)
    kind = origin or wanted
    if isinstance(value, bool) or kind is bool:
        return isinstance(value, bool) and kind is bool
    if not isinstance(value, _TAKEN.get(kind, kind)):
        return False
    if kind is Sequence and isinstance(value, Sequence):
        return not isinstance(value, str | bytes) and all(_fits(one, inner[0]) for one in value)
    if isinstance(value, tuple):
        return len(value) == len(inner) and all(map(_fits, value, inner))
    return True


def _in_words(wanted: Any) -> str:
    """The types in words, each once: `a number or a string`."""
    *most, last = dict.fromkeys(_words(wanted))
    return f"{', '.join(most)} or {last}" if most else last


def _words(wanted: Any) -> Iterator[str]:
    origin, inner = get_origin(wanted), get_args(wanted)
    if origin in (Union, UnionType):
        for one in inner:
            if one is not NoneType:
                yield from _words(one)
    elif origin is Sequence and get_origin(inner[0]) is tuple:
        yield "a list of pairs"
    else:
        yield "a string" if origin is Literal else _WORDS[origin or wanted]
