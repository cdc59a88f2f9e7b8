"""Sends one request to Amazon Bedrock and returns one picture.

One call is one send: boto3's own retries are off, so that the ledger can count what was sent.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache

from sdbr.bedrock import body, catalog
from sdbr.bedrock.answers import broken_answer
from sdbr.bedrock.connection import HOME, as_possibly_sent, as_unsent, connect, region_of
from sdbr.bedrock.error_mapping import Failure, explain, explain_end
from sdbr.bedrock.families import family_of
from sdbr.bedrock.transport import MemoryLimit, NotSent, Transport
from sdbr.config.settings import Connection
from sdbr.errors import AccessProblem, SdbrError, Trace, UsageProblem
from sdbr.media.formats import sniff, whole
from sdbr.request import ImageRequest, Model, Picture

# Bytes of address space for an answer: a picture of 4 MB in base64, and decoding it. What is
# larger takes more when it comes.
_ANSWER = 16 * 1024 * 1024


class BedrockClient:
    """A connection to Bedrock's runtime, made when the first request is sent.

    `connection` is called once, then. `workers` is how many threads will call `generate` at
    once; `models` are the catalog's, for messages that name what to use instead.
    """

    def __init__(
        self, connection: Callable[[], Connection], models: tuple[Model, ...], workers: int
    ) -> None:
        self._connection = cache(connection)
        self._models = models
        self._workers = workers
        self._lock = threading.Lock()
        self._transports: dict[str, Transport] = {}
        self._unusable: SdbrError | None = None
        self._memory = MemoryLimit()

    def generate(self, request: ImageRequest) -> Picture:
        """Send `request` once and return the picture as it came.

        Raises AccessProblem, ServiceProblem, Refused or UsageProblem; each carries a `trace`
        with what is known of the send.
        """
        with self._memory.room(_ANSWER) as room:
            try:
                data, transport = body.wire(request), self._transport(request.model)
            except SdbrError as error:
                error.trace = Trace(sent=False)
                raise
            try:
                request_id, answer = transport.invoke(request.model.invoke_id, data, room)
            except SdbrError:
                raise
            except Exception as error:
                raise self._explain(error, request.model, transport.region) from error
            try:
                return self._memory.retry(lambda: _picture(request, parse(answer), request_id))
            except SdbrError as error:
                error.trace = replace(error.trace or Trace(), status=200, request_id=request_id)
                raise

    def check(self, model: Model) -> None:
        """Raise what is known of calls to `model` before any is sent, which costs nothing: that
        its life has ended, that there are no credentials, or that the region is no region.
        """
        connection = self._connection()
        served = connection.allow_retired if connection.offline else connection.realm != "aws"
        # Who named an ARN knows whether it is served.
        listed = model.invoke_id.removeprefix("us.") == model.id
        if listed and not served and model.lifecycle.ended(date.today()):
            raise explain_end(model, self._instead_of(model))
        # An emulator takes any credentials, and a price may be asked for without.
        if connection.realm == "aws":
            self._transport(model)

    def probe(self, model: Model) -> None:
        """Send a request without content: Bedrock refuses it, and bills nothing.

        Raises what else is wrong: AccessProblem or ServiceProblem.
        """
        transport = self._transport(model)
        try:
            with self._memory.room(_ANSWER) as room:
                transport.invoke(model.invoke_id, b"{}", room)
        except SdbrError:
            raise
        except Exception as error:
            explained = self._explain(error, model, transport.region)
            if not isinstance(explained, UsageProblem):
                raise explained from error

    def _transport(self, model: Model) -> Transport:
        # One client for each default region: models live in different ones, a run may use several.
        fallback = region_of(model.invoke_id) or (model.regions[0] if model.regions else HOME)
        with self._lock:
            if self._unusable is not None:
                raise self._unusable
            if fallback not in self._transports:
                connection = self._connection()
                try:
                    client = connect(connection, fallback, self._workers)
                except AccessProblem as problem:
                    self._unusable = problem
                    raise
                self._transports[fallback] = Transport(client, connection.timeout)
            transport = self._transports[fallback]
        own = region_of(model.invoke_id)
        if own and own != transport.region:
            raise UsageProblem(
                f"The ARN is in {own}, but the region is {transport.region}. Use --region {own}."
            )
        return transport

    def _explain(self, error: Exception, model: Model, region: str) -> SdbrError:
        from botocore.exceptions import ClientError

        if isinstance(error, NotSent):
            problem = as_unsent(error.__cause__ or error, self._connection())
            if isinstance(problem, AccessProblem):
                # Credentials that cannot be had are asked for once, not by each worker in turn.
                self._unusable = problem
            return problem
        if not isinstance(error, ClientError):
            return as_possibly_sent(error, self._connection())
        failure = Failure.of(error.response)
        explained = explain(failure, model, region, self._instead_of(model))
        billed = explained.trace.billed if explained.trace else "no"
        explained.trace = Trace(True, billed, failure.status, failure.request_id)
        return explained

    def _instead_of(self, model: Model) -> str:
        """`core (0.04 USD a picture) or ultra (0.14 USD a picture)`, cheapest first.

        Before them, for a model that has ended, how the emulator inside this process serves it,
        as a sentence of its own.
        """
        found = [m for m in self._models if m.id in model.replaced_by and m.tiers]
        found.sort(key=lambda model: model.tiers[0].usd)
        names = [f"{m.aliases[0]} ({m.tiers[0].usd} USD per picture)" for m in found]
        if self._connection().offline and model.lifecycle.end is not None:
            allow = "--allow-retired to use it with the emulator"
            return f"{allow}. To replace it, use {_either(names)}" if names else allow
        return _either(names)


def _either(names: list[str]) -> str:
    """`one, two or three`."""
    return " or ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def parse(data: bytes) -> Mapping[str, object]:
    """The JSON object of an answer. Raises ServiceProblem where there is none."""
    try:
        parsed = json.loads(data)
    except (ValueError, RecursionError):
        parsed = None
    if isinstance(parsed, Mapping):
        return parsed
    if data.lstrip()[:9].lower().startswith((b"<!doctype", b"<html")):
        raise broken_answer("is an HTML page, as a proxy or sign-in page sends")
    raise broken_answer("cannot be read")


def _picture(request: ImageRequest, answer: Mapping[str, object], request_id: str) -> Picture:
    artifact = family_of(request.model).decode(answer)
    found = sniff(artifact.data)
    if found is None or not whole(artifact.data):
        raise broken_answer("does not contain a complete picture", artifact.data)
    price = catalog.price_of(request.model, request.size, request.extras)
    return Picture(
        data=artifact.data,
        format=found.format,
        size=found.size,
        seed=artifact.seed or request.seed,
        price=None if price is None else str(price),
        drawn_at=datetime.now(UTC).isoformat(timespec="seconds"),
        request_id=request_id,
    )
