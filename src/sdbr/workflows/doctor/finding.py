"""One line of a checkup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sdbr.errors import SdbrError

Verdict = Literal["ok", "note", "fix"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was found, and what to do about it.

    A "note" can wait, a "fix" cannot: `code` is the exit code it ends the checkup with. `facts`
    are for programs.
    """

    about: str
    verdict: Verdict
    said: str
    code: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)


def ok(about: str, said: str, **facts: object) -> Finding:
    """All is well."""
    return Finding(about, "ok", said, facts=facts)


def note(about: str, said: str, **facts: object) -> Finding:
    """Something to know, or to do some day."""
    return Finding(about, "note", said, facts=facts)


def fix(about: str, said: str, code: int, **facts: object) -> Finding:
    """Something that a run would fail at."""
    return Finding(about, "fix", said, code, facts)


def explain_failure(about: str, error: SdbrError) -> Finding:
    """What an error of ours says, which is also what to do."""
    return fix(about, str(error), error.exit_code, error=type(error).__name__)
