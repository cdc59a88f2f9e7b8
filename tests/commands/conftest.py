from __future__ import annotations

import pytest

from sdbr.generation import retrying


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(retrying, "_FIRST_WAIT", 0.001)
