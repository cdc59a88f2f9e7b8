from __future__ import annotations

import contextlib
import errno
import json
import logging
import socket
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from sdbr.emulator import Emulator
from tests.emulator.calls import CORE, invoke, send

BODY = json.dumps({"prompt": "a fox", "seed": 1}).encode()
HEAD = (
    f"POST /model/{CORE}/invoke HTTP/{{version}}\r\nHost: x\r\nAuthorization: Bearer x\r\n"
    "{more}\r\n"
)


@contextmanager
def connected(emulator: Emulator) -> Iterator[socket.socket]:
    host, _, port = emulator.url.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        yield connection


def asked(connection: socket.socket, more: str, body: bytes, version: str = "1.1") -> bytes:
    connection.sendall(HEAD.format(version=version, more=more).encode() + body)
    return read_reply(connection)


def read_reply(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65_536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65_536)
    assert len(body) == length
    return head


def test_a_connection_is_kept_for_the_next_request(bedrock: Emulator) -> None:
    with connected(bedrock) as connection:
        for _ in range(3):
            head = asked(connection, f"Content-Length: {len(BODY)}\r\n", BODY)
            assert head.startswith(b"HTTP/1.1 200 OK")
            assert b"Connection: keep-alive" in head


def test_http_1_0_is_answered_and_closed(bedrock: Emulator) -> None:
    with connected(bedrock) as connection:
        head = asked(connection, f"Content-Length: {len(BODY)}\r\n", BODY, version="1.0")
        assert b" 200 " in head
        assert connection.recv(10) == b""


def test_a_client_may_wait_to_be_told_to_continue(bedrock: Emulator) -> None:
    with connected(bedrock) as connection:
        more = f"Content-Length: {len(BODY)}\r\nExpect: 100-continue\r\n"
        connection.sendall(HEAD.format(version="1.1", more=more).encode())
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(BODY)
        assert b" 200 " in read_reply(connection)


def test_a_chunked_body_is_put_together(bedrock: Emulator) -> None:
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(it), it) for it in (BODY[:5], BODY[5:])) + b"0\r\n\r\n"
    with connected(bedrock) as connection:
        assert b" 200 " in asked(connection, "Transfer-Encoding: chunked\r\n", chunks)
        assert b" 200 " in asked(connection, f"Content-Length: {len(BODY)}\r\n", BODY)


POST = b"POST / HTTP/1.1\r\n"


@pytest.mark.parametrize(
    ("rubbish", "words"),
    [
        (b"hello\r\n\r\n", b"The first line is not an HTTP/1.1 request, such as GET / HTTP/1.1."),
        (b"GET / HTTP/1.1\r\nbroken\r\n\r\n", b"The header 'broken' has no colon."),
        (b"GET / HTTP/1.1\r\nbro", b"A header line is incomplete or longer than 32,768 bytes."),
        (POST + b"Content-Length: x\r\n\r\n", b"Content-Length is 'x'. Send a number of bytes."),
        (
            POST + b"Content-Length: 9\r\n\r\nabc",
            b"The body has 3 bytes, but Content-Length is 9.",
        ),
        (
            POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
            b"A chunk does not have the 5 bytes that it announces.",
        ),
        (b"\x16\x03\x01", b"The emulator has no TLS: use an http:// URL."),
    ],
)
def test_rubbish_is_a_bad_request_and_closes_nothing_but_its_connection(
    bedrock: Emulator, rubbish: bytes, words: bytes
) -> None:
    with connected(bedrock) as connection:
        connection.sendall(rubbish)
        connection.shutdown(socket.SHUT_WR)
        reply = connection.recv(1000)
        assert reply.startswith(b"HTTP/1.1 400 ")
        assert reply.rstrip().endswith(words)
        assert connection.recv(100) == b""
    assert send(bedrock, "GET", "/_emulator/summary").status == 200


@pytest.mark.parametrize("headers", [{}, {"Authorization": ""}])
def test_a_request_without_credentials_is_refused(
    bedrock: Emulator, headers: dict[str, str]
) -> None:
    answer = send(bedrock, "POST", f"/model/{CORE}/invoke", BODY, headers)
    assert (answer.status, answer.error) == (403, "MissingAuthenticationTokenException")


@pytest.mark.parametrize(
    "told", ["Bearer key", "AWS4-HMAC-SHA256 Credential=A/2020/x/bedrock/aws4_request"]
)
def test_bearer_keys_and_signatures_are_read(bedrock: Emulator, told: str) -> None:
    answer = send(bedrock, "POST", f"/model/{CORE}/invoke", BODY, {"Authorization": told})
    assert answer.status == (200 if told.startswith("Bearer") else 400)


@pytest.mark.parametrize("operation", ["converse", "invoke-with-response-stream"])
def test_other_operations_are_not_for_picture_models(bedrock: Emulator, operation: str) -> None:
    answer = invoke(bedrock, CORE, BODY, path=f"/model/{CORE}/{operation}")
    assert answer.status == 400


def test_sixty_four_requests_are_served_at_once() -> None:
    with Emulator(picture_side=48, latency=0.5) as emulator:
        gate = threading.Barrier(64)

        def one(_number: int) -> int:
            gate.wait()
            return invoke(emulator, CORE, BODY).status

        with ThreadPoolExecutor(64) as pool:
            assert set(pool.map(one, range(64))) == {200}
        assert emulator.max_in_flight_seen > 32


def test_without_the_extra_an_http2_client_is_told_what_to_do(
    bedrock: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "sdbr.emulator.http.http2", None)
    monkeypatch.delattr("sdbr.emulator.http.http2", raising=False)
    with caplog.at_level(logging.WARNING), connected(bedrock) as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        assert closed(connection)
    assert "requestHandler: new NodeHttpHandler()" in caplog.text


def closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(100) == b""
    except ConnectionError:
        return True


def test_a_bug_of_the_emulator_is_answered_as_one(
    bedrock: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from sdbr.emulator import painter

    monkeypatch.setattr(painter, "paint", lambda _order: 1 / 0)
    answer = invoke(bedrock, CORE, BODY)
    assert (answer.status, answer.error) == (500, "InternalServerException")
    assert bedrock.received[0].outcome == "bug"
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("size", [b"-1", b"+5", b"0x5", b"5_0", b"", b"fffffffff"])
def test_a_chunk_without_a_plain_size_is_a_bad_request(bedrock: Emulator, size: bytes) -> None:
    with connected(bedrock) as connection:
        head = asked(connection, "Transfer-Encoding: chunked\r\n", size + b"\r\n{}\r\n0\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 ")
        assert connection.recv(10) == b""
    assert not bedrock.received


@pytest.mark.parametrize("headers", ["X: " + "x" * 40_000 + "\r\n", "X: xxxxxxx\r\n" * 10_000])
def test_headers_without_end_are_a_bad_request(bedrock: Emulator, headers: str) -> None:
    # It may be closed while the rest is still on its way.
    with connected(bedrock) as connection, contextlib.suppress(ConnectionError):
        assert asked(connection, headers, b"").startswith(b"HTTP/1.1 400 ")
    assert not bedrock.received


def test_a_shortage_of_descriptors_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    failures = [OSError(errno.EMFILE, "Too many open files")] * 3
    accept = socket.socket.accept

    def accept_later(listener: socket.socket) -> object:
        if failures:
            raise failures.pop()
        return accept(listener)

    monkeypatch.setattr(socket.socket, "accept", accept_later)
    with Emulator(picture_side=48) as emulator:
        assert invoke(emulator, CORE, {"prompt": "a fox"}).status == 200
    assert not failures


@pytest.mark.parametrize(
    "header",
    ["Origin: http://evil.example", "Sec-Fetch-Site: cross-site", "Host: emulator.evil.example"],
)
def test_no_web_page_reads_or_resets_what_was_received(bedrock: Emulator, header: str) -> None:
    invoke(bedrock, CORE, {"prompt": "a fox"})
    name, _, value = header.partition(": ")
    for method, path in (("GET", "/_emulator/received"), ("POST", "/_emulator/reset")):
        assert send(bedrock, method, path, b"", {name: value}).status == 403
    assert len(bedrock.received) == 1


@pytest.mark.parametrize(
    "host", ["127.0.0.1:1", "[::1]:80", "localhost", "bedrock:8080", "10.0.0.2"]
)
def test_programs_of_this_machine_and_its_containers_may_ask(bedrock: Emulator, host: str) -> None:
    assert send(bedrock, "GET", "/_emulator/summary", b"", {"Host": host}).status == 200
