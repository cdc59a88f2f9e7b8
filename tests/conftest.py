"""A clean AWS environment for every test, an emulator, and `sdbr` in and beside this process."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from sdbr.emulator import Emulator

# The same examples each time: a change that breaks something is not found by luck.
settings.register_profile(
    "sdbr", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "sdbr"))

_KEPT = ("SDBR_TEST_MEDIA",)


@pytest.fixture(autouse=True)
def no_account(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """No credentials, no settings, no home and no terminal of whoever runs the tests."""
    for name in os.environ:
        if name.startswith(("AWS_", "DASK_", "SDBR_", "XDG_")) and name not in _KEPT:
            monkeypatch.delenv(name)
    # pytest-xdist sets it to 80 for its workers.
    monkeypatch.delenv("COLUMNS", raising=False)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("SDBR_CONFIG", str(home / "missing.toml"))
    return home


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty folder, which is the current one."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def start_emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Emulator]]:
    """Starts an Emulator with given settings and leads every AWS client to it.

    Its pictures are small and of one colour: these tests count pictures, they do not look at them.
    """
    # Pillow is loaded here and not by the first picture, for which a short timeout may not wait.
    from PIL import Image

    from sdbr.emulator import painter

    def one_color(order: Any) -> bytes:
        file = io.BytesIO()
        Image.new("RGB", (64, 48), tuple(order.digest()[:3])).save(file, order.format)
        return file.getvalue()

    monkeypatch.setattr(painter, "paint", one_color)
    with ExitStack() as stack:

        def start(**settings: Any) -> Emulator:
            emulator = stack.enter_context(Emulator(picture_side=64, **settings))
            for name, value in emulator.environment().items():
                monkeypatch.setenv(name, value)
            return emulator

        yield start


@pytest.fixture
def emulator(start_emulator: Callable[..., Emulator]) -> Emulator:
    """An emulator in which nothing goes wrong."""
    return start_emulator()


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command line left: its exit code, stdout and stderr."""

    code: int
    data: bytes
    errors: str

    @property
    def lines(self) -> list[str]:
        """The lines of stdout."""
        return self.data.decode().splitlines()

    @property
    def paths(self) -> list[Path]:
        """The lines of stdout as paths."""
        return [Path(line) for line in self.lines]

    @property
    def failure(self) -> str:
        """The one line that tells why it failed."""
        lines = [line for line in self.errors.splitlines() if line.startswith("sdbr: ")]
        assert len(lines) == 1, self.errors
        assert self.errors.rstrip().endswith(lines[0])
        assert "Traceback" not in self.errors
        return lines[0]


@pytest.fixture
def sdbr(workspace: Path) -> Callable[..., Ran]:  # noqa: ARG001
    """Runs a command line in this process, in the workspace, without a terminal."""
    from sdbr.cli import run

    def command_line(*arguments: str, stdin: bytes = b"") -> Ran:
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(stdin), "utf-8")
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = run(list(arguments))
        finally:
            sys.stdin = before
        return Ran(code, *_written(out, err))

    return command_line


def _written(out: io.TextIOWrapper, err: io.TextIOWrapper) -> tuple[bytes, str]:
    written = [stream.buffer for stream in (out, err)]
    data, errors = (stream.getvalue() for stream in written if isinstance(stream, io.BytesIO))
    return data, errors.decode()


@pytest.fixture
def sdbr_process(workspace: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts a command line as a process of its own, in the workspace; ended with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "sdbr", *arguments],
            cwd=workspace,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
