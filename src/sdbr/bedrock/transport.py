"""One send over HTTP, bounded by the clock and by size; it knows whether anything left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from sdbr.bedrock.answers import broken_answer
from sdbr.concurrency import within
from sdbr.errors import ServiceProblem, Trace

Answer = TypeVar("Answer")

_PART = 4 * 1024 * 1024
# A 4K PNG, the largest that a model draws, stays under 32 MB; base64 adds a third.
_LARGEST_ANSWER = 256 * 1024 * 1024
_ERROR_PART, _ERROR_PARTS = 65_536, 16  # AWS's errors have less than 1 KB; a proxy sends anything.


_LATE = "Bedrock did not answer in time."


class NotSent(Exception):
    """The call ended before a request to the service left; the cause is botocore's exception."""


@dataclass(slots=True)
class _Progress:
    """How far a call has come."""

    sent: bool = False
    request_id: str | None = None  # Once the answer has begun, with status 200.


class Transport:
    """Calls one boto3 client, each call within a number of seconds.

    botocore's own timeouts are for each read: a server that sends a byte now and then passes them
    for ever. Its errors are read whole, whatever their size.
    """

    def __init__(self, client: Any, seconds: float) -> None:
        self._client = client
        self._seconds = seconds
        # Private in name, the same since 2018: the public way to send is to be this session.
        self._session = client._endpoint.http_session
        self._call = threading.local()
        client.meta.events.register("before-send", self._send)

    @property
    def region(self) -> str:
        """The region that requests are signed for."""
        return str(self._client.meta.region_name)

    def invoke(self, model_id: str, body: bytes) -> tuple[str, bytes]:
        """The id of the request and the bytes of its answer.

        Raises NotSent, ServiceProblem where the time is over or the answer too large, and what
        botocore raises.
        """
        return self.run(lambda: self._invoke(model_id, body))

    def run(self, work: Callable[[], Answer]) -> Answer:
        """What `work` returns; it uses the client in this time, and its exceptions are raised."""
        progress = _Progress()

        def call() -> Answer:
            self._call.progress = progress
            return work()

        try:
            return within(self._seconds, call)
        except Exception as error:
            if not progress.sent:
                raise NotSent from error
            if progress.request_id is not None:
                raise _cut_off(error, progress.request_id) from error
            if isinstance(error, TimeoutError):
                raise ServiceProblem(_LATE, again=True, billed="perhaps") from None
            raise

    def _invoke(self, model_id: str, body: bytes) -> tuple[str, bytes]:
        answer: Mapping[str, Any] = self._client.invoke_model(
            modelId=model_id, body=body, contentType="application/json", accept="application/json"
        )
        request_id = self._call.progress.request_id = answer["ResponseMetadata"].get(
            "RequestId", ""
        )
        return request_id, _whole(answer["body"])

    def _send(self, request: Any, **_: Any) -> Any:
        """Send in botocore's place. It answers with what a handler of this event returns."""
        from botocore.awsrequest import AWSResponse

        self._call.progress.sent = True
        response = self._session.send(request)
        if response.status_code < 300:
            return response
        parts = islice(response.raw.stream(_ERROR_PART), _ERROR_PARTS)
        raw = _Raw(b"".join(parts))
        return AWSResponse(response.url, response.status_code, response.headers, raw)


class _Raw:
    """A body that has been read."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def stream(self) -> Iterator[bytes]:
        yield self._data


def _cut_off(error: Exception, request_id: str) -> ServiceProblem:
    """The picture was made, whatever became of it on the way."""
    if isinstance(error, ServiceProblem):
        problem = error
    else:
        late = isinstance(error, TimeoutError) or type(error).__name__ == "ReadTimeoutError"
        problem = ServiceProblem(_LATE if late else "Bedrock's answer was cut off.", again=True)
    problem.trace = Trace(billed="yes", status=200, request_id=request_id)
    return problem


def _whole(body: Any) -> bytes:
    """All bytes of the body; a ServiceProblem where they would fill the memory."""
    parts, size = [], 0
    while part := body.read(_PART):
        parts.append(part)
        size += len(part)
        if size > _LARGEST_ANSWER:
            raise broken_answer("is larger than any picture")
    return b"".join(parts)
