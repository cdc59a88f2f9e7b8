"""HTTP/2 without TLS over a socket, for clients that begin with its preface."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    RequestReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes

from sdbr.emulator.http.exchange import DRIBBLE, READ_AT_MOST, Reply, Request, Wire

WINDOW = 2**24
PREFACE_BYTES, FRAME_HEAD, GOAWAY = 24, 9, 7


@dataclass(slots=True)
class FrameSplitter:
    """Cuts a client's bytes into whole frames, and leaves out a peaceful GOAWAY.

    The JavaScript SDK says goodbye while its answer is still coming, and waits for the rest. The
    h2 library takes the goodbye for the end and would send no more.
    """

    pending: bytearray = field(default_factory=bytearray)
    greeted: bool = False

    def whole(self, data: bytes) -> bytes:
        """The bytes of all frames that are complete by now."""
        self.pending += data
        ready = bytearray()
        if not self.greeted and len(self.pending) >= PREFACE_BYTES:
            ready += self._take(PREFACE_BYTES)
            self.greeted = True
        while self.greeted and len(self.pending) >= FRAME_HEAD:
            size = FRAME_HEAD + int.from_bytes(self.pending[:3])
            if len(self.pending) < size:
                break
            frame = self._take(size)
            if not (frame[3] == GOAWAY and not any(frame[13:17])):
                ready += frame
        return bytes(ready)

    def _take(self, count: int) -> bytes:
        part = bytes(self.pending[:count])
        del self.pending[:count]
        return part


@dataclass(slots=True)
class Incoming:
    """A request that is still arriving."""

    headers: dict[str, str]
    body: bytearray = field(default_factory=bytearray)
    too_large: bool = False

    def add(self, data: bytes) -> None:
        """Take what came of the body; drop it all where it grows beyond what is read."""
        self.too_large = self.too_large or len(self.body) + len(data) > READ_AT_MOST
        if self.too_large:
            self.body.clear()
        else:
            self.body += data

    def request(self) -> Request:
        """The request as the service sees it."""
        path, _, query = self.headers[":path"].partition("?")
        plain = {name: value for name, value in self.headers.items() if not name.startswith(":")}
        plain.setdefault("host", self.headers.get(":authority", ""))
        method = self.headers[":method"]
        return Request(method, path, query, plain, bytes(self.body), self.too_large)


class Http2Connection:
    """One connection: reads on the caller's thread, answers each stream on a thread of its own."""

    def __init__(
        self,
        connection: socket.socket,
        answer: Callable[[Request], Reply],
        stopped: threading.Event,
    ) -> None:
        self._socket = connection
        self._answer = answer
        self._stopped = stopped
        self._turn = threading.Condition()
        self._incoming: dict[int, Incoming] = {}
        self._open = True
        self._frames = FrameSplitter()
        self._state = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))

    def run(self) -> None:
        """Serve until the client closes the connection or the emulator stops."""
        with self._turn:
            self._state.initiate_connection()
            self._state.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: WINDOW})
            self._state.increment_flow_control_window(WINDOW)
            self._flush()
        try:
            while not self._stopped.is_set() and (data := self._socket.recv(262_144)):
                self._receive(data)
        except (OSError, ProtocolError):
            pass
        finally:
            with self._turn:
                self._open = False
                self._turn.notify_all()

    def _receive(self, data: bytes) -> None:
        with self._turn:
            for event in self._state.receive_data(self._frames.whole(data)):
                self._take(event)
            self._flush()
            self._turn.notify_all()

    def _take(self, event: Event) -> None:
        if isinstance(event, RequestReceived):
            headers = {str(name).lower(): str(value) for name, value in event.headers}
            self._incoming[event.stream_id] = Incoming(headers)
        elif isinstance(event, DataReceived):
            self._incoming[event.stream_id].add(event.data)
            self._state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamEnded):
            request = self._incoming.pop(event.stream_id).request()
            worker = threading.Thread(
                target=self._reply, args=(event.stream_id, request), daemon=True
            )
            worker.start()
        elif isinstance(event, StreamReset):
            self._incoming.pop(event.stream_id, None)

    def _reply(self, stream: int, request: Request) -> None:
        reply = self._answer(request)
        # The client may have given up on the stream or the connection by now.
        with contextlib.suppress(OSError, ProtocolError):
            self._send(stream, reply)

    def _send(self, stream: int, reply: Reply) -> None:
        if reply.wire in (Wire.STALL, Wire.CONTINUE):
            return
        if reply.wire is Wire.DROP:
            self._break_off(stream)
            return
        self._send_head(stream, reply)
        if reply.wire is Wire.LATE_BODY:
            self._stopped.wait(reply.wait)
        half = reply.body[: len(reply.body) // 2]
        if reply.wire in (Wire.CUT, Wire.STALL_BODY):
            self._send_body(stream, half)
            if reply.wire is Wire.CUT:
                self._break_off(stream)
            return
        if reply.wire is Wire.DRIBBLE:
            for at in range(len(reply.body)):
                self._stopped.wait(DRIBBLE)
                self._send_body(stream, reply.body[at : at + 1])
        else:
            self._send_body(stream, reply.body)
        self._end(stream)

    def _send_head(self, stream: int, reply: Reply) -> None:
        headers = [(":status", str(reply.status))]
        headers += [(name.lower(), value) for name, value in reply.headers]
        headers.append(("content-length", str(len(reply.body))))
        with self._turn:
            self._state.send_headers(stream, headers)
            self._flush()

    def _send_body(self, stream: int, body: bytes) -> None:
        sent = 0
        while sent < len(body):
            with self._turn:
                room = self._room(stream)
                if not self._open:
                    return
                part = body[sent : sent + room]
                sent += len(part)
                self._state.send_data(stream, part)
                self._flush()

    def _end(self, stream: int) -> None:
        with self._turn:
            if self._open:
                self._state.end_stream(stream)
                self._flush()

    def _room(self, stream: int) -> int:
        while self._open:
            window = self._state.local_flow_control_window(stream)
            room: int = min(window, self._state.max_outbound_frame_size)
            if room > 0:
                return room
            self._turn.wait(1)
        return 0

    def _break_off(self, stream: int) -> None:
        with self._turn:
            self._state.reset_stream(stream, ErrorCodes.INTERNAL_ERROR)
            self._flush()

    def _flush(self) -> None:
        data = self._state.data_to_send()
        if data:
            self._socket.sendall(data)
