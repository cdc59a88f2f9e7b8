"""How to reach Bedrock, how hard to try and how much to spend: three values, and their sources.

Each is decided by the flag, then the environment, then sdbr.toml, then a default.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlsplit

from sdbr.errors import UsageProblem

LOOPBACK = ("localhost", "127.0.0.1", "::1")
REGION = r"[a-z]{2,}(-[a-z]+)+-\d+"
"""What every AWS region's name matches as a whole, us-gov-west-1 too."""
# The hosts of Bedrock and STS, and VPC endpoints. Others below amazonaws.com belong to customers.
_SERVICE = r"(bedrock|bedrock-runtime|sts)(-fips)?"
_AWS_HOST = (
    rf"{_SERVICE}\.{REGION}\.(amazonaws\.com(\.cn)?|api\.aws)|sts\.amazonaws\.com"
    rf"|[a-z0-9-]+\.{_SERVICE}\.{REGION}\.vpce\.amazonaws\.com(\.cn)?"
)


@dataclass(frozen=True, slots=True)
class Connection:
    """Where requests go. `timeout` is in seconds, for one picture with all its attempts.

    None in `region` or `profile` leaves the choice to the AWS configuration. With
    `allow_retired` the emulator of `offline` answers for models that AWS has retired.
    """

    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    offline: bool = False
    allow_retired: bool = False
    timeout: float = 600.0  # A call may take 300; this leaves time for a second one.

    @property
    def realm(self) -> str:
        """Who answers: "aws", "local" for an emulator on this machine, or a foreign host.

        Pictures and spending of one realm never stand for those of another. Raises UsageProblem
        where the endpoint is no URL with a host.
        """
        if self.offline:
            return "local"
        if self.endpoint_url is None:
            return "aws"
        host = _host(self.endpoint_url)
        if re.fullmatch(_AWS_HOST, host):
            return "aws"
        return "local" if host in LOOPBACK else host


@dataclass(frozen=True, slots=True)
class Effort:
    """How many requests at once, how many sends a picture, how many sends a minute at most."""

    workers: int = 8
    attempts: int = 12  # The waits between them add up to 131 s at most.
    rpm: float | None = None


@dataclass(frozen=True, slots=True)
class Spending:
    """The cap on a run in USD, the sum above which to ask, and whether consent is given."""

    cap: Decimal | None = None
    ask_above: Decimal = Decimal("1.00")
    assume_yes: bool = False


def _host(url: str) -> str:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    if not host:
        raise UsageProblem(
            f"{url!r} is not a valid endpoint. Use a URL such as http://localhost:8123."
        )
    return host


def configured_endpoint(environment: Mapping[str, str] = os.environ) -> str | None:
    """The endpoint that boto3 would take from the environment for Bedrock's runtime."""
    if environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    return (
        environment.get("AWS_ENDPOINT_URL_BEDROCK_RUNTIME")
        or environment.get("AWS_ENDPOINT_URL")
        or None
    )


def configured_region(environment: Mapping[str, str] = os.environ) -> str | None:
    """The region of the environment: boto3 itself reads only AWS_DEFAULT_REGION."""
    return environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or None


@dataclass(frozen=True, slots=True)
class Output:
    """Where results go and what is said about them. `to` is None, a path, or "-" for stdout."""

    name: str | None = None
    to: str | None = None
    overwrite: bool = False
    json: bool = False
    quiet: bool = False
    verbose: int = 0
    open: bool = False
