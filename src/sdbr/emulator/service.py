"""The emulated service: takes a request, answers it, writes it down."""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sdbr.emulator import identifiers, invoke
from sdbr.emulator.control import answer_control
from sdbr.emulator.errors import Refusal, invalid
from sdbr.emulator.faults import error_of
from sdbr.emulator.http.exchange import Reply, Request, json_reply, new_request_id, refused
from sdbr.emulator.identifiers import check_caller, signed_region
from sdbr.emulator.invoke import MAX_BODY
from sdbr.emulator.journal import MOST_TEXT, Journal, ReceivedRequest, abbreviated, summary
from sdbr.emulator.picture_cache import PictureCache
from sdbr.emulator.settings import EmulatorSettings
from sdbr.emulator.throttle import InvocationCounter, RequestLimiter

LOG = logging.getLogger(__name__)
SECRET = ("authorization", "x-amz-security-token", "cookie")
LOCAL_NAMES = (".localhost", ".local", ".internal", ".lan", ".test")
NO_BROWSER = (
    "The emulator only accepts programs on this computer, not web pages. Send no Origin header, "
    "and use an IP address or localhost as the host."
)
NO_CHAT = (
    "This action doesn't support the model that you provided. "
    "Try again with a supported text or chat model."
)

PATHS = "Use GET /_emulator/received, GET /_emulator/summary or POST /_emulator/reset."
BUG = "This is a bug in the emulator. Please report it with the traceback on its stderr."


@dataclass(frozen=True, slots=True)
class Call:
    """An invocation under way: its number from 1 (0: another call), the model's name in it.

    `content` is a digest of path and body, `attempt` counts how often that has come, `body` is the
    parsed JSON, or None.
    """

    number: int = 0
    attempt: int = 0
    model: str = ""
    content: bytes = b""
    body: Any = None


class Service:
    """Answers requests; safe to use from many threads."""

    def __init__(
        self,
        settings: EmulatorSettings,
        stopped: threading.Event,
        log: Callable[[str], None] | None = None,
    ) -> None:
        self.settings = settings
        self.journal = Journal(log, settings.keeps)
        self.limits = RequestLimiter(settings.max_in_flight, settings.rpm)
        self._turns = InvocationCounter()
        self._context = invoke.InvokeContext(settings, PictureCache(settings.keeps // 2).paint)
        self._stopped = stopped

    def answer(self, request: Request) -> Reply:
        """The reply to a request, after the time that the model takes for it."""
        if from_a_browser(request.headers) or not names_this_host(request.headers):
            return json_reply({"message": NO_BROWSER}, 403)
        if request.path.startswith("/_emulator/"):
            return self._about(request)
        begun = time.monotonic()
        target = identifiers.split(request.path)
        if target is None or request.method != "POST":
            call = Call()
            reply = self._guarded(lambda: answer_control(request, self.settings))
        else:
            call, reply = self._invoke(request, *target, begun)
        return self._written(request, call, reply, time.monotonic() - begun)

    def clear(self) -> None:
        """Forget what was received, and count from 1 again."""
        self.journal.clear()
        self.limits.clear()
        self._turns.clear()

    def about(self) -> dict[str, Any]:
        """Counts by outcome and model, pictures made, the most requests in flight at once."""
        return {**summary(self.journal.records()), "max_in_flight_seen": self.limits.most_seen}

    def _invoke(
        self, request: Request, name: str, operation: str, begun: float
    ) -> tuple[Call, Reply]:
        content = hashlib.sha256(request.path.encode() + b"\n" + request.body).digest()
        number, attempt = self._turns.take(content)
        call = Call(number, attempt, name, content, invoke.parsed(request.body))
        within = self.limits.enter()
        try:
            reply = self._guarded(lambda: self._reply(request, call, operation, within))
            self._linger(call, reply, begun)
        finally:
            self.limits.leave()
        return call, reply

    def _reply(self, request: Request, call: Call, operation: str, within: bool) -> Reply:
        check_caller(request.headers)
        if operation != "invoke":
            raise invalid(NO_CHAT)
        faults = self.settings.faults
        throttled = error_of("throttle", faults)
        if not within and throttled is not None:
            raise throttled
        fault = faults.strike(call.number, call.content, call.attempt)
        error = error_of(fault, faults)
        if error is not None:
            return refused(error, fault or "")
        model = invoke.find_model(call.model, request, self.settings)
        return invoke.answer(model, invoke.checked(request, call.body), fault, self._context)

    def _guarded(self, reply: Callable[[], Reply]) -> Reply:
        try:
            return reply()
        except Refusal as refusal:
            return refused(refusal)
        except Exception:
            # A bug of the emulator should read as one, not as a dropped connection.
            LOG.exception("The emulator failed to handle a request.")
            return refused(Refusal(500, "InternalServerException", BUG), "bug")

    def _linger(self, call: Call, reply: Reply, begun: float) -> None:
        wait = 0.0
        if reply.status == 200 or reply.made:
            wait = _latency(self.settings.latency, call.number)
        if reply.outcome == "slow":
            wait += self.settings.faults.slow_by
        left = wait - (time.monotonic() - begun)
        if left > 0:
            self._stopped.wait(left)

    def _written(self, request: Request, call: Call, reply: Reply, latency: float) -> Reply:
        request_id = new_request_id()
        self.journal.add(
            ReceivedRequest(
                number=call.number,
                at=time.time() - latency,
                method=request.method,
                path=request.path[:MOST_TEXT],
                model=_plain(call.model, self.settings.models),
                region=signed_region(request.headers),
                headers=_kept(request.headers),
                body=call.body if len(request.body) <= MAX_BODY else abbreviated(call.body),
                outcome=reply.outcome,
                status=reply.status,
                made=reply.made,
                picture_sha256=reply.picture_sha256,
                request_id=request_id,
                latency=latency,
                size=len(request.body),
            )
        )
        headers = [*reply.headers, ("x-amzn-RequestId", request_id)]
        if reply.made and reply.status == 200:
            headers.append(("X-Amzn-Bedrock-Invocation-Latency", f"{latency * 1000:.0f}"))
        return replace(reply, headers=tuple(headers))

    def _about(self, request: Request) -> Reply:
        what = request.path.removeprefix("/_emulator/")
        if what == "reset" and request.method == "POST":
            self.clear()
            return json_reply({})
        if what == "summary":
            return json_reply(self.about())
        if what == "received":
            return json_reply([json.loads(it.line()) for it in self.journal.records()])
        return json_reply({"message": PATHS}, 404)


def from_a_browser(headers: Mapping[str, str]) -> bool:
    """Whether a web page sent the request; SDKs and scripts name no origin."""
    return "origin" in headers or headers.get("sec-fetch-site", "none") not in ("none", "")


def names_this_host(headers: Mapping[str, str]) -> bool:
    """Whether `Host` is an address or a local name, as of a container, and no public name.

    A public name that leads here is how a web page gets around the rule of the same origin.
    """
    name = headers.get("host", "").rpartition("@")[2].lower()
    name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(name)
        return True
    return "." not in name or name.endswith(LOCAL_NAMES)


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {k[:MOST_TEXT]: v[:MOST_TEXT] for k, v in headers.items() if k not in SECRET}


def _latency(seconds: float | tuple[float, float], number: int) -> float:
    if not isinstance(seconds, tuple):
        return seconds
    low, high = seconds
    share = int.from_bytes(hashlib.sha256(str(number).encode()).digest()[:4]) / 2**32
    return low + (high - low) * share


def _plain(name: str, others: Mapping[str, str]) -> str:
    try:
        return identifiers.find(name, others).id if name else ""
    except Refusal:
        return name
