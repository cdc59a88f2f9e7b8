"""Several values for one flag: lists, ranges, and choices in braces within a prompt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import product
from math import prod
from typing import Any

from sdbr.bedrock.families import rules
from sdbr.bedrock.validation import Choices, NumberRange, TextLength, flag
from sdbr.errors import UsageProblem

_WORDS = frozenset({"model", "style", "aspect", "size"})
_TEXTS = frozenset({"prompt", "negative", "prefix"})
_FIXED = frozenset({"family", "format", "quality", "fit", "background", "mask_source"})
_WHOLE = frozenset({"seed", "grow_mask", "left", "right", "up", "down"})
_SEARCHED = frozenset({"search_prompt", "select_prompt"})
_MOST = 10_000  # Pictures of one command: 400 USD at the cheapest price.
_MOST_DIGITS = 30  # More make the arithmetic of a range slow, and no flag has a use for them.
_CHOICE = re.compile(r"\{([^{}]*\|[^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Variant:
    """One combination: a value for each flag, and (flag, value) of those that are swept."""

    values: Mapping[str, Any]
    labels: tuple[tuple[str, str], ...] = ()


def expand(flags: Mapping[str, object]) -> list[Variant]:
    """Every combination of the values that the flags name; the last swept flag varies fastest.

    Texts may hold `{red|blue}`; numbers `1,2,5`, `0.2:0.8:0.1` (from, to, step; the end is part
    of it) or `1..9`; words `anime,origami`. Raises UsageProblem.
    """
    values = {name: _values(name, value) for name, value in flags.items() if value is not None}
    count = 1
    for several in values.values():
        count *= len(several)
    if count > _MOST:
        raise UsageProblem(f"These flags make {count:,} pictures. Sweep fewer values.")
    titles = {name: flag(name).removeprefix("--").removeprefix("the ") for name in values}
    swept = [name for name, several in values.items() if len(several) > 1]
    return [
        Variant(chosen, tuple((titles[name], str(chosen[name])) for name in swept))
        for combination in product(*values.values())
        for chosen in [dict(zip(values, combination, strict=True))]
    ]


def single_variant(flags: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one combination that the flags name. Raises UsageProblem where they name several."""
    variants = expand(flags)
    if len(variants) > 1:
        swept = ", ".join(axis for axis, _ in variants[0].labels)
        raise UsageProblem(f"Several values for {swept}: give one.")
    return variants[0].values


def _values(name: str, value: Any) -> list[Any]:
    rule = rules().get(name)
    if (
        not isinstance(value, str)
        or name in _FIXED
        or name in _SEARCHED
        or isinstance(rule, TextLength)
    ):
        return [value]
    if name in _TEXTS:
        return _choices(value)
    if name in _WORDS or isinstance(rule, Choices):
        words = [word.strip() for word in value.split(",") if word.strip()]
        return list(dict.fromkeys(words)) or [value]
    numbers = _numbers(name, value)
    if name in _WHOLE or (isinstance(rule, NumberRange) and rule.whole):
        if any(number != number.to_integral_value() for number in numbers):
            raise UsageProblem(f"{flag(name)} is {value!r}: give whole numbers.")
        return [int(number) for number in numbers]
    return [float(number) for number in numbers]


def _choices(text: str) -> list[str]:
    found = _CHOICE.search(text)
    if found is None:
        return [text]
    if prod(len(each[1].split("|")) for each in _CHOICE.finditer(text)) > _MOST:
        raise UsageProblem(f"The choices in {text[:40]!r} make over {_MOST:,} texts. Give fewer.")
    before, after = text[: found.start()], text[found.end() :]
    return [
        " ".join(f"{before}{choice.strip()}{rest}".split())
        if choice.strip() == ""
        else f"{before}{choice.strip()}{rest}"
        for choice in found.group(1).split("|")
        for rest in _choices(after)
    ]


def _numbers(name: str, text: str) -> list[Decimal]:
    try:
        numbers = [number for part in text.split(",") for number in _range(part.strip())]
    except (InvalidOperation, ValueError):
        raise UsageProblem(
            f"{flag(name)} is {text!r}: give a number, a list (1,2,5), or a range "
            "(0.2:0.8:0.1 or 1..9)."
        ) from None
    return list(dict.fromkeys(numbers))


def _range(text: str) -> Iterable[Decimal]:
    if ".." in text:
        first, last = text.split("..")
        bounds = [first, last, "1" if Decimal(last) >= Decimal(first) else "-1"]
    elif ":" in text:
        bounds = text.split(":")
    else:
        return [_finite(text)]
    start, stop, step = (_finite(bound) for bound in bounds)
    if step == 0 or (stop - start) / step < 0 or (stop - start) / step > _MOST:
        raise ValueError(text)
    return [start + step * number for number in range(int((stop - start) / step) + 1)]


def _finite(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError(text)
    return number
