"""HTTP/1.0 and 1.1 over a socket: read a request, write a reply."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import responses
from io import BufferedReader

from sdbr.emulator.http.exchange import Reply, Request, Wire

MAX_LINE = 16_384
MAX_HEADERS = 200
READ_AT_MOST = 64_000_000


class BadRequest(Exception):
    """The bytes are not HTTP."""


@dataclass(frozen=True, slots=True)
class Head:
    """The first line of a request and its headers."""

    method: str
    target: str
    version: str
    headers: Mapping[str, str]

    @property
    def keeps_alive(self) -> bool:
        """Whether the client wants the connection to stay open."""
        wish = self.headers.get("connection", "").lower()
        return "keep-alive" in wish if self.version == "HTTP/1.0" else "close" not in wish


def read_head(stream: BufferedReader) -> Head | None:
    """The next request's head, or None when the client has closed. Raises BadRequest."""
    line = stream.readline(MAX_LINE)
    while line in (b"\r\n", b"\n"):
        line = stream.readline(MAX_LINE)
    if not line:
        return None
    parts = line.decode("latin-1").split()
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise BadRequest
    return Head(parts[0], parts[1], parts[2], _headers(stream))


def read_body(head: Head, stream: BufferedReader, connection: socket.socket) -> tuple[bytes, bool]:
    """The body, and whether it is too large to be read."""
    if head.headers.get("expect", "").lower() == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    if "chunked" in head.headers.get("transfer-encoding", "").lower():
        return _chunks(stream)
    length = head.headers.get("content-length", "0")
    if not length.isdecimal():
        raise BadRequest
    if int(length) > READ_AT_MOST:
        return b"", True
    body = stream.read(int(length))
    if len(body) < int(length):
        raise BadRequest
    return body, False


def request_of(head: Head, body: bytes, too_large: bool) -> Request:
    """The request as the service sees it."""
    path, _, query = head.target.partition("?")
    return Request(head.method, path, query, head.headers, body, too_large)


def write(reply: Reply, connection: socket.socket, keep: bool, stopped: threading.Event) -> bool:
    """Send a reply the way its wire says. Returns whether the connection can go on."""
    if reply.wire is Wire.DROP:
        return False
    if reply.wire is Wire.STALL:
        _hold(connection, stopped)
        return False
    head = _reply_head(reply, keep)
    half = reply.body[: len(reply.body) // 2]
    if reply.wire is Wire.CUT:
        connection.sendall(head + half)
        return False
    if reply.wire is Wire.STALL_BODY:
        connection.sendall(head + half)
        _hold(connection, stopped)
        return False
    if reply.wire is Wire.LATE_BODY:
        connection.sendall(head)
        stopped.wait(reply.wait)
        head = b""
    connection.sendall(head + reply.body)
    return keep


def _headers(stream: BufferedReader) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(MAX_HEADERS):
        line = stream.readline(MAX_LINE)
        if line in (b"\r\n", b"\n"):
            return headers
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            raise BadRequest
        headers[name.strip().lower()] = value.strip()
    raise BadRequest


def _chunks(stream: BufferedReader) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    total = 0
    while True:
        try:
            size = int(stream.readline(MAX_LINE).split(b";")[0], 16)
        except ValueError:
            raise BadRequest from None
        total += size
        if total > READ_AT_MOST:
            return b"", True
        if size == 0:
            _headers(stream)
            return b"".join(parts), False
        parts.append(stream.read(size))
        stream.readline(MAX_LINE)


def _reply_head(reply: Reply, keep: bool) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} {responses.get(reply.status, 'Error')}"]
    lines += [f"{name}: {value}" for name, value in reply.headers]
    lines += [f"Content-Length: {len(reply.body)}"]
    lines += [f"Connection: {'keep-alive' if keep else 'close'}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _hold(connection: socket.socket, stopped: threading.Event) -> None:
    connection.settimeout(0.2)
    while not stopped.is_set():
        try:
            if not connection.recv(65_536):
                return
        except TimeoutError:
            continue
        except OSError:
            return
