"""The one seam: everything that draws is a function from a request with its key to a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sdbr.request import ImageRequest, Picture


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request and the digest under which its picture is kept (`bedrock.body.cache_key`)."""

    request: ImageRequest
    key: str


Generate = Callable[[KeyedRequest], Picture]
"""Draws one picture, or raises an SdbrError. May be called from many threads at once."""
