from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import h2.connection
import h2.events
import pytest

from sdbr.emulator import Emulator, Faults
from sdbr.emulator.http.http2 import FrameSplitter
from tests.emulator.calls import CORE

BODY = json.dumps({"prompt": "a fox", "seed": 1}).encode()


class Client:
    """A small HTTP/2 client over one connection."""

    def __init__(self, emulator: Emulator) -> None:
        host, _, port = emulator.url.removeprefix("http://").rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self.state = h2.connection.H2Connection()
        self.state.initiate_connection()
        self.flush()

    def flush(self) -> None:
        self.socket.sendall(self.state.data_to_send())

    def ask(self) -> int:
        stream: int = self.state.get_next_available_stream_id()
        path = f"/model/{CORE}/invoke"
        headers = {":method": "POST", ":path": path, ":scheme": "http", ":authority": "x"}
        told = [*headers.items(), ("authorization", "Bearer x")]
        self.state.send_headers(stream, told)
        self.state.send_data(stream, BODY, end_stream=True)
        self.flush()
        return stream

    def read(self, streams: set[int]) -> dict[int, bytes]:
        bodies = dict.fromkeys(streams, b"")
        while streams:
            for event in self.state.receive_data(self.socket.recv(65_536)):
                if isinstance(event, h2.events.DataReceived):
                    bodies[event.stream_id] += event.data
                    self.state.acknowledge_received_data(
                        event.flow_controlled_length, event.stream_id
                    )
                elif isinstance(event, h2.events.StreamEnded):
                    streams = streams - {event.stream_id}
                elif isinstance(event, h2.events.StreamReset):
                    raise ConnectionResetError
            self.flush()
        return bodies


@contextmanager
def client_of(emulator: Emulator) -> Iterator[Client]:
    client = Client(emulator)
    try:
        yield client
    finally:
        client.socket.close()


def test_streams_of_one_connection_are_answered_at_once(bedrock: Emulator) -> None:
    with client_of(bedrock) as client:
        streams = {client.ask() for _ in range(5)}
        bodies = client.read(streams)
    assert [json.loads(body)["seeds"] for body in bodies.values()] == [[1]] * 5


def test_an_answer_larger_than_the_window_comes_whole() -> None:
    with Emulator() as emulator, client_of(emulator) as client:
        stream = client.ask()
        body = client.read({stream})[stream]
        assert len(body) > 65_535
        assert json.loads(body)["images"]


@pytest.mark.parametrize("fault", ["drop_after", "cut_body"])
def test_a_broken_answer_resets_its_stream(fault: str) -> None:
    told: dict[str, Any] = {fault: "#1"}
    with (
        Emulator(picture_side=48, faults=Faults(**told)) as emulator,
        client_of(emulator) as client,
    ):
        with pytest.raises(ConnectionResetError):
            client.read({client.ask()})
        stream = client.ask()
        assert json.loads(client.read({stream})[stream])["images"]


def test_a_peaceful_goodbye_is_left_out_and_an_angry_one_is_not() -> None:
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    peaceful = bytes([0, 0, 8, 7, 0, 0, 0, 0, 0]) + bytes(8)
    angry = bytes([0, 0, 8, 7, 0, 0, 0, 0, 0]) + bytes(7) + b"\x01"
    ping = bytes([0, 0, 8, 6, 0, 0, 0, 0, 0]) + b"12345678"
    frames = FrameSplitter()
    stream = preface + ping + peaceful + angry
    seen = b"".join(frames.whole(stream[at : at + 5]) for at in range(0, len(stream), 5))
    assert seen == preface + ping + angry
