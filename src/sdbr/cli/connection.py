"""Where requests go, by flags and settings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypedDict

import click
from click.core import ParameterSource

from sdbr.config.settings import Connection, configured_endpoint
from sdbr.errors import UsageProblem

if TYPE_CHECKING:
    from sdbr.config import Config

_COMMAND_LINE = ParameterSource.COMMANDLINE


class ConnectionFlags(TypedDict):
    """The values of CONNECTION and --timeout."""

    offline: bool
    region: str | None
    profile: str | None
    endpoint_url: str | None
    timeout: float | None


def connection_of(flags: ConnectionFlags, config: Config) -> Connection:
    """Where requests go, by the flags of CONNECTION and --timeout, then the config.

    A flag beats a variable: --endpoint-url sets SDBR_OFFLINE aside. Raises UsageProblem for both
    flags at once, and for an endpoint that is no URL.
    """
    source = click.get_current_context().get_parameter_source
    given = [name for name in ("offline", "endpoint_url") if source(name) is _COMMAND_LINE]
    if flags["offline"] and len(given) == 2:
        raise UsageProblem("--offline uses the built-in emulator. Leave out --endpoint-url.")
    offline = flags["offline"] and given != ["endpoint_url"]
    endpoint = flags["endpoint_url"] or config.endpoint_url or configured_endpoint()
    if endpoint and not endpoint.startswith(("http://", "https://")):
        raise UsageProblem(
            f"{endpoint!r} is not a valid endpoint. Use a URL such as http://localhost:8123."
        )
    return Connection(
        region=flags["region"] or (None if offline else config.region),
        profile=flags["profile"] or config.profile,
        endpoint_url=None if offline else endpoint,
        offline=offline,
        timeout=flags["timeout"] or config.timeout or Connection().timeout,
    )


def offline_cause() -> str:
    """What turned the built-in emulator on: the flag or its variable."""
    source = click.get_current_context().get_parameter_source("offline")
    return "--offline" if source is _COMMAND_LINE else "SDBR_OFFLINE"


def with_retired(connection: Connection, allowed: bool) -> Connection:
    """`connection` with retired models, if `allowed`. Raises UsageProblem where AWS answers."""
    if allowed and not connection.offline:
        raise UsageProblem(
            "--allow-retired only works with the built-in emulator. Add --offline: Amazon Bedrock "
            "no longer serves retired models."
        )
    return replace(connection, allow_retired=allowed)
