"""The one seam: everything that draws is a function from a request to a picture."""

from __future__ import annotations

from collections.abc import Callable

from sdbr.request import ImageRequest, Picture

Generate = Callable[[ImageRequest], Picture]
"""Draws one picture, or raises an SdbrError. May be called from many threads at once."""

Tell = Callable[[str], None]
"""Takes one line for the user's eyes."""
