"""What sdbr knows of one model on Bedrock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Tier:
    """A price in USD a picture, up to `max_steps` steps and `max_pixels` pixels."""

    usd: Decimal
    max_steps: int | None = None
    max_pixels: int | None = None


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """When a model was launched, marked legacy and ended; None where no date is known."""

    launch: date | None = None
    legacy: date | None = None
    end: date | None = None

    def ended(self, today: date) -> bool:
        """Whether calls fail: the end-of-life day has come."""
        return self.end is not None and today >= self.end


@dataclass(frozen=True, slots=True)
class Model:
    """One model of the catalogue.

    `id` is the catalogue's name for it and `invoke_id` what the request's path carries: the id
    itself, a `us.` inference profile, or any id or ARN the user gave. `family` is the name of
    the module in `bedrock/families` that speaks its language. `regions` is empty where unknown.
    `tiers` are tried in order; the first that fits is the price; empty means unknown.
    """

    id: str
    invoke_id: str
    family: str
    title: str
    tasks: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    needs_profile: bool = False
    lifecycle: Lifecycle = Lifecycle()
    tiers: tuple[Tier, ...] = ()
    price_as_of: str = ""
    replaced_by: tuple[str, ...] = ()
