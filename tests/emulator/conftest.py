"""Emulators for the emulator's own tests: they paint for real, but small."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sdbr.emulator import Emulator


@pytest.fixture
def bedrock() -> Iterator[Emulator]:
    """An emulator in which nothing goes wrong."""
    with Emulator(picture_side=48) as emulator:
        yield emulator


@pytest.fixture
def old_bedrock() -> Iterator[Emulator]:
    """An emulator that answers for ended models too."""
    with Emulator(picture_side=48, allow_retired=True) as emulator:
        yield emulator
