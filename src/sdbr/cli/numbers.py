"""Values of options that are numbers, refused in words when they are none or out of bounds."""

from __future__ import annotations

import math
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click import ParamType as ParamType
else:

    class ParamType(click.ParamType):
        """Click's own, which is generic since 8.4; this one can be subscripted before, too."""

        def __class_getitem__(cls, _kind):
            return cls


class UsdAmount(ParamType[Decimal]):
    """An amount of US dollars: 5, 0.50 or $0.50."""

    name = "USD"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        """A Decimal from 0 to a million, which can be reckoned with at once."""
        try:
            amount = Decimal(str(value).removeprefix("$"))
            if amount.is_finite() and 0 <= amount <= 1_000_000 and amount.adjusted() > -12:
                return amount
        except InvalidOperation:
            pass
        return self.fail(f"{value!r} is not an amount of US dollars.", param, ctx)


class FiniteNumber(click.FloatRange):
    """A number within bounds; `nan` is within none."""

    name = "number"

    def convert(
        self, value: float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """A finite number."""
        with suppress(click.BadParameter):
            number: float = super().convert(value, param, ctx)
            if math.isfinite(number):
                return number
        return self.fail(f"'{value}' is not a number{_bounds(self)}.", param, ctx)


class WholeNumber(click.IntRange):
    """A whole number within bounds."""

    name = "integer"

    def convert(self, value: int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """A number that is none of the others."""
        with suppress(click.BadParameter):
            number: int = super().convert(value, param, ctx)
            return number
        return self.fail(f"'{value}' is not a whole number{_bounds(self)}.", param, ctx)


def _bounds(range: click.IntRange | click.FloatRange) -> str:
    if range.max is None:
        return "" if range.min is None else f" of at least {range.min}"
    return f" from {range.min} to {range.max}"
