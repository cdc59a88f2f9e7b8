"""Whether a request's fields are what the model takes, and in which words it says no.

Known wordings: the JSON schema's grammar (`Malformed input request: #/seed: …`), the containers'
and services' sentences on unknown fields. What a container says of a bad value is not known; those
sentences are the emulator's own, in the container's envelope.
"""

from __future__ import annotations

import base64
import binascii
import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image, UnidentifiedImageError

from sdbr.emulator.errors import Refusal, detail, invalid, malformed
from sdbr.emulator.models import EmulatedModel, Field, ImageRule

JSON_KINDS = {
    str: "String",
    bool: "Boolean",
    int: "Integer",
    float: "Number",
    list: "JSONArray",
    dict: "JSONObject",
    type(None): "Null",
}
SCHEMA_KINDS = {
    "string": "String",
    "image": "String",
    "integer": "Integer",
    "number": "Number",
    "array": "JSONArray",
    "object": "JSONObject",
}
FORMATS = ("JPEG", "PNG", "WEBP")


def check(model: EmulatedModel, body: Mapping[str, Any]) -> None:
    """Refuse a body with an unknown, missing or wrong field."""
    _check_names(model, body)
    for name, value in body.items():
        if name in model.fields:
            check_value(model, model.fields[name], value, f"#/{name}")


def check_value(model: EmulatedModel, field: Field, value: Any, where: str) -> None:
    """Refuse a value of the wrong kind, length, range or choice, and an image against the rule."""
    found = _kind(value)
    if not _fits(field.kind, value):
        expected = SCHEMA_KINDS[field.kind]
        raise _say(model, field, where, f"expected type: {expected}, found: {found}")
    fault = _choice(field, value) or _range(field, value) or _image(field, value)
    if fault:
        raise _say(model, field, where, fault)


def _check_names(model: EmulatedModel, body: Mapping[str, object]) -> None:
    missing = [name for name in model.required if name not in body]
    unknown = [name for name in body if name not in model.fields]
    if model.wording == "schema":
        _check_schema_names(missing, unknown)
    if unknown:
        raise _unknown_field(model, unknown[0])
    if missing:
        raise detail(f"Missing required field '{missing[0]}' in request.")


def _check_schema_names(missing: list[str], unknown: list[str]) -> None:
    wrong = len(missing) + len(unknown)
    if wrong > 1:
        raise invalid(
            f"Malformed input request: {wrong} schema violations found, "
            "please reformat your input and try again."
        )
    if missing:
        raise malformed("#", f"required key [{missing[0]}] not found")
    if unknown:
        raise malformed("#", f"extraneous key [{unknown[0]}] is not permitted")


def _unknown_field(model: EmulatedModel, name: str) -> Refusal:
    fields = list(model.fields)
    if model.wording == "service":
        known = f"Available fields for {model.task} are: {', '.join(fields)}"
        return detail(f"Invalid field '{name}' in request. {known}")
    return detail(f"Invalid field in request. Available fields: {fields}")


def _say(model: EmulatedModel, field: Field, where: str, fault: str) -> Refusal:
    if model.wording == "schema":
        return malformed(where, fault)
    return detail(f"Invalid value for field '{field.name}': {fault}")


def _kind(value: object) -> str:
    return JSON_KINDS.get(type(value), "unknown")


def _fits(kind: str, value: object) -> bool:
    if isinstance(value, bool):
        return False
    if kind == "integer":
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if kind == "number":
        return isinstance(value, int | float)
    types = {"string": str, "image": str, "array": list, "object": dict}
    return isinstance(value, types[kind])


def _choice(field: Field, value: Any) -> str:
    # AWS's pages print output formats in capitals, its samples send them in small letters.
    given = value.lower() if field.name == "output_format" else value
    if not field.choices or given in field.choices:
        return ""
    return f"{value} is not a valid enum value, expected one of: {', '.join(field.choices)}"


def _range(field: Field, value: Any) -> str:
    if field.kind == "string":
        if field.high is not None and len(value) > field.high:
            return f"expected maxLength: {field.high:.0f}, actual: {len(value)}"
        return ""
    if field.kind not in ("integer", "number"):
        return ""
    if field.low is not None and not value >= field.low:
        return f"{value} is not greater or equal to {field.low:g}"
    if field.high is not None and not value <= field.high:
        return f"{value} is not less or equal to {field.high:.10g}"
    return ""


def _image(field: Field, value: Any) -> str:
    if field.kind != "image" or field.rule is None:
        return ""
    data = decode(value)
    if isinstance(data, ImageFault):
        return data.text
    size = measure(data, field.rule)
    return size.text if isinstance(size, ImageFault) else ""


@dataclass(frozen=True, slots=True)
class ImageFault:
    """What is wrong with an image, in the words of the emulator."""

    text: str


def decode(text: str) -> bytes | ImageFault:
    """The bytes of a base64 string without line breaks or a `data:` prefix."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return ImageFault("is not valid base64")


def measure(data: bytes, rule: ImageRule) -> tuple[int, int] | ImageFault:
    """Width and height of an image file, or what the rule has against it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as image:
                kind, (width, height) = image.format, image.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return ImageFault("could not be decoded as an image")
    if kind not in FORMATS:
        return ImageFault(f"has format {kind}, expected one of: jpeg, png, webp")
    wrong = _sides(width, height, rule)
    return ImageFault(wrong) if wrong else (width, height)


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
