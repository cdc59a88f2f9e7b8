"""HTTP/1.0 and 1.1 over a socket: read a request, write a reply."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import responses
from io import BufferedReader

from sdbr.emulator.http.exchange import DRIBBLE, READ_AT_MOST, Reply, Request, Wire

# A signed request has about 2 KB of headers; a session token adds up to 8 KB.
MAX_HEAD = 65_536
MAX_LINE = 32_768
CHUNK_SIZE = re.compile(rb"[0-9a-fA-F]{1,8}")


class BadRequest(Exception):
    """The bytes are not HTTP, or too many of them are headers. The message is for whoever wrote
    the client: they see it as the body of a 400."""


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
    line = b"\n"
    while line in (b"\r\n", b"\n"):
        line = stream.readline(MAX_LINE)
    if not line:
        return None
    parts = _text(line).split()
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise BadRequest("The first line is not an HTTP/1.1 request, such as GET / HTTP/1.1.")
    return Head(parts[0], parts[1], parts[2], _headers(stream))


def read_body(head: Head, stream: BufferedReader, connection: socket.socket) -> tuple[bytes, bool]:
    """The body, and whether it is too large to be read."""
    if head.headers.get("expect", "").lower() == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    if "chunked" in head.headers.get("transfer-encoding", "").lower():
        return _chunks(stream)
    length = head.headers.get("content-length", "0")
    if not (length.isascii() and length.isdecimal()):
        raise BadRequest(f"Content-Length is {length[:20]!r}. Send a number of bytes.")
    if int(length) > READ_AT_MOST:
        return b"", True
    body = stream.read(int(length))
    if len(body) < int(length):
        raise BadRequest(f"The body has {len(body)} bytes, but Content-Length is {length}.")
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
    if reply.wire in (Wire.DRIBBLE, Wire.CONTINUE):
        _trickle(reply, head, connection, stopped)
        return False
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
    left = MAX_HEAD
    while left > 0:
        line = stream.readline(MAX_LINE)
        left -= len(line)
        if line in (b"\r\n", b"\n"):
            return headers
        text = _text(line)
        name, colon, value = text.partition(":")
        if not colon:
            raise BadRequest(f"The header {text.strip()[:40]!r} has no colon.")
        headers[name.strip().lower()] = value.strip()
    raise BadRequest(f"The headers are longer than {MAX_HEAD:,} bytes. Send fewer.")


def _text(line: bytes) -> str:
    if not line.endswith(b"\n"):
        raise BadRequest(f"A header line is incomplete or longer than {MAX_LINE:,} bytes.")
    return line.decode("latin-1")


def _chunks(stream: BufferedReader) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    total = 0
    while True:
        size_line = stream.readline(MAX_LINE).split(b";")[0].strip()
        if not CHUNK_SIZE.fullmatch(size_line):
            raise BadRequest("A chunk does not start with its size in hexadecimal digits.")
        size = int(size_line, 16)
        total += size
        if total > READ_AT_MOST:
            return b"", True
        if size == 0:
            _headers(stream)
            return b"".join(parts), False
        part = stream.read(size)
        if len(part) < size or stream.readline(MAX_LINE) not in (b"\r\n", b"\n"):
            raise BadRequest(f"A chunk does not have the {size:,} bytes that it announces.")
        parts.append(part)


def _reply_head(reply: Reply, keep: bool) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} {responses.get(reply.status, 'Error')}"]
    lines += [f"{name}: {value}" for name, value in reply.headers]
    lines += [f"Content-Length: {len(reply.body)}"]
    lines += [f"Connection: {'keep-alive' if keep else 'close'}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _trickle(
    reply: Reply, head: bytes, connection: socket.socket, stopped: threading.Event
) -> None:
    """Keep a client waiting with bytes that come one by one, or with promises."""
    if reply.wire is Wire.CONTINUE:
        while not stopped.wait(DRIBBLE):
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return
    whole = head + reply.body
    for at in range(len(whole)):
        if stopped.wait(DRIBBLE):
            return
        connection.sendall(whole[at : at + 1])


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
