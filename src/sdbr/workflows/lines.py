"""What a run hands over: lines of its plan and of its results, and who they are for."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from sdbr.bedrock import body
from sdbr.bedrock.catalog import price_of
from sdbr.concurrency import until_interrupted
from sdbr.console import Console, print_bytes, print_line
from sdbr.errors import OutputProblem
from sdbr.generation.budget import Budget
from sdbr.generation.estimate import Estimate
from sdbr.request import ImageRequest, Size


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A request to be sent, for --dry-run: as JSON, or `heading` and the body.

    `request` stands for all requests of its kind; None where its body is not known yet.
    """

    request: ImageRequest | None
    path: Path | None = None
    source: Path | None = None
    heading: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The one JSON shape of plans; `price` is USD a picture, None where nobody knows it."""
        request = self.request
        price = request and price_of(request.model, request.size, request.extras)
        return {
            "path": self.path and str(self.path),
            "source": self.source and str(self.source),
            "model": request and request.model.invoke_id,
            "price": price and float(price),
            "body": request and json.loads(body.outline(request)),
            **self.more,
        }

    def as_text(self) -> Iterator[str]:
        """The heading, and the request as it will be sent."""
        if self.heading:
            yield self.heading
        if self.request is not None:
            yield f"POST /model/{self.request.model.invoke_id}/invoke"
            outline = json.loads(body.outline(self.request))
            yield json.dumps(outline, ensure_ascii=False, indent=2)


@dataclass(frozen=True, slots=True)
class ResultLine:
    """A result and what is printed of it: its path, its bytes where it has none, or JSON.

    `price` is USD a picture and `cost` the USD that this result took; None where nobody knows.
    """

    path: Path | None
    request: ImageRequest
    seed: int | None
    size: Size
    price: Decimal | None
    cost: Decimal | None
    source: Path | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    data: bytes = b""

    def as_json(self, emulated: bool) -> dict[str, Any]:
        """The one JSON shape of results."""
        return {
            "path": str(self.path),
            "source": self.source and str(self.source),
            "model": self.request.model.invoke_id,
            "prompt": self.request.prompt,
            "seed": self.seed,
            "size": str(self.size),
            "price": None if self.price is None else float(self.price),
            "cost": None if self.cost is None else float(self.cost),
            **self.more,
            "emulated": emulated,
        }


class Recipient(Protocol):
    """Who a run is for: the shell that a command was typed in, or a program.

    `asks` says whether somebody may be asked for consent. Out of an `allowance` several runs are
    paid, beside each one's own cap.
    """

    @property
    def asks(self) -> bool: ...

    @property
    def allowance(self) -> Budget | None: ...

    def plan(self, lines: Iterable[PlanLine], estimate: Estimate, price: str) -> None:
        """Take what would be sent, and its price, which is all of a run that sends nothing."""

    def result(self, line: ResultLine, emulated: bool) -> None:
        """Take a result that is written."""

    def until_interrupted(
        self, stop: threading.Event, tell: Callable[[str], None]
    ) -> AbstractContextManager[threading.Event]:
        """Set `stop` when the user wants the run to end; see `console.until_interrupted`."""


class Shell:
    """Prints results on stdout: a path a line, or with `json` an object a line."""

    asks = True
    allowance = None

    def __init__(self, *, json: bool) -> None:
        # A picture that is paid for must not be lost for want of a place to tell of it.
        if sys.stdout is None:
            raise OutputProblem(
                "stdout is closed, so the results cannot be printed. Redirect it to a file."
            )
        self._json = json

    def plan(self, lines: Iterable[PlanLine], _estimate: Estimate, price: str) -> None:
        """Print the plan, and its price beside it."""
        for line in lines:
            for text in [in_json(line.as_json())] if self._json else line.as_text():
                print_line(text)
        Console().say(f"{price}. No request was sent.")

    def result(self, line: ResultLine, emulated: bool) -> None:
        """Print a result, or its bytes where it has no file."""
        if line.path is None:
            print_bytes(line.data)
        else:
            print_line(in_json(line.as_json(emulated)) if self._json else str(line.path))

    def until_interrupted(
        self, stop: threading.Event, tell: Callable[[str], None]
    ) -> AbstractContextManager[threading.Event]:
        """At each signal that would end the process."""
        return until_interrupted(stop, tell)


def in_json(values: Mapping[str, object]) -> str:
    """One line of JSON, in the letters of its words."""
    return json.dumps(values, ensure_ascii=False)
