"""What is asked for and what comes back: the values that every layer shares."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from sdbr.errors import InputProblem

Tell = Callable[[str], None]
"""Takes a line for the user: what was found, done, or left out."""


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


@dataclass(frozen=True, slots=True)
class Blob:
    """A picture file that goes into a request, known by its digest.

    In memory, on disk, or made when it is needed: a run over many pictures does not hold them
    all. What is made on demand is known by a digest of what it is made from. Two blobs are equal
    when their digests are.
    """

    sha256: str
    data: bytes | None = field(default=None, compare=False, repr=False)
    path: Path | None = field(default=None, compare=False)
    make: Callable[[], bytes] | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, data: bytes) -> Blob:
        """The blob of bytes in memory."""
        return cls(hashlib.sha256(data).hexdigest(), data=data)

    def read(self) -> bytes:
        """The file's bytes. Raises InputProblem when a file is gone or has changed since."""
        if self.data is not None:
            return self.data
        if self.make is not None:
            return self.make()
        try:
            data = self.path.read_bytes() if self.path else b""
        except OSError:
            data = b""
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise InputProblem(
                f"{self.path} was changed or removed during the run. Run the command again."
            )
        return data


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """One picture to be drawn, in words that fit every model.

    `strength` has one meaning everywhere: 0 keeps the init image, 1 ignores it; None leaves it
    to the model's default. `seed` is 1 to 4294967294 (4294967295 with SDXL), never 0, because 0
    means "draw one at random" to Bedrock and the picture could not be made again. Pictures are
    whole files (PNG, JPEG or WebP). `faded_prompt` is the prompt that a crossfade comes from, with
    its weight, 0 to 1; the prompt itself has the rest. `extras` carries what only some models
    know, as sorted (field, value) pairs under the model's own field names.
    """

    model: Model
    prompt: str = ""
    negative_prompt: str = ""
    seed: int = 1
    aspect: str | None = None
    size: Size | None = None
    style: str | None = None
    format: str = "png"
    init_image: Blob | None = None
    strength: float | None = None
    mask: Blob | None = None
    style_image: Blob | None = None
    faded_prompt: tuple[str, float] | None = None
    extras: tuple[tuple[str, str | int | float], ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it came from the model, with what its answer said.

    `data` is the file's bytes, untouched; `key` names the request that it answers.
    `cached` tells that it was on disk before this run asked; `price` is what it cost when it
    was drawn, in USD, or None where the price is unknown; `drawn_at` is UTC in ISO 8601.
    """

    data: bytes
    format: str
    size: Size
    seed: int
    key: str = ""
    cached: bool = False
    price: str | None = None
    drawn_at: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Tier:
    """A price in USD a picture, up to `max_steps` steps and `max_pixels` pixels."""

    usd: Decimal
    max_steps: int | None = None
    max_pixels: int | None = None


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """When a model was launched, marked legacy and ended; None where no date is known."""

    launch: date | None = None
    legacy: date | None = None
    end: date | None = None

    def ended(self, today: date) -> bool:
        """Whether calls fail: the end-of-life day has come."""
        return self.end is not None and today >= self.end


@dataclass(frozen=True, slots=True)
class Model:
    """One model of the catalog.

    `id` is the catalog's name for it and `invoke_id` what the request's path carries: the id
    itself, a `us.` inference profile, or any id or ARN the user gave. `family` is the name of
    the module in `bedrock/families` that speaks its language. `regions` is empty where unknown.
    `tiers` are tried in order; the first that fits is the price; empty means unknown.
    """

    id: str
    invoke_id: str
    family: str
    title: str
    tasks: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    needs_profile: bool = False
    lifecycle: Lifecycle = Lifecycle()
    tiers: tuple[Tier, ...] = ()
    price_as_of: str = ""
    replaced_by: tuple[str, ...] = ()
