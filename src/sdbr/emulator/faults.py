"""Which request goes wrong, and how: decided by count, or by a rate and a seed.

A fault is given as a number or a word: `0.3` or `30%` is a rate, `#7` or `nth:7` (or `nth:3,7`) the
7th invocation, `every:7` each seventh, `first:3` the first three, `after:20` all after the 20th.
Rates are decided by a hash of the seed, the request's content and how often that content has
come, so a run with the same requests fails in the same places however its threads are scheduled.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

from sdbr.emulator.errors import Refusal, ended
from sdbr.emulator.http.exchange import Reply, Wire

FaultRule = float | str
FilteredImages = Literal["missing", "empty", "blank"]

MARKETPLACE = (
    "Model access is denied due to IAM user or service role is not authorized to perform the "
    "required AWS Marketplace actions (aws-marketplace:ViewSubscriptions, "
    "aws-marketplace:Subscribe) to enable access to this model. Refer to the Amazon Bedrock "
    "documentation for further details. Your AWS Marketplace subscription for this model cannot "
    "be completed at this time. If you recently fixed this issue, try again after 5 minutes."
)
LEGACY = (
    "Access denied. This Model is marked by provider as Legacy and you have not been actively "
    "using the model in the last 30 days. Please upgrade to an active model on Amazon Bedrock"
)
ERRORS = {
    "throttle": (429, "ThrottlingException", "Too many requests, please wait before trying again."),
    "not_ready": (429, "ModelNotReadyException", "The model is not ready for inference."),
    "error_500": (500, "InternalServerException", "The system encountered an unexpected error."),
    "error_503": (503, "ServiceUnavailableException", "Bedrock is unable to process your request."),
    "overloaded_529": (529, "overloaded_error", "Overloaded"),
    "timeout_408": (408, "ModelTimeoutException", "Model invocation has timed out."),
    "model_error_424": (424, "ModelErrorException", "The model failed to process the request."),
    "quota": (400, "ServiceQuotaExceededException", "The request exceeds the service quota."),
    "access_denied": (
        403,
        "AccessDeniedException",
        "You don't have access to the model with the specified model ID.",
    ),
    "marketplace": (403, "AccessDeniedException", MARKETPLACE),
    "expired_token": (
        403,
        "ExpiredTokenException",
        "The security token included in the request is expired",
    ),
    "clock_skew": (
        403,
        "InvalidSignatureException",
        "Signature expired: the request's time is too far from the service's time.",
    ),
    "request_expired": (400, "RequestExpired", "Request has expired."),
    "legacy": (404, "ResourceNotFoundException", LEGACY),
}
FILTERED = {
    "filter_prompt": "Filter reason: prompt",
    "filter_input": "Filter reason: input image",
    "filter_output": "Filter reason: output image",
}
INFERENCE_ERROR = "Inference error"
NOT_A_PICTURE = b"This is no picture."
# As a captive portal or a proxy answers in Bedrock's place.
PAGE = b"<!doctype html><title>Sign in</title><p>Sign in to use this network.</p>"
HTML = (("Content-Type", "text/html"),)
HUGE = 64_000_000


@dataclass(frozen=True, slots=True)
class When:
    """The invocations that a fault strikes: by number, or a share of all of them (0 to 1)."""

    rate: float = 0.0
    numbers: frozenset[int] = frozenset()
    every: int = 0
    first: int = 0
    after: int | None = None

    def counts(self, number: int) -> bool:
        """Whether it strikes the invocation with this number, counted from 1."""
        return (
            number in self.numbers
            or (self.every > 0 and number % self.every == 0)
            or number <= self.first
            or (self.after is not None and number > self.after)
        )


def when(rule: FaultRule) -> When:
    """Read `0.3`, `30%`, `#7`, `nth:3,7`, `every:7`, `first:3` or `after:20`.

    Raises ValueError with a sentence for the user.
    """
    text = str(rule).strip()
    word, _, value = text.replace("#", "nth:", 1).rpartition(":")
    try:
        return _read(word, value)
    except ValueError:
        raise ValueError(
            f"{text!r} is not a fault rule. Use a rate (0.3 or 30%), or nth:7, every:7, "
            "first:3, after:20."
        ) from None


def _read(word: str, value: str) -> When:
    if word == "nth":
        return When(numbers=frozenset(_count(part) for part in value.split(",")))
    if word == "every":
        return When(every=_count(value))
    if word == "first":
        return When(first=_count(value))
    if word == "after":
        return When(after=_count(value, least=0))
    if word:
        raise ValueError(word)
    rate = float(value[:-1]) / 100 if value.endswith("%") else float(value)
    if not 0 <= rate <= 1:
        raise ValueError(value)
    return When(rate=rate)


def _count(text: str, least: int = 1) -> int:
    count = int(text)
    if count < least:
        raise ValueError(text)
    return count


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong, each by a rate (0 to 1) or by count (see `when`). One request has one fault.

    `slow_by` is seconds; `retry_after` seconds named with a 429 and 529; `filtered_images` is the
    shape of `images` in a filtered answer: no such key, `[]` or `[""]`; `seed` decides the rates.
    Raises ValueError for a rule that cannot be read, or rates that add up to more than 1.
    """

    throttle: FaultRule = 0.0
    not_ready: FaultRule = 0.0
    error_500: FaultRule = 0.0
    error_503: FaultRule = 0.0
    overloaded_529: FaultRule = 0.0
    timeout_408: FaultRule = 0.0
    model_error_424: FaultRule = 0.0
    quota: FaultRule = 0.0
    access_denied: FaultRule = 0.0
    marketplace: FaultRule = 0.0
    expired_token: FaultRule = 0.0
    clock_skew: FaultRule = 0.0
    request_expired: FaultRule = 0.0
    legacy: FaultRule = 0.0
    ended: FaultRule = 0.0
    drop_before: FaultRule = 0.0
    drop_after: FaultRule = 0.0
    cut_body: FaultRule = 0.0
    broken_json: FaultRule = 0.0
    not_a_picture: FaultRule = 0.0
    no_pictures: FaultRule = 0.0
    data_uri: FaultRule = 0.0
    html_page: FaultRule = 0.0
    huge_error: FaultRule = 0.0
    inference_error: FaultRule = 0.0
    filter_prompt: FaultRule = 0.0
    filter_input: FaultRule = 0.0
    filter_output: FaultRule = 0.0
    stall: FaultRule = 0.0
    stall_body: FaultRule = 0.0
    dribble: FaultRule = 0.0
    endless_continue: FaultRule = 0.0
    slow: FaultRule = 0.0
    slow_first_byte: FaultRule = 0.0
    slow_by: float = 5.0
    retry_after: float | None = None
    filtered_images: FilteredImages = "missing"
    seed: int = 0
    rules: Mapping[str, When] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rules = {name: _rule(name, getattr(self, name)) for name in KINDS}
        total = sum(rule.rate for rule in rules.values())
        if total > 1 + 1e-9:
            raise ValueError(f"The fault rates add up to {total:g}. They must not exceed 1.")
        object.__setattr__(self, "rules", {k: rule for k, rule in rules.items() if rule != When()})

    def strike(self, number: int, content: bytes, attempt: int) -> str | None:
        """The name of the fault of an invocation, or None.

        `number` counts invocations from 1; `attempt` counts those with the same `content`.
        """
        for name, rule in self.rules.items():
            if rule.counts(number):
                return name
        share = self._share(content, attempt)
        for name, rule in self.rules.items():
            share -= rule.rate
            if share < 0:
                return name
        return None

    def _share(self, content: bytes, attempt: int) -> float:
        key = f"{self.seed}:{attempt}:".encode() + hashlib.sha256(content).digest()
        return int.from_bytes(hashlib.sha256(key).digest()[:8]) / 2**64


def _rule(fault: str, rule: FaultRule) -> When:
    try:
        return when(rule)
    except ValueError as error:
        raise ValueError(f"{fault}: {error}") from None


SETTINGS = ("slow_by", "retry_after", "filtered_images", "seed", "rules")
KINDS = tuple(it.name for it in fields(Faults) if it.name not in SETTINGS)


def error_of(fault: str | None, faults: Faults) -> Refusal | None:
    """The error that stands in the picture's place, for the faults that are errors."""
    if fault == "ended":
        return ended()
    if fault not in ERRORS:
        return None
    status, code, message = ERRORS[fault]
    wait = faults.retry_after if status in (429, 529) else None
    return Refusal(status, code, message, retry_after=wait)


def spoil(reply: Reply, fault: str | None, faults: Faults) -> Reply:
    """The reply as it travels when the fault strikes after the picture was made."""
    changes: dict[str, Callable[[], Reply]] = {
        "drop_after": lambda: dataclasses.replace(reply, wire=Wire.DROP),
        "cut_body": lambda: dataclasses.replace(reply, wire=Wire.CUT),
        "stall_body": lambda: dataclasses.replace(reply, wire=Wire.STALL_BODY),
        "slow_first_byte": lambda: dataclasses.replace(
            reply, wire=Wire.LATE_BODY, wait=faults.slow_by
        ),
        "broken_json": lambda: dataclasses.replace(reply, body=reply.body[:-2] + b',"'),
        "dribble": lambda: dataclasses.replace(reply, wire=Wire.DRIBBLE),
        "endless_continue": lambda: dataclasses.replace(reply, wire=Wire.CONTINUE),
        "html_page": lambda: dataclasses.replace(reply, body=PAGE, headers=HTML),
        "huge_error": lambda: dataclasses.replace(reply, status=400, body=b" " * HUGE, made=False),
    }
    if fault not in changes:
        return reply
    return dataclasses.replace(changes[fault](), outcome=fault)
