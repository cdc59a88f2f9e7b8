"""Whether a request's fields are what the model takes, and in whose voice it says no.

Known wordings: the JSON schema's grammar (`Malformed input request: #/seed: …`), the containers'
and services' sentences on unknown fields. What a container says of a bad value is not known; those
sentences are the emulator's own, in the container's envelope.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sdbr.emulator import images
from sdbr.emulator.errors import Refusal, detail, invalid, malformed
from sdbr.emulator.models import Field, Model

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


def check(model: Model, body: Mapping[str, Any]) -> None:
    """Refuse a body with an unknown, missing or wrong field."""
    _check_names(model, body)
    for name, value in body.items():
        if name in model.fields:
            check_value(model, model.fields[name], value, f"#/{name}")


def check_value(model: Model, field: Field, value: Any, where: str) -> None:
    """Refuse a value of the wrong kind, length, range or choice, and an image against the rule."""
    found = _kind(value)
    if not _fits(field.kind, value):
        expected = SCHEMA_KINDS[field.kind]
        raise _say(model, field, where, f"expected type: {expected}, found: {found}")
    fault = _choice(field, value) or _range(field, value) or _image(field, value)
    if fault:
        raise _say(model, field, where, fault)


def _check_names(model: Model, body: Mapping[str, Any]) -> None:
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


def _unknown_field(model: Model, name: str) -> Refusal:
    fields = list(model.fields)
    if model.wording == "service":
        known = f"Available fields for {model.task} are: {', '.join(fields)}"
        return detail(f"Invalid field '{name}' in request. {known}")
    return detail(f"Invalid field in request. Available fields: {fields}")


def _say(model: Model, field: Field, where: str, fault: str) -> Refusal:
    if model.wording == "schema":
        return malformed(where, fault)
    return detail(f"Invalid value for field '{field.name}': {fault}")


def _kind(value: Any) -> str:
    return JSON_KINDS.get(type(value), "unknown")


def _fits(kind: str, value: Any) -> bool:
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
    data = images.decode(value)
    if isinstance(data, images.Fault):
        return data.text
    size = images.measure(data, field.rule)
    return size.text if isinstance(size, images.Fault) else ""
