from __future__ import annotations

import pytest

from sdbr.generation import retry


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(retry, "_FIRST_WAIT", 0.001)
