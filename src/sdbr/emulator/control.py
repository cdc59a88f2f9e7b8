"""The control plane."""

from __future__ import annotations

from sdbr.emulator.exchange import Reply, Request
from sdbr.emulator.refusal import Refusal
from sdbr.emulator.settings import Settings


def answer_control(_request: Request, _settings: Settings) -> Reply:
    """The reply to anything but an invocation."""
    raise Refusal(404, "UnknownOperationException", "Unknown operation.")
