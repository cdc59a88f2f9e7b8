"""The cap: what was billed, what perhaps was, and what is in flight never pass it together."""

from __future__ import annotations

import threading
from decimal import Decimal

from sdbr.errors import Interrupted, OverBudget


class Budget:
    """Counts one run's dollars. `cap` is in USD, None for no cap.

    A send that does not fit waits while others are in flight, since those that turn out unbilled
    give their money back; when nothing is in flight any more it is refused.
    """

    def __init__(self, cap: Decimal | None, stop: threading.Event) -> None:
        self.cap = cap
        self.spent = Decimal(0)
        self.perhaps = Decimal(0)
        self._in_flight = Decimal(0)
        self._flying = 0
        self._stop = stop
        self._changed = threading.Condition()

    def reserve(self, price: Decimal) -> None:
        """Take `price` out of the cap before a send. Raises OverBudget or Interrupted."""
        with self._changed:
            while not self._fits(price):
                if not self._flying:
                    raise OverBudget(self._reached(price))
                self._changed.wait(0.5)
                if self._stop.is_set():
                    raise Interrupted("Stopped before the next request was sent.")
            self._in_flight += price
            self._flying += 1

    def settle(self, price: Decimal, billed: str) -> None:
        """Turn a reservation into spending ("yes", "perhaps"), or give it back ("no")."""
        with self._changed:
            self._in_flight -= price
            self._flying -= 1
            if billed == "yes":
                self.spent += price
            elif billed == "perhaps":
                self.perhaps += price
            self._changed.notify_all()

    def _fits(self, price: Decimal) -> bool:
        if self.cap is None:
            return True
        return self.spent + self.perhaps + self._in_flight + price <= self.cap

    def _reached(self, price: Decimal) -> str:
        perhaps = f" and {self.perhaps} USD perhaps" if self.perhaps else ""
        return (
            f"The next picture costs {price} USD and would pass the cap: --max-cost is "
            f"{self.cap} USD, {self.spent} USD are spent{perhaps}. What is done stays: run the "
            "same command again with a higher --max-cost to go on."
        )
