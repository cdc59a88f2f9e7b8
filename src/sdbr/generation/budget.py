"""The budget of a run, and the ledger row of each request: both are taken before it is sent."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from decimal import Decimal

from sdbr.bedrock.catalog import price_of
from sdbr.errors import InputProblem, Interrupted, OverBudget, Refused, SdbrError, Trace
from sdbr.generation.estimate import in_usd
from sdbr.generation.generate import Generate, KeyedRequest
from sdbr.request import Picture
from sdbr.store.ledger import Ledger, Send, SendOutcome

_PLENTY = 1_000_000
"""Pictures, where nothing bounds them: more than any clip has."""


class Budget:
    """Counts one run's dollars. `cap` is in USD, None for no cap; `estimated` is what the run is
    expected to cost: the estimate, and what was added to it since.

    `agreed` says that the cap is the price that was shown and agreed to, and not --max-cost. A send
    that does not fit waits while others are in flight, since those that turn out unbilled give
    their money back; when nothing is in flight any more it is refused. What it spends is also
    spent of the `allowance` that it shares with other runs. `pictures` counts what came for it.
    """

    def __init__(
        self,
        cap: Decimal | None,
        stop: threading.Event,
        estimated: Decimal = Decimal(0),
        *,
        agreed: bool = False,
        allowance: Budget | None = None,
    ) -> None:
        self.cap = cap
        self._agreed = agreed
        self.estimated = estimated
        self._due = estimated
        self.billed = Decimal(0)
        self.possibly_billed = Decimal(0)
        self.pictures = 0
        self._in_flight = Decimal(0)
        self._in_flight_count = 0
        self._stop = stop
        self._changed = threading.Condition()
        self._allowance = allowance

    @property
    def spent(self) -> Decimal:
        """USD billed for certain or possibly."""
        return self.billed + self.possibly_billed

    def reserve(self, price: Decimal) -> None:
        """Take `price` out of the cap before a send. Raises OverBudget or Interrupted."""
        with self._changed:
            while not self._fits(price):
                if not self._in_flight_count:
                    raise OverBudget(self._explain_cap(price))
                self._changed.wait(0.5)
                if self._stop.is_set():
                    raise Interrupted("Stopped before the next request was sent.")
            self._in_flight += price
            self._in_flight_count += 1
        if self._allowance is not None:
            try:
                self._allowance.reserve(price)
            except SdbrError:
                self._book(price, "no")
                raise

    def book(self, price: Decimal, billed: str, pictures: int = 0) -> None:
        """Turn a reservation into spending ("yes", "perhaps"), or give it back ("no")."""
        self._book(price, billed, pictures)
        if self._allowance is not None:
            self._allowance.book(price, billed)

    def _book(self, price: Decimal, billed: str, pictures: int = 0) -> None:
        with self._changed:
            self.pictures += pictures
            self._in_flight -= price
            self._in_flight_count -= 1
            if billed == "yes":
                self.billed += price
            elif billed == "perhaps":
                self.possibly_billed += price
            self._changed.notify_all()

    def spare(self, price: Decimal) -> int:
        """How many pictures at `price` USD the cap leaves beyond those that are planned."""
        if self.cap is None or not price:
            return _PLENTY
        with self._changed:
            return max(0, int((self.cap - max(self._due, self.spent)) / price))

    def plan(self, amount: Decimal) -> None:
        """Count `amount` USD as planned beyond the estimate, so that nobody else plans it."""
        with self._changed:
            self._due += amount

    def expect(self, amount: Decimal) -> None:
        """Add `amount` USD to what the run is expected to cost; below 0 takes it back."""
        with self._changed:
            self.estimated += amount

    def _fits(self, price: Decimal) -> bool:
        if self.cap is None:
            return True
        return self.spent + self._in_flight + price <= self.cap

    def _explain_cap(self, price: Decimal) -> str:
        cap = in_usd(self.cap or Decimal(0))
        maybe = self.possibly_billed
        perhaps = f" and possibly {in_usd(maybe)} USD" if maybe else ""
        kept = " Finished pictures are saved." if self.pictures else ""
        spent = f"{in_usd(self.billed)} USD{perhaps} spent"
        costs = f"The next picture costs {in_usd(price)} USD: with {spent}, that is over"
        if self._agreed:
            return (
                f"{costs} the {cap} USD you agreed to.{kept} To continue, run the same "
                "command again: it shows the price of the rest first."
            )
        if self.cap is not None and price > self.cap:
            costs = f"A picture costs {in_usd(price)} USD, over --max-cost {cap}."
            return f"{costs}{kept} Raise --max-cost."
        return (
            f"{costs} --max-cost {cap}.{kept} The cap applies to each run: run the same "
            f"command again to generate the rest for up to {cap} USD more. `sdbr ledger` shows the "
            "total."
        )


def meter(generate: Generate, ledger: Ledger, run: int, budget: Budget, region: str) -> Generate:
    """Reserve the price, write the row, send, close both. The order makes the cap hard."""

    def draw(wanted: KeyedRequest) -> Picture:
        request = wanted.request
        price = price_of(request.model, request.size, request.extras)
        reserved = price or Decimal(0)
        budget.reserve(reserved)
        try:
            row = ledger.begin(
                run, Send(request.model.invoke_id, region, wanted.key, request.seed, price)
            )
        except SdbrError:
            budget.book(reserved, "no")
            raise
        began = time.monotonic()
        try:
            picture = generate(wanted)
        except SdbrError as error:
            trace = error.trace or Trace()
            budget.book(reserved, trace.billed)
            outcome = "refused" if isinstance(error, Refused) else str(error)[:200]
            _close(ledger, row, trace, outcome, began)
            raise
        except BaseException:
            # A bug of ours: the row stays open, and nobody waits for money that never comes back.
            budget.book(reserved, "perhaps")
            raise
        budget.book(reserved, "yes", pictures=1)
        trace = Trace(billed="yes", status=200, request_id=picture.request_id)
        _close(ledger, row, trace, "picture", began)
        return picture

    return draw


def _close(ledger: Ledger, row: int, trace: Trace, outcome: str, began: float) -> None:
    latency_ms = round((time.monotonic() - began) * 1000)
    # Where it fails the row stays open, which reads as "perhaps billed"; the paid picture goes on.
    with suppress(InputProblem):
        if trace.sent:
            end = SendOutcome(outcome, trace.billed, trace.status, trace.request_id, latency_ms)
            ledger.close_send(row, end)
        else:
            ledger.forget(row)
