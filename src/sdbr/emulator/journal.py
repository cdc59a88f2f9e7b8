"""What the emulator was asked, and how it answered."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

LONG = 512
# Bedrock takes prompts of at most 10,000 characters; more is no prompt that one wants to read.
LONGEST = 10_000
# Of parts of one JSON value, of a header and of a path, the most that the journal keeps.
MOST_PARTS = 100
MOST_TEXT = 2_048


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One request and its answer.

    `number` counts invocations from 1 and is 0 for any other call; `at` is seconds since 1970;
    `model` is the model's plain id, or what the path carried where that is unknown; `headers` have
    small-letter names and no secrets; `body` is the parsed JSON, or None; `outcome` is "ok", the
    name of a fault or of an exception; `made` tells that a picture was really made, so that
    Bedrock would bill it; `latency` is seconds until the answer was ready.
    """

    number: int
    at: float
    method: str
    path: str
    model: str
    region: str
    headers: Mapping[str, str]
    body: Any
    outcome: str
    status: int
    made: bool
    picture_sha256: str
    request_id: str
    latency: float
    size: int = 0

    def line(self) -> str:
        """The record as one line of JSON; images appear as their digest and size."""
        line = dataclasses.asdict(dataclasses.replace(self, body=abbreviated(self.body)))
        line["at"] = datetime.fromtimestamp(self.at, UTC).isoformat(timespec="milliseconds")
        return json.dumps(line, ensure_ascii=False)


def abbreviated(value: object) -> object:
    """JSON with images and whatever else is long replaced by its SHA-256 and length.

    What is left has at most `LONGEST` characters and `MOST_PARTS` parts a level.
    """
    short = _abbreviated(value)
    text = json.dumps(short, ensure_ascii=False)
    return short if len(text) <= 2 * LONGEST else _digest(text)


def _abbreviated(value: object) -> object:
    if isinstance(value, str):
        spaced = " " in value[:LONG]
        return _digest(value) if len(value) > (LONGEST if spaced else LONG) else value
    if isinstance(value, dict | list) and len(value) > MOST_PARTS:
        return _digest(json.dumps(value))
    if isinstance(value, dict):
        return {name: _abbreviated(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_abbreviated(part) for part in value]
    return value


def _digest(text: str) -> dict[str, object]:
    return {"sha256": hashlib.sha256(text.encode()).hexdigest(), "characters": len(text)}


class Journal:
    """Keeps the records, oldest first; bodies beyond `keeps` bytes are abbreviated.

    A body that was refused for its size never stays whole: nobody looks for a picture in it.
    """

    def __init__(self, on_record: Callable[[str], None] | None = None, keeps: int = 0) -> None:
        self._keeps = keeps
        self._on_record = on_record
        self._lock = threading.Lock()
        self._records: list[ReceivedRequest] = []
        self._abbreviated = 0
        self._bytes = 0

    def add(self, record: ReceivedRequest) -> None:
        """Keep one record, and tell whoever writes the log."""
        with self._lock:
            self._records.append(record)
            self._bytes += record.size
            # The newest stays whole, so that a test can look at what it has just sent.
            while self._bytes > self._keeps and self._abbreviated < len(self._records) - 1:
                self._abbreviate_oldest()
            if self._on_record is not None:
                self._on_record(record.line())

    def records(self) -> tuple[ReceivedRequest, ...]:
        """All records, oldest first."""
        with self._lock:
            return tuple(self._records)

    def clear(self) -> None:
        """Forget all records."""
        with self._lock:
            self._records.clear()
            self._abbreviated = self._bytes = 0

    def _abbreviate_oldest(self) -> None:
        oldest = self._records[self._abbreviated]
        short = dataclasses.replace(oldest, body=abbreviated(oldest.body))
        self._records[self._abbreviated] = short
        self._abbreviated += 1
        self._bytes -= oldest.size


def summary(records: tuple[ReceivedRequest, ...]) -> dict[str, object]:
    """Counts over records: invocations, pictures made, outcomes, models."""
    calls = [record for record in records if record.number]
    return {
        "invocations": len(calls),
        "other_calls": len(records) - len(calls),
        "pictures_made": sum(record.made for record in calls),
        "outcomes": dict(sorted(Counter(record.outcome for record in calls).items())),
        "models": dict(sorted(Counter(record.model for record in calls).items())),
    }
