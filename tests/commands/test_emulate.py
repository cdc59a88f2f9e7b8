from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sdbr.commands.emulate import Duration, Span
from sdbr.emulator.faults import KINDS
from tests.conftest import Ran

Start = Callable[..., subprocess.Popen[bytes]]
CommandLine = Callable[..., Ran]
PATH = "/model/stability.stable-image-core-v1:1/invoke"


def url_of(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().decode().strip()


def invoked(url: str) -> int:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    connection.request("POST", PATH, json.dumps({"prompt": "x"}), {"Authorization": "Bearer x"})
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_its_url_serves_logs_and_ends_cleanly(
    sdbr_process: Start, workspace: Path, number: signal.Signals
) -> None:
    options = ("--port", "0", "--picture-side", "32", "--throttle", "#2", "--log", "log.jsonl")
    process = sdbr_process("emulate", *options)
    url = url_of(process)
    assert [invoked(url), invoked(url)] == [200, 429]
    process.send_signal(number)
    out, errors = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, b"")
    assert f"export AWS_ENDPOINT_URL_BEDROCK_RUNTIME={url}" in errors.decode()
    ending = errors.decode().splitlines()[-1]
    assert ending == "Requests answered: 2, pictures generated: 1 (ok 1, throttle 1)."
    lines = (workspace / "log.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["outcome"] for line in lines] == ["ok", "throttle"]


def test_a_port_in_use_is_one_line_that_says_what_to_do(sdbr: CommandLine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = sdbr("emulate", "--port", str(port))
    assert ran.code == 2
    assert f"Port {port} is already in use. Choose another --port" in ran.failure


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--throttle", "often"), "not a fault rule"),
        (("--throttle", "0.7", "--slow", "0.7"), "add up to 1.4"),
        (("--latency", "soon"), "not a duration"),
        (("--map", "nothing"), "ARN=ID"),
    ],
)
def test_a_wrong_value_is_a_usage_error(
    sdbr: CommandLine, arguments: tuple[str, ...], said: str
) -> None:
    ran = sdbr("emulate", *arguments)
    assert ran.code == 2
    assert said in ran.failure


def test_the_help_has_an_option_for_every_fault(sdbr: CommandLine) -> None:
    text = sdbr("emulate", "--help-all").data.decode()
    assert [name for name in KINDS if f"--{name.replace('_', '-')} WHEN" not in text] == []


@pytest.mark.parametrize(("told", "seconds"), [("2", 2), ("2s", 2), ("250ms", 0.25), (".5s", 0.5)])
def test_a_time_is_in_seconds_or_milliseconds(told: str, seconds: float) -> None:
    assert Duration().convert(told, None, None) == seconds


def test_a_latency_may_be_a_span() -> None:
    assert Span().convert("1s-3s", None, None) == (1, 3)
    assert Span().convert("200ms", None, None) == (0.2, 0.2)
