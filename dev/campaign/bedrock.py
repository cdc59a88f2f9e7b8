"""An emulator in a process of its own, asked over its control interface what it received."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

# The checkout that the campaign stands in, whatever is installed.
SOURCE = Path(__file__).resolve().parents[2] / "src"
# Words that must never be found again: see `secrets.py`.
KEY_ID = "AKIACAMPAIGN0KEY0ID0"
SECRET_KEY = "campaign/secret+access/key+0123456789abcd"
SESSION = "campaign-session-token-FwoGZXIvYXdzEBYaDHqa0AP"
_WHOLE = ("ok", "slow", "slow_first_byte", "data_uri")
_PATIENCE = 30


@dataclass(frozen=True, slots=True)
class Asked:
    """One invocation that the emulator answered.

    `content` is path and body; `made` tells that Bedrock would have billed a picture, `whole` that
    the answer with it was sent to its last byte, `sha256` is that of the picture.
    """

    content: str
    request_id: str
    outcome: str
    made: bool
    whole: bool
    sha256: str


@dataclass(frozen=True, slots=True)
class Bedrock:
    """A running emulator."""

    url: str

    def environment(self) -> dict[str, str]:
        """What leads sdbr here, with credentials that would be worth stealing."""
        return {
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": self.url,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_SESSION_TOKEN": SESSION,
            "AWS_DEFAULT_REGION": "us-west-2",
        }

    def asked(self) -> list[Asked]:
        """Every invocation since the start or `forget`, oldest first."""
        return [_asked(told) for told in self._get("received") if told["number"]]

    def count(self) -> int:
        """How many invocations were answered."""
        return int(self._get("summary")["invocations"])

    def forget(self) -> None:
        """Begin anew, as if just started."""
        with urlopen(Request(f"{self.url}/_emulator/reset", method="POST"), timeout=_PATIENCE):
            return

    def _get(self, what: str) -> Any:
        with urlopen(f"{self.url}/_emulator/{what}", timeout=_PATIENCE) as answer:
            return json.load(answer)


def _asked(told: dict[str, Any]) -> Asked:
    return Asked(
        content=json.dumps([told["path"], told["body"]], sort_keys=True),
        request_id=told["request_id"],
        outcome=told["outcome"],
        made=told["made"],
        whole=told["made"] and told["status"] == 200 and told["outcome"] in _WHOLE,
        sha256=told["picture_sha256"],
    )


@contextmanager
def emulating(*flags: str) -> Iterator[Bedrock]:
    """An emulator with these flags; its pictures are small, because they are only counted."""
    command = (sys.executable, "-m", "sdbr", "emulate", "--port", "0", "--picture-side", "64")
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    with subprocess.Popen(
        (*command, *flags), env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            assert process.stdout is not None
            yield Bedrock(process.stdout.readline().decode().strip())
        finally:
            process.terminate()
