"""What is asked for and what comes back: the values that every layer shares."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from sdbr.errors import InputProblem
from sdbr.model import Model


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
            raise InputProblem(f"{self.path} was changed or removed meanwhile. Run it again.")
        return data


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """One picture to be drawn, in words that fit every model.

    `strength` has one meaning everywhere: 0 keeps the init image, 1 ignores it; None leaves it
    to the model's default. `seed` is 1 to 4294967295, never 0, because 0 means "draw one at
    random" to Bedrock and the picture could not be made again. Pictures are whole files (PNG,
    JPEG or WebP). `extras` carries what only some models know, as sorted (field, value)
    pairs under the model's own field names.
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
