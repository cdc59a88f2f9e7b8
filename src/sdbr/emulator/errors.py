"""The errors that Bedrock answers with, and how they travel."""

from __future__ import annotations

import json

OVERDUE = "This model version has reached the end of its life."
INVALID_ID = "The provided model identifier is invalid."


class Refusal(Exception):
    """An error of the service: HTTP `status`, exception name `code` and its message."""

    def __init__(self, status: int, code: str, message: str, *, retry_after: float | None = None):
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after


def invalid(message: str) -> Refusal:
    """A request that Bedrock itself finds wrong."""
    return Refusal(400, "ValidationException", message)


def malformed(where: str, what: str) -> Refusal:
    """A request that fails the JSON schema of an older model, e.g. where `#/seed`."""
    return invalid(
        f"Malformed input request: {where}: {what}, please reformat your input and try again."
    )


def detail(text: str) -> Refusal:
    """A request that the model's own container finds wrong: its message is itself JSON."""
    return invalid(json.dumps({"detail": text}))


def ended() -> Refusal:
    """A call of a model whose life has ended."""
    return Refusal(
        404,
        "ResourceNotFoundException",
        f"{OVERDUE} Please refer to the AWS documentation for more details.",
    )


def unknown_id() -> Refusal:
    """A model id that does not exist, or not in this region."""
    return invalid(INVALID_ID)
