"""Input images as a model looks at them: base64, format, sides."""

from __future__ import annotations

import base64
import binascii
import io
import warnings
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from sdbr.emulator.models import ImageRule

FORMATS = ("JPEG", "PNG", "WEBP")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with an image, in the words of the emulator."""

    text: str


def decode(text: str) -> bytes | Fault:
    """The bytes of a base64 string without line breaks or a `data:` prefix."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return Fault("is not valid base64")


def measure(data: bytes, rule: ImageRule) -> tuple[int, int] | Fault:
    """Width and height of an image file, or what the rule has against it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as image:
                kind, (width, height) = image.format, image.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return Fault("could not be decoded as an image")
    if kind not in FORMATS:
        return Fault(f"has format {kind}, expected one of: jpeg, png, webp")
    wrong = _sides(width, height, rule)
    return Fault(wrong) if wrong else (width, height)


def _sides(width: int, height: int, rule: ImageRule) -> str:
    pixels, low, high = width * height, min(width, height), max(width, height)
    got = f"but got {width}x{height}"
    if rule.min_side and low < rule.min_side:
        return f"must be at least {rule.min_side} pixels on each side, {got}"
    if rule.max_side and high > rule.max_side:
        return f"must be at most {rule.max_side} pixels on each side, {got}"
    if rule.min_pixels and pixels < rule.min_pixels:
        return f"must have at least {rule.min_pixels} pixels in total, {got}"
    if rule.max_pixels and pixels > rule.max_pixels:
        return f"must have at most {rule.max_pixels} pixels in total, {got}"
    if rule.max_aspect and high > rule.max_aspect * low:
        return (
            f"must have an aspect ratio between 1:{rule.max_aspect} and {rule.max_aspect}:1, {got}"
        )
    return ""
