"""What can go wrong, sorted by what the reader can do about it.

Each message is one sentence that says what happened and one that says what to do next.
`EXIT_CODES` is the table that `sdbr --help` and the README print.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

EXIT_CODES = {
    0: "done",
    1: "a bug in sdbr",
    2: "usage: a flag or value is wrong",
    3: "input: a file cannot be read or written, or the model rejects it",
    4: "access: credentials, region, model access, retired model",
    5: "service: throttled, timed out or failing after all attempts",
    6: "refused by the safety filter",
    7: "spending: over the cap, or price not accepted",
    8: "partial: some results are missing",
    9: "output: stdout cannot be written",
    130: "interrupted",
}


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of the one send that failed, for the ledger.

    `sent` is False where nothing left this machine. `billed` is "yes", "no", or "perhaps" where
    the picture may have been made before the failure.
    """

    sent: bool = True
    billed: str = "no"
    status: int | None = None
    request_id: str = ""


class SdbrError(Exception):
    """A failure with a plain-words message; `exit_code` is what the process ends with.

    `trace` is set where a request to Bedrock failed, and None everywhere else. `made` are the
    files that a call of the Python API wrote before it failed.
    """

    exit_code = 1
    trace: Trace | None = None
    made: tuple[Path, ...] = ()


class UsageProblem(SdbrError):
    """A flag or a value is wrong, or this model cannot do it. Nothing was sent."""

    exit_code = 2


class InputProblem(SdbrError):
    """A file cannot be read or written, or the model cannot take it. Nothing was sent for it."""

    exit_code = 3


class UnwritableFile(InputProblem):
    """A file or folder cannot be written: no permission, no space, or no such place."""


class AccessProblem(SdbrError):
    """Credentials, region, model access or a retired model: no request of this run can succeed."""

    exit_code = 4


class ServiceProblem(SdbrError):
    """Bedrock, or the way to it, failed.

    `again` tells whether the same request may succeed unchanged; `throttled` that Bedrock asked
    for fewer requests; `wait` is how many seconds it asked to wait; `slowed` what pacing made
    of it.
    """

    exit_code = 5

    def __init__(
        self,
        message: str,
        *,
        again: bool = False,
        throttled: bool = False,
        wait: float | None = None,
        billed: str = "no",
    ) -> None:
        super().__init__(message)
        self.again = again
        self.throttled = throttled
        self.wait = wait
        self.slowed = ""
        self.trace = Trace(billed=billed)


class NoPicture(ServiceProblem):
    """Bedrock answered and billed, and the answer holds no picture; `data` is what it holds."""

    def __init__(self, message: str, data: bytes = b"") -> None:
        super().__init__(message, again=True, billed="yes")
        self.data = data


class Refused(SdbrError):
    """The safety filter refused the prompt, the input or the result. `reason` is its word."""

    exit_code = 6

    def __init__(self, message: str, *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        # No source says whether Bedrock bills a picture that its filter withholds.
        self.trace = Trace(billed="perhaps")


class OverBudget(SdbrError):
    """The spending cap was reached, or nobody consented to the price."""

    exit_code = 7


class PartlyDone(SdbrError):
    """Some results were made and some were not. What was made stays."""

    exit_code = 8


class OutputProblem(SdbrError):
    """stdout is closed or full. What was made stays."""

    exit_code = 9


class Interrupted(SdbrError):
    """The user stopped the run. What was made stays."""

    exit_code = 130
