"""The price is told before the first request, and someone has to agree to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from sdbr.bedrock.catalog import price_of
from sdbr.config.settings import Spending
from sdbr.console import counted
from sdbr.errors import OverBudget
from sdbr.request import ImageRequest, Model


@dataclass(frozen=True, slots=True)
class Share:
    """So many pictures of one model at one price in USD (None where unknown)."""

    model: Model
    count: int
    price: Decimal | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will send. `pictures` is all it wants, `shares` what is not in the cache.

    `saved` is the USD of what is in the cache; `billed` is False where an emulator answers;
    `remarks` are told along; `thing` is what the pictures are called.
    """

    pictures: int
    shares: tuple[Share, ...]
    saved: Decimal = Decimal(0)
    billed: bool = True
    remarks: tuple[str, ...] = ()
    thing: str = "picture"

    @property
    def sends(self) -> int:
        """How many requests have to be sent, if none fails."""
        return sum(share.count for share in self.shares)

    @property
    def cost(self) -> Decimal:
        """USD for all of them; a picture of unknown price counts as nothing."""
        return sum((s.count * (s.price or Decimal(0)) for s in self.shares), Decimal(0))

    @property
    def unpriced(self) -> tuple[Model, ...]:
        """The models to be called whose price is not known."""
        return tuple(share.model for share in self.shares if share.price is None)

    def __str__(self) -> str:
        start = counted(self.pictures, self.thing)
        if not self.shares:
            note = f" ({'; '.join(self.remarks)})" if self.remarks else ""
            return f"{start}, all paid for already = 0.00 USD{note}"
        have = self.pictures - self.sends
        if have:
            start += f", {have} paid for already: {self.sends}"
        terms = " + ".join(_term(share, len(self.shares) > 1) for share in self.shares)
        start += terms if len(self.shares) == 1 else f" = {terms}"
        emulated = () if self.billed else ("emulated, nothing is billed",)
        note = "".join(f"; {remark}" for remark in (*self.remarks, *emulated))
        sources = "; ".join(
            f"{share.model.invoke_id}, price of {share.model.price_as_of}" for share in self.shares
        )
        return f"{start} = {in_usd(self.cost)} USD ({sources}{note})"


def _term(share: Share, with_count: bool) -> str:
    price = "unknown price" if share.price is None else f"{in_usd(share.price)} USD"
    return f"{share.count} × {price}" if with_count else f" × {price}"


def in_usd(amount: Decimal) -> str:
    """At least two decimals, more only where they are not zero."""
    text = f"{amount:f}"
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def estimate(
    requests: Iterable[tuple[str, ImageRequest]], has: Callable[[str], bool], billed: bool
) -> Estimate:
    """Count and price the requests, given as (key, request); equal ones are sent once."""
    wanted = list(requests)
    missing = {key: request for key, request in dict(wanted).items() if not has(key)}
    counts = Counter((request.model, price_of(request)) for request in missing.values())
    shares = tuple(Share(model, count, price) for (model, price), count in counts.items())
    total = sum((price_of(request) or Decimal(0) for _, request in wanted), Decimal(0))
    told = Estimate(len(wanted), shares, billed=billed)
    return replace(told, saved=total - told.cost)


def default_strengths(chosen: Iterable[float | None]) -> tuple[str, ...]:
    """A remark for each strength that was chosen for the user; None is none."""
    told = dict.fromkeys(strength for strength in chosen if strength is not None)
    return tuple(f"strength {strength:g} by default" for strength in told)


def consent(told: Estimate, spending: Spending, ask: Callable[[str], bool] | None) -> None:
    """Raise OverBudget unless the price is small, capped, or agreed to.

    `ask` puts a question to a terminal; None where there is none.
    """
    if told.unpriced and spending.cap is not None:
        name = told.unpriced[0].invoke_id
        raise OverBudget(
            f"The price of {name} is unknown, so --max-cost cannot be kept. Add it to sdbr.toml: "
            f'[prices] "{name}" = 0.08'
        )
    small = told.cost <= spending.ask_above and not told.unpriced
    if small or spending.assume_yes or spending.cap is not None or not told.sends:
        return
    cost = f"{in_usd(told.cost)} USD"
    costs = f"{'costs' if told.billed else 'would cost'} {cost}"
    if ask is None:
        raise OverBudget(
            f"This {costs}, more than {in_usd(spending.ask_above)} USD, and nobody can be "
            f"asked. Add --yes, or --max-cost {in_usd(told.cost)}."
        )
    if not ask(f"Spend {cost}?"):
        raise OverBudget("Nothing was sent. Lower the price with --max-cost or fewer pictures.")
