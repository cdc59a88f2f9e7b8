"""Every request that is sent goes to the ledger first, and within the cap."""

from __future__ import annotations

import time
from decimal import Decimal

from sdbr.bedrock.catalog import price_of
from sdbr.errors import InputProblem, Refused, SdbrError, Trace
from sdbr.generation.caching import KeyOf
from sdbr.generation.generate import Generate
from sdbr.generation.spending import Budget
from sdbr.request import ImageRequest, Picture
from sdbr.store.ledger import Ledger, Send, Settlement


def metered(
    generate: Generate, ledger: Ledger, run: int, budget: Budget, key_of: KeyOf, region: str
) -> Generate:
    """Reserve the price, write the row, send, settle both. The order makes the cap hard."""

    def draw(request: ImageRequest) -> Picture:
        price = price_of(request)
        budget.reserve(price or Decimal(0))
        try:
            row = ledger.begin(
                run, Send(request.model.invoke_id, region, key_of(request), request.seed, price)
            )
        except SdbrError:
            budget.settle(price or Decimal(0), "no")
            raise
        began = time.monotonic()
        try:
            picture = generate(request)
        except SdbrError as error:
            trace = error.trace or Trace()
            budget.settle(price or Decimal(0), trace.billed)
            _close(ledger, row, trace, _failed(error, trace, _since(began)))
            raise
        except BaseException:
            # A bug of ours: the row stays open, and nobody waits for money that never comes back.
            budget.settle(price or Decimal(0), "perhaps")
            raise
        budget.settle(price or Decimal(0), "yes")
        end = Settlement("picture", "yes", 200, picture.request_id, _since(began))
        _close(ledger, row, Trace(), end)
        return picture

    return draw


def _close(ledger: Ledger, row: int, trace: Trace, end: Settlement) -> None:
    try:
        if trace.sent:
            ledger.settle(row, end)
        else:
            ledger.forget(row)
    except InputProblem:
        # The row stays open, which reads as "perhaps billed"; the paid picture goes on.
        return


def _failed(error: SdbrError, trace: Trace, latency_ms: int) -> Settlement:
    outcome = "refused" if isinstance(error, Refused) else str(error)[:200]
    return Settlement(outcome, trace.billed, trace.status, trace.request_id, latency_ms)


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
