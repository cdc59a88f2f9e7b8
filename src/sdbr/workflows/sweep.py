"""Several values for one flag: lists, ranges, and choices in braces within a prompt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import product
from pathlib import Path
from typing import Any

from sdbr.bedrock.families import rules
from sdbr.bedrock.validation import Choices, JsonObject, NumberRange, TextLength, flag
from sdbr.errors import UsageProblem
from sdbr.workflows.names import field_of
from sdbr.workflows.prompt_template import MOST, TOKEN, texts_of

TEXTS = frozenset({"prompt", "negative", "prefix", "search_prompt", "select_prompt"})
"""The flags whose values are templates."""
_WORDS = frozenset({"model", "style", "aspect", "size"})
_FIXED = frozenset({"family", "format", "quality", "fit", "background", "mask_source"})
_WHOLE = frozenset({"seed", "grow_mask", "left", "right", "up", "down"})
_MOST_DIGITS = 30  # More make the arithmetic of a range slow, and no flag has a use for them.
_COLONS = re.compile(r"[-\d.]+(:[-\d.]+){1,2}")
_FRACTIONS = ["0.2", "0.8"]


@dataclass(frozen=True, slots=True)
class Variant:
    """One combination: a value for each flag, and (flag, value) of those that are swept."""

    values: Mapping[str, Any]
    labels: tuple[tuple[str, str], ...] = ()


def expand(flags: Mapping[str, object], wildcards: Path | None = None) -> list[Variant]:
    """Every combination of the values that the flags name; the last swept flag varies fastest.

    Texts may be templates, whose `__name__` are files in the folder `wildcards`; words
    `anime,origami`; numbers `1,2,5`, `1..9` or `0.2..0.8..0.1` (from, to, step; the end is part of
    it). Raises UsageProblem, and InputProblem for a missing file.
    """
    told = {name: value for name, value in flags.items() if value is not None}
    values = {name: [value] for name, value in told.items()}
    for name, value in told.items():
        if isinstance(value, str) and (name not in TEXTS or TOKEN.search(value)):
            values[name] = _values(name, value, wildcards)
    count = 1
    for several in values.values():
        count *= len(several)
    if count > MOST:
        raise UsageProblem(f"These flags make {count:,} pictures. Use fewer values.")
    swept = [name for name, several in values.items() if len(several) > 1]
    return [
        Variant(chosen, tuple((field_of(name), str(chosen[name])) for name in swept))
        for combination in product(*values.values())
        for chosen in [dict(zip(values, combination, strict=True))]
    ]


def single_variant(flags: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one combination that the flags name. Raises UsageProblem where they name several."""
    variants = expand(flags)
    if len(variants) > 1:
        swept = ", ".join(axis for axis, _ in variants[0].labels)
        raise UsageProblem(f"This command takes only one value for {swept}. Leave out the others.")
    return variants[0].values


def _values(name: str, value: str, wildcards: Path | None) -> list[Any]:
    rule = rules().get(name)
    if name in _FIXED or isinstance(rule, TextLength | JsonObject):
        return [value]
    if name in TEXTS:
        # A named look's own words say where the prompt's go.
        return texts_of(value, wildcards, kept="prompt" if name == "prefix" else "")
    if name in _WORDS or isinstance(rule, Choices):
        words = [word.strip() for word in value.split(",") if word.strip()]
        return list(dict.fromkeys(words)) or [value]
    whole = name in _WHOLE or (isinstance(rule, NumberRange) and rule.whole)
    numbers = _numbers(name, value, whole)
    if whole:
        if any(number != number.to_integral_value() for number in numbers):
            raise UsageProblem(f"{flag(name)} is {value!r}: use whole numbers.")
        return [int(number) for number in numbers]
    return [float(number) for number in numbers]


def _numbers(name: str, text: str, whole: bool) -> list[Decimal]:
    try:
        ranges = [_range(name, part.strip(), whole) for part in text.split(",")]
    except (InvalidOperation, ValueError):
        raise UsageProblem(
            f"{flag(name)} is {text!r}: use a number, a list (1,2,5), or a range "
            f"({_written_range(text, whole)})."
        ) from None
    return list(dict.fromkeys(number for numbers in ranges for number in numbers))


def _range(name: str, text: str, whole: bool) -> Iterable[Decimal]:
    """Bash's and zsh's sequence: FROM..TO..STEP, whose step bears either sign."""
    first, *rest = (_finite(bound) for bound in text.split(".."))
    if not rest:
        return [first]
    if len(rest) == 1 and not whole:
        step = Decimal("0.1") if abs(rest[0] - first) <= 1 else Decimal(1)
        count = len(_sequence(first, rest[0], step))
        raise UsageProblem(
            f"{flag(name)} {text} has no step. For example, {text}..{step} gives {count} values."
        )
    return _sequence(first, *rest)


def _sequence(first: Decimal, last: Decimal, *steps: Decimal) -> list[Decimal]:
    (step,) = steps or (Decimal(1),)
    if step == 0:
        raise ValueError(step)
    if abs((last - first) / step) > MOST:
        raise UsageProblem(f"{first}..{last} makes more than {MOST:,} values. Use fewer values.")
    step = abs(step).copy_sign(last - first)
    return [first + step * number for number in range(int((last - first) / step) + 1)]


def _written_range(text: str, whole: bool) -> str:
    """How a range is written: what `text` means with colons, or an example."""
    bounds = text.split(":") if _COLONS.fullmatch(text) else ["1", "9"] if whole else _FRACTIONS
    if whole:
        return "..".join(bounds)
    return "..".join([*bounds, "0.1"][:3]) + ": from, to, step"


def _finite(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError(text)
    return number
