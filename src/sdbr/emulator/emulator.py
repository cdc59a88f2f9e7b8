"""The emulator as a context manager."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from types import TracebackType
from typing import Any, Self

from sdbr.emulator import dialects
from sdbr.emulator.faults import Faults
from sdbr.emulator.http.server import Server
from sdbr.emulator.journal import ReceivedRequest
from sdbr.emulator.service import Service
from sdbr.emulator.settings import EmulatorSettings

REGION = "us-west-2"


class Emulator:
    """A Bedrock on this machine, for as long as the `with` block lasts.

    Takes the fields of `EmulatorSettings` as keywords, as in `Emulator(latency=0.2)`.
    `log` is called with each received request as a line of JSON. Raises OSError when the port is
    in use, TypeError or ValueError for a keyword or value that EmulatorSettings does not take,
    ImportError for a dialect of another package that is broken.
    """

    def __init__(
        self,
        settings: EmulatorSettings | None = None,
        *,
        log: Callable[[str], None] | None = None,
        **changes: Any,
    ) -> None:
        if "allow_ended" in changes:  # Its former name.
            changes["allow_retired"] = changes.pop("allow_ended")
        known = [field.name for field in dataclasses.fields(EmulatorSettings)]
        rules = [field.name for field in dataclasses.fields(Faults)]
        for name in changes.keys() - set(known):
            close = get_close_matches(name, [*known, *rules], n=1)
            hint = f". Did you mean {close[0]!r}?" if close else f". It takes {', '.join(known)}."
            if close and close[0] in rules:
                hint = f". Use faults=Faults({close[0]}=...)."
            raise TypeError(f"Emulator() got an unexpected keyword argument {name!r}{hint}")
        self.settings = dataclasses.replace(settings or EmulatorSettings(), **changes)
        dialects.added()
        self._stopped = threading.Event()
        self._server: Server | None = None
        self._service = Service(self.settings, self._stopped, log)

    def start(self) -> Self:
        """Listen and answer in the background; does nothing when it already does."""
        if self._server is not None:
            return self
        self._server = Server(self.settings.host, self.settings.port, self._stopped)
        self._server.serve(self._service.answer)
        return self

    def stop(self) -> None:
        """Close every connection and stop listening."""
        if self._server is not None:
            self._server.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where it listens, e.g. `http://127.0.0.1:8123`."""
        if self._server is None:
            raise RuntimeError("The emulator has not been started.")
        return f"http://{self.settings.host}:{self._server.port}"

    @property
    def received(self) -> tuple[ReceivedRequest, ...]:
        """Every request so far, oldest first."""
        return self._service.journal.records()

    @property
    def pictures_made(self) -> int:
        """How many pictures Bedrock would have billed."""
        return sum(record.made for record in self.received)

    @property
    def max_in_flight_seen(self) -> int:
        """The most invocations that were under way at once."""
        return self._service.limits.most_seen

    def clear(self) -> None:
        """Forget what was received, and count invocations from 1 again."""
        self._service.clear()

    def summary(self) -> Mapping[str, object]:
        """Counts by outcome and model, pictures made, the most requests in flight at once."""
        return self._service.about()

    def environment(self) -> dict[str, str]:
        """Environment variables that lead any AWS SDK here, with credentials that open nothing."""
        return {
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": self.url,
            "AWS_ENDPOINT_URL_BEDROCK": self.url,
            "AWS_ENDPOINT_URL_STS": self.url,
            "AWS_ACCESS_KEY_ID": "emulated",
            "AWS_SECRET_ACCESS_KEY": "emulated",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }
