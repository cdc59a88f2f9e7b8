"""What can be set for an emulator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from sdbr.emulator.faults import Faults

_NUMBERS = ("flicker", "picture_side", "picture_bytes", "keeps", "port")
_LARGEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class EmulatorSettings:
    """How an emulator behaves.

    `latency` is seconds from a request's arrival to its answer, painting included; a pair is a
    range, out of which each request has its own. `flicker` scales how much image-to-image differs
    from call to call (0: not at all, 1: as a style network does). `picture_side` caps the longer
    side of pictures in pixels, and `picture_bytes` fills smaller files up, for load tests (0: off).
    `credentials` puts content credentials into pictures: the box of C2PA, without a signature.
    `models` maps ARNs and other names to model ids. `refuse_words` are words in a prompt that the
    filter refuses, every time. `allow_retired` answers for models that AWS has retired; `today`
    decides which have.
    `check_region` refuses a model that is not offered in the region the request was signed for.
    `keeps` is how many bytes of request bodies, and half as many of painted pictures, stay in
    memory. `max_in_flight` and `rpm` (requests a minute) are limits; above them requests are
    throttled. Raises TypeError or ValueError for a value that is none of these.
    """

    latency: float | tuple[float, float] = 0.0
    faults: Faults = field(default_factory=Faults)
    flicker: float = 1.0
    picture_side: int = 0
    picture_bytes: int = 0
    credentials: bool = False
    models: Mapping[str, str] = field(default_factory=dict)
    refuse_words: tuple[str, ...] = ()
    allow_retired: bool = False
    check_region: bool = True
    max_in_flight: int | None = None
    rpm: int | None = None
    today: date | None = None
    keeps: int = 256 * 1024 * 1024
    host: str = "127.0.0.1"
    port: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.faults, Faults):
            raise TypeError(
                f"faults must be Faults, such as Faults(throttle=0.1), not {self.faults!r}"
            )
        if isinstance(self.refuse_words, str):
            raise TypeError(
                f"refuse_words must be a tuple of strings, such as ({self.refuse_words!r},)"
            )
        pair = self.latency if isinstance(self.latency, tuple) else (self.latency,)
        for name, value in (
            *(("latency", seconds) for seconds in pair),
            *((name, getattr(self, name)) for name in _NUMBERS),
        ):
            if not isinstance(value, int | float):
                raise TypeError(f"{name} must be a number, not {value!r}")
            if value < 0:
                raise ValueError(f"{name} is {value}: use a number of at least 0")
        if self.port > _LARGEST_PORT:
            raise ValueError(f"port is {self.port}: use 0 to {_LARGEST_PORT}")
