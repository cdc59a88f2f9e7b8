"""A place for one bad input: a workspace in a folder where nothing else may appear."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sdbr.cli import run
from sdbr.emulator import Emulator


class Broken(Exception):
    """sdbr did with a bad input what it must never do."""


@dataclass(frozen=True, slots=True)
class Shop:
    """`workspace` is the current folder; beside it lies only `outside`, with a file to be kept."""

    root: Path

    @property
    def workspace(self) -> Path:
        """The workspace, where everything is allowed."""
        return self.root / "workspace"

    @property
    def outside(self) -> Path:
        """A folder that is none of sdbr's business."""
        return self.root / "outside"

    def sdbr(self, *arguments: str, stdin: bytes = b"") -> str:
        """Run a command line in this process and return all it says; Broken where it is a bug."""
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(stdin), "utf-8")
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = run(list(arguments))
        finally:
            sys.stdin = before
        said = "".join(_written(stream) for stream in (out, err))
        if code == 1 or "Traceback" in said:
            raise Broken(f"sdbr {' '.join(map(repr, arguments))}: {said.strip()[-600:]}")
        self.check()
        return said

    def check(self) -> None:
        """Raise Broken where something outside the workspace was touched."""
        beside = sorted(path.name for path in self.root.iterdir())
        if beside != ["outside", "workspace"] or os.listdir(self.outside) != ["kept.png"]:
            raise Broken(f"written outside of the workspace: {beside}, {os.listdir(self.outside)}")
        if (self.outside / "kept.png").read_bytes() != b"kept":
            raise Broken("a file outside of the workspace was changed")


@contextmanager
def shop() -> Iterator[Shop]:
    """A new shop, which is the current folder for as long as the block lasts."""
    with TemporaryDirectory(prefix="sdbr-fuzz-") as name:
        found = Shop(Path(name))
        found.workspace.mkdir()
        found.outside.mkdir()
        (found.outside / "kept.png").write_bytes(b"kept")
        before = os.getcwd()
        os.chdir(found.workspace)
        try:
            yield found
        finally:
            os.chdir(before)


@contextmanager
def emulated() -> Iterator[None]:
    """AWS's variables lead to an emulator in this process, which is started once."""
    before = dict(os.environ)
    os.environ.update(_bedrock().environment())
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@cache
def _bedrock() -> Emulator:
    return Emulator(picture_side=64, keeps=0).start()


def _written(stream: io.TextIOWrapper) -> str:
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode("utf-8", "replace")
