"""A pytest fixture that stands in for Bedrock: `def test_it(bedrock_emulator): ...`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sdbr.emulator.emulator import Emulator

MARKER = "bedrock_emulator(**settings): settings of the emulator, e.g. latency=0.1"
# Whatever could lead an SDK past the emulator, or to other credentials.
UNSET = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)
# What is configured for AWS on this machine, or broken there, is not looked at.
NO_FILES = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", MARKER)


@pytest.fixture
def bedrock_emulator(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Emulator]:
    """A started Emulator; every AWS SDK in this process finds it through the environment.

    `@pytest.mark.bedrock_emulator(latency=0.1, faults=Faults(throttle=0.2))` gives it settings.
    """
    from sdbr.emulator.emulator import Emulator

    marker = request.node.get_closest_marker("bedrock_emulator")
    with Emulator(**(marker.kwargs if marker else {})) as emulator:
        for name in UNSET:
            monkeypatch.delenv(name, raising=False)
        here = {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost", **NO_FILES}
        for name, value in {**emulator.environment(), **here}.items():
            monkeypatch.setenv(name, value)
        yield emulator
