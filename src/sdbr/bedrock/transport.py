"""One send over HTTP, bounded by the clock and by size; it knows whether anything left."""

from __future__ import annotations

import mmap
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from sdbr.bedrock.answers import broken_answer
from sdbr.errors import InputProblem, ServiceProblem, Trace

Answer = TypeVar("Answer")

_PART = 1024 * 1024
# A 4K PNG, the largest that a model draws, stays under 32 MB; base64 adds a third.
_LARGEST_ANSWER = 256 * 1024 * 1024
_ERROR_PART, _ERROR_PARTS = 65_536, 16  # AWS's errors have less than 1 KB; a proxy sends anything.


_LATE = "Bedrock did not respond in time."


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

    def invoke(self, model_id: str, body: bytes, room: mmap.mmap) -> tuple[str, bytes]:
        """The id of the request and the bytes of its answer, read into `room`.

        Raises NotSent, ServiceProblem where the time is over or the answer too large, and what
        botocore raises.
        """

        def call() -> tuple[str, bytes]:
            answer: Mapping[str, Any] = self._client.invoke_model(
                modelId=model_id,
                body=body,
                contentType="application/json",
                accept="application/json",
            )
            request_id = answer["ResponseMetadata"].get("RequestId", "")
            self._call.progress.request_id = request_id
            return request_id, _read(answer["body"], room)

        return self.run(call)

    def run(self, work: Callable[[], Answer]) -> Answer:
        """What `work` returns; it uses the client in this time, and its exceptions are raised.

        It runs in a daemon thread, which is left to itself when the time is over: nothing ends a
        read of a socket that never times out.
        """
        progress = _Progress()
        outcome: Future[Answer] = Future()

        def call() -> None:
            self._call.progress = progress
            try:
                outcome.set_result(work())
            except BaseException as error:
                outcome.set_exception(error)

        try:
            threading.Thread(target=call, daemon=True).start()
        except RuntimeError:
            call()  # No memory for another thread: done here, without the clock.
        try:
            return outcome.result(self._seconds)
        except Exception as error:
            if not progress.sent:
                raise NotSent from error
            if progress.request_id is not None:
                raise _cut_off(error, progress.request_id) from error
            if isinstance(error, TimeoutError):
                raise ServiceProblem(_LATE, again=True, billed="perhaps") from None
            raise

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
        problem = ServiceProblem(_LATE if late else "Bedrock's response was cut off.", again=True)
    problem.trace = Trace(billed="yes", status=200, request_id=request_id)
    return problem


def _read(body: Any, room: mmap.mmap) -> bytes:
    """All bytes of the body, gathered in `room`; a ServiceProblem where there is no end."""
    beyond: list[bytes] = []
    size = 0
    while part := body.read(_PART):
        size += len(part)
        if size <= len(room):
            room.write(part)
        else:
            beyond.append(part)
        if size > _LARGEST_ANSWER:
            raise broken_answer("is larger than any picture")
    return b"".join((room[: room.tell()], *beyond))


class MemoryLimit:
    """Room for the answers of all calls, taken before anything is sent.

    An answer of n bytes takes n in its room, and up to 4 n more while its base64 is decoded. What
    is taken beforehand cannot be missing when the picture is paid for. Where memory is short, a
    call waits until another has ended: fewer are under way at once.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held = 0

    @contextmanager
    def room(self, size: int) -> Iterator[mmap.mmap]:
        """`size` bytes until the end of the block. Raises InputProblem where there never are."""
        with self._changed:
            while (room := _take(size)) is None:
                if not self._held:
                    problem = InputProblem("Not enough memory for a picture. Close other programs.")
                    problem.trace = Trace(sent=False)
                    raise problem
                self._changed.wait(0.5)
            self._held += 1
        try:
            yield room
        finally:
            room.close()
            with self._changed:
                self._held -= 1
                self._changed.notify_all()

    def retry(self, work: Callable[[], Answer]) -> Answer:
        """What `work` returns; where its memory is missing, it is done when others have ended."""
        while True:
            try:
                return work()
            except MemoryError:
                with self._changed:
                    if self._held <= 1:
                        raise
                    self._changed.wait(0.5)


def _take(size: int) -> mmap.mmap | None:
    # Pages of it that nothing is written to cost no memory, and no time.
    try:
        return mmap.mmap(-1, size)
    except (OSError, MemoryError):
        return None
