"""Sends one request to Amazon Bedrock and returns one picture; the only importer of boto3.

One call is one send: boto3's own retries are off, so that the ledger can count what was sent.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sdbr.bedrock import body, catalog
from sdbr.bedrock.answers import broken_answer
from sdbr.bedrock.connection import connect, lost
from sdbr.bedrock.error_mapping import Failure, explain
from sdbr.bedrock.families import dialect_of
from sdbr.config.settings import Connection
from sdbr.errors import SdbrError, Trace, UsageProblem
from sdbr.media.formats import sniff, whole
from sdbr.request import ImageRequest, Model, Picture

_PART = 4 * 1024 * 1024
# A 4K PNG, the largest that a model draws, stays under 32 MB; base64 adds a third.
_LARGEST_ANSWER = 256 * 1024 * 1024


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
        self._clients: dict[str, Any] = {}

    def generate(self, request: ImageRequest) -> Picture:
        """Send `request` once and return the picture as it came.

        Raises AccessProblem, ServiceProblem, Refused or UsageProblem; each carries a `trace`
        with what is known of the send.
        """
        data, client = self._ready(request)
        request_id = ""
        try:
            answer = client.invoke_model(
                modelId=request.model.invoke_id,
                body=data,
                contentType="application/json",
                accept="application/json",
            )
            request_id = answer["ResponseMetadata"].get("RequestId", "")
            return _picture(request, _read(answer), request_id)
        except SdbrError as error:
            error.trace = replace(error.trace or Trace(), status=200, request_id=request_id)
            raise
        except Exception as error:
            raise self._explained(error, request.model, client.meta.region_name) from error

    def probe(self, model: Model) -> None:
        """Send a request without content: Bedrock refuses it, and bills nothing.

        Raises what else is wrong: AccessProblem or ServiceProblem.
        """
        client = self._client(model)
        try:
            client.invoke_model(modelId=model.invoke_id, body=b"{}")
        except Exception as error:
            explained = self._explained(error, model, client.meta.region_name)
            if not isinstance(explained, UsageProblem):
                raise explained from error

    def _ready(self, request: ImageRequest) -> tuple[bytes, Any]:
        try:
            return body.wire(request), self._client(request.model)
        except SdbrError as error:
            error.trace = Trace(sent=False)
            raise

    def _client(self, model: Model) -> Any:
        # One client for each default region: models live in different ones, a run may use several.
        fallback = model.regions[0] if model.regions else "us-west-2"
        with self._lock:
            if fallback not in self._clients:
                made = connect(self._connection(), fallback, self._workers)
                self._clients[fallback] = made
            return self._clients[fallback]

    def _explained(self, error: Exception, model: Model, region: str) -> SdbrError:
        from botocore.exceptions import ClientError

        if not isinstance(error, ClientError):
            return lost(error)
        failure = Failure.of(error.response)
        explained = explain(failure, model, region, self._successors(model))
        billed = explained.trace.billed if explained.trace else "no"
        explained.trace = Trace(True, billed, failure.status, failure.request_id)
        return explained

    def _successors(self, model: Model) -> str:
        """`core (0.04 USD a picture) or ultra (0.14 USD a picture)`, cheapest first."""
        found = [m for m in self._models if m.id in model.replaced_by and m.tiers]
        found.sort(key=lambda model: model.tiers[0].usd)
        return " or ".join(f"{m.aliases[0]} ({m.tiers[0].usd} USD a picture)" for m in found)


def _read(answer: Mapping[str, Any]) -> Mapping[str, object]:
    """The JSON object of an answer. Raises ServiceProblem where there is none."""
    try:
        data = _whole_body(answer["body"])
    except SdbrError:
        raise
    except Exception as error:
        # The status was 200: the picture was made, whatever became of it on the way.
        problem = lost(error)
        problem.trace = Trace(billed="yes")
        raise problem from error
    try:
        parsed = json.loads(data)
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, Mapping):
        raise broken_answer("is not readable")
    return parsed


def _whole_body(body: Any) -> bytes:
    """All bytes of the body; a ServiceProblem where they would fill the memory."""
    parts, size = [], 0
    while part := body.read(_PART):
        parts.append(part)
        size += len(part)
        if size > _LARGEST_ANSWER:
            raise broken_answer("is larger than any picture")
    return b"".join(parts)


def _picture(request: ImageRequest, answer: Mapping[str, object], request_id: str) -> Picture:
    artifact = dialect_of(request.model).decode(answer)
    found = sniff(artifact.data)
    if found is None or not whole(artifact.data):
        raise broken_answer("holds something else than a whole picture")
    price = catalog.price_of(request)
    return Picture(
        data=artifact.data,
        format=found.format,
        size=found.size,
        seed=artifact.seed or request.seed,
        price=None if price is None else str(price),
        drawn_at=datetime.now(UTC).isoformat(timespec="seconds"),
        request_id=request_id,
    )
