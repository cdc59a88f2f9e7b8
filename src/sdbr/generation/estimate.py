"""What a run will cost, said before its first request, and the consent to it."""

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

    `supplied` are the user's own among them, `same` those that are the same request as another.
    `saved` is the USD of all that is not sent; `extra` is USD that may come on top, told in a
    remark; `billed` is False where an emulator answers; `remarks` are said with it; `thing` is what
    the pictures are called.
    """

    pictures: int
    shares: tuple[Share, ...]
    same: int = 0
    extra: Decimal = Decimal(0)
    saved: Decimal = Decimal(0)
    billed: bool = True
    remarks: tuple[str, ...] = ()
    thing: str = "picture"
    supplied: int = 0

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
        hits = self.pictures - self.supplied - self.same - self.sends
        if not self.shares:
            remarks = f" ({'; '.join(self.remarks)})" if self.remarks else ""
            own = f", {self.supplied if hits else 'all'} supplied" if self.supplied else ""
            cached = "" if own and not hits else f", {hits if own else 'all'} cached"
            return f"{start}{own}{cached} = 0.00 USD{remarks}"
        start += f", {self.supplied} supplied" if self.supplied else ""
        start += f", {self.same} duplicated" if self.same else ""
        start += f", {hits} cached" if hits else ""
        start += f": {self.sends}" if self.supplied or self.same or hits else ""
        prices = [_price_text(share) for share in self.shares]
        if len(prices) == 1:
            start += f" × {prices[0]}"
        else:
            terms = zip(self.shares, prices, strict=True)
            start += " = " + " + ".join(f"{share.count} × {price}" for share, price in terms)
        sources = [f"{s.model.invoke_id}, price of {s.model.price_as_of}" for s in self.shares]
        emulated = () if self.billed else ("emulated, not billed",)
        remarks = "; ".join((*sources, *self.remarks, *emulated))
        return f"{start} = {in_usd(self.cost)} USD ({remarks})"


def _price_text(share: Share) -> str:
    return "unknown price" if share.price is None else f"{in_usd(share.price)} USD"


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
    prices = {key: price_of(one.model, one.size, one.extras) for key, one in wanted}
    counts = Counter((request.model, prices[key]) for key, request in missing.items())
    shares = tuple(Share(model, count, price) for (model, price), count in counts.items())
    total = sum((prices[key] or Decimal(0) for key, _ in wanted), Decimal(0))
    same = sum(Counter(key for key, _ in wanted if key in missing).values()) - len(missing)
    unsaved = Estimate(len(wanted), shares, same, billed=billed)
    return replace(unsaved, saved=total - unsaved.cost)


def tell_cap(estimated: Estimate, cap: Decimal | None, all_needed: bool) -> str:
    """How many of the pictures a cap in USD pays for; "" where it pays for all.

    `all_needed` says that no result is made of a part of them.
    """
    if cap is None or estimated.unpriced or estimated.cost <= cap:
        return ""
    left, covered = cap, 0
    for price, count in sorted((s.price or Decimal(0), s.count) for s in estimated.shares):
        fit = min(count, int(left / price)) if price else count
        left, covered = left - fit * price, covered + fit
    most = "at most " if len(estimated.shares) > 1 else ""
    total = counted(estimated.sends, estimated.thing)
    needed = f"; a result needs all of its {estimated.thing}s" if all_needed else ""
    return f"The cap of {in_usd(cap)} USD covers {most}{covered} of {total}{needed}."


def with_other_seeds(estimated: Estimate, tries: int) -> Estimate:
    """The price with what drawing each picture with so many other seeds would add to it."""
    more = estimated.cost * tries
    if not more:
        return estimated
    remark = f"up to {in_usd(more)} USD more for new seeds if the filter refuses"
    return replace(estimated, extra=estimated.extra + more, remarks=(*estimated.remarks, remark))


def default_strengths(chosen: Iterable[float | None]) -> tuple[str, ...]:
    """A remark for each strength that was chosen for the user; None is none."""
    strengths = dict.fromkeys(strength for strength in chosen if strength is not None)
    return tuple(f"default strength {strength:g}" for strength in strengths)


def consent(
    estimated: Estimate,
    spending: Spending,
    ask: Callable[[str], bool] | None,
    *,
    offline: bool = False,
) -> Decimal | None:
    """The USD that the run may spend; raise OverBudget unless that is small, capped or agreed to.

    `ask` puts a question to a terminal; None where there is none. What was told and agreed to is
    the run's cap, so that no failure is paid for again and again. None is no cap: `offline`
    nothing is billed, and a price that nobody knows cannot be held.
    """
    if estimated.unpriced and spending.cap is not None:
        name = estimated.unpriced[0].invoke_id
        raise OverBudget(
            f"The price of {name} is unknown, so --max-cost cannot be enforced. Add the price "
            f'to sdbr.toml: [prices] "{name}" = 0.08'
        )
    if spending.cap is not None or offline:
        return spending.cap
    small = estimated.cost <= spending.ask_above and not estimated.unpriced
    if small and not spending.assume_yes:
        return spending.ask_above
    if spending.assume_yes or not estimated.sends:
        return _consented_cap(estimated, spending)
    cost = f"{in_usd(estimated.cost)} USD"
    costs = f"{'costs' if estimated.billed else 'would cost'} {cost}"
    if ask is None:
        raise OverBudget(
            f"This {costs}, more than {in_usd(spending.ask_above)} USD, and needs confirmation. "
            f"Add --yes, or --max-cost {in_usd(estimated.cost)}."
        )
    if not ask(f"Spend {cost}?"):
        raise OverBudget(
            "Nothing was sent. To spend less, use --max-cost or generate fewer pictures."
        )
    return _consented_cap(estimated, spending)


def _consented_cap(estimated: Estimate, spending: Spending) -> Decimal | None:
    if estimated.unpriced:
        return None
    return max(estimated.cost + estimated.extra, spending.ask_above)
