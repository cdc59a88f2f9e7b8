"""One HTTP request and its reply, whatever carries them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from sdbr.emulator.errors import Refusal

# More than Bedrock takes (25 MB), so that a refusal for size can be told.
READ_AT_MOST = 64_000_000
# Seconds between the bytes of a dribbled answer: often enough that no read of a client times out.
DRIBBLE = 0.05
ERROR_NAMESPACE = "http://internal.amazon.com/coral/com.amazon.bedrock/"


class Wire(Enum):
    """How a reply travels."""

    WHOLE = auto()
    DROP = auto()  # the connection closes without a byte
    CUT = auto()  # half of the body, then the connection closes
    STALL = auto()  # nothing comes, and the connection stays open
    STALL_BODY = auto()  # half of the body comes, and the connection stays open
    LATE_BODY = auto()  # the headers come at once, the body after `wait` seconds
    DRIBBLE = auto()  # headers and body come byte by byte
    CONTINUE = auto()  # "100 Continue" comes again and again, and nothing else


@dataclass(frozen=True, slots=True)
class Request:
    """A request: `path` is still percent-encoded, header names are in small letters."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    too_large: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and what the journal says of it. `wait` is seconds, for Wire.LATE_BODY."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
    wire: Wire = Wire.WHOLE
    wait: float = 0.0
    outcome: str = "ok"
    made: bool = False
    picture_sha256: str = ""


def json_reply(value: Any, status: int = 200) -> Reply:
    """An answer whose body is JSON."""
    return Reply(status, json.dumps(value).encode())


def refused(refusal: Refusal, outcome: str = "") -> Reply:
    """An error as Bedrock sends it: the name in a header, the message in the body."""
    headers = [
        ("Content-Type", "application/json"),
        ("x-amzn-ErrorType", f"{refusal.code}:{ERROR_NAMESPACE}"),
    ]
    if refusal.retry_after is not None:
        headers.append(("Retry-After", f"{refusal.retry_after:g}"))
    body = json.dumps({"message": refusal.message}, ensure_ascii=False).encode()
    return Reply(refusal.status, body, tuple(headers), outcome=outcome or refusal.code)


def new_request_id() -> str:
    """A request id as AWS writes it."""
    return str(uuid.uuid4())
