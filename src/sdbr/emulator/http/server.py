"""Accepts connections and serves each on a thread of its own."""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
import threading
from collections.abc import Callable

from sdbr.emulator.http import http1
from sdbr.emulator.http.exchange import Reply, Request

BACKLOG = 512
# Seconds that a connection may be silent: longer than a client pauses between two pictures.
IDLE = 300
# Descriptors and threads come back when clients hang up; there is nothing to do but to wait.
SHORTAGE = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ECONNABORTED)
PREFACE = b"PRI * HTTP/2"
PLAIN = (("Content-Type", "text/plain"),)
LOG = logging.getLogger(__name__)
NO_HTTP2 = (
    "A client sent an HTTP/2 request, as the AWS SDK for JavaScript v3 does. Either run "
    "pip install 'sdbr[http2]' here, or configure the client with "
    "`requestHandler: new NodeHttpHandler()`."
)

TLS = b"\x16\x03"  # A handshake begins so (RFC 8446, section 5.1).
NO_TLS = "A client sent an https:// request. The emulator has no TLS: use an http:// URL."

Answer = Callable[[Request], Reply]


class Server:
    """Listens on host and port (0: any free one) from the start; `serve` begins to answer."""

    def __init__(self, host: str, port: int, stopped: threading.Event) -> None:
        self._listener = socket.create_server((host, port), backlog=BACKLOG)
        self._stopped = stopped
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._listener.getsockname()[1])

    def serve(self, answer: Answer) -> None:
        """Answer on threads in the background until `close`."""
        threading.Thread(
            target=self._accept, args=(answer,), name="sdbr-emulator", daemon=True
        ).start()

    def close(self) -> None:
        """Stop listening and close every connection."""
        self._stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            connections = tuple(self._open)
        for connection in connections:
            _hang_up(connection)

    def _accept(self, answer: Answer) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError as error:
                if error.errno not in SHORTAGE:
                    return
                self._stopped.wait(0.05)
                continue
            with self._lock:
                self._open.add(connection)
            try:
                threading.Thread(
                    target=self._attend, args=(connection, answer), daemon=True
                ).start()
            except RuntimeError:  # no more threads
                self._drop(connection)

    def _attend(self, connection: socket.socket, answer: Answer) -> None:
        try:
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.settimeout(IDLE)
                _converse(connection, answer, self._stopped)
        finally:
            self._drop(connection)

    def _drop(self, connection: socket.socket) -> None:
        _hang_up(connection)
        with self._lock:
            self._open.discard(connection)


def _converse(connection: socket.socket, answer: Answer, stopped: threading.Event) -> None:
    first = connection.recv(len(PREFACE), socket.MSG_PEEK)
    if first.startswith(PREFACE[:4]):
        _converse_http2(connection, answer, stopped)
        return
    if first.startswith(TLS):
        # Its client shows nobody a reply in plain text. With bytes unread, closing would reset the
        # connection, and the reply might never arrive.
        connection.recv(65536)
        LOG.warning(NO_TLS)
        http1.write(Reply(400, f"{NO_TLS}\n".encode(), PLAIN), connection, False, stopped)
        return
    keep = True
    with connection.makefile("rb") as stream:
        while keep and not stopped.is_set():
            try:
                head = http1.read_head(stream)
                if head is None:
                    return
                body, too_large = http1.read_body(head, stream, connection)
            except http1.BadRequest as problem:
                http1.write(Reply(400, f"{problem}\n".encode(), PLAIN), connection, False, stopped)
                return
            reply = answer(http1.request_of(head, body, too_large))
            keep = http1.write(reply, connection, head.keeps_alive and not too_large, stopped)


def _converse_http2(connection: socket.socket, answer: Answer, stopped: threading.Event) -> None:
    try:
        from sdbr.emulator.http import http2
    except ImportError:
        LOG.warning(NO_HTTP2)
        return
    http2.Http2Connection(connection, answer, stopped).run()


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
