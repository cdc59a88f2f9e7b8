"""A Bedrock on this machine: `with Emulator(latency=0.2) as emulator: emulator.url`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sdbr.emulator.emulator import Emulator
    from sdbr.emulator.faults import Faults
    from sdbr.emulator.journal import ReceivedRequest
    from sdbr.emulator.settings import EmulatorSettings

__all__ = ["Emulator", "EmulatorSettings", "Faults", "ReceivedRequest"]

_HOMES = {
    "Emulator": "emulator",
    "Faults": "faults",
    "ReceivedRequest": "journal",
    "EmulatorSettings": "settings",
}


def __getattr__(name: str) -> object:
    # Whoever runs pytest imports this package through its plugin: nothing is loaded before use.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
