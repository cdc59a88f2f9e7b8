"""Acme Paint as the emulator answers it: written from the reference, not from `family`."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from sdbr.emulator.faults import FilteredImages
from sdbr.emulator.models import EmulatedModel, Field, ImageRule, data, size_of
from sdbr.emulator.painter.order import Order
from sdbr.emulator.validation import check

_FIELDS = (
    Field("text", "string", high=10_000),
    Field("rng", "integer", 1, 1_000_000),
    Field("brush", "string", choices=("oil", "ink", "chalk")),
    Field("shape", "string", choices=tuple(data()["ratios"])),
    Field("base", "image", rule=ImageRule(min_side=64)),
    Field("change", "number", 0, 1),
)
MODELS = (
    EmulatedModel(
        id="acme.paint-v1:0",
        title="Acme Paint",
        task="paint",
        wording="container",
        dialect="acme_paint",
        fields={field.name: field for field in _FIELDS},
        required=("text",),
        regions=("us-west-2",),
    ),
)


def read(model: EmulatedModel, body: Mapping[str, Any]) -> Order:
    """The order that a body asks for."""
    check(model, body)
    return Order(
        task="image-to-image" if "base" in body else "text-to-image",
        prompt=body["text"],
        seed=int(body.get("rng", 0)),
        size=size_of(body.get("shape", "1:1")),
        image=base64.b64decode(body.get("base", "")),
        strength=float(body.get("change", 0.5)),
        settings=(("brush", body.get("brush", "oil")),),
    )


def answer(_seed: int, picture: bytes) -> dict[str, Any]:
    """The body of an answer with one picture."""
    return {"pictures": [base64.b64encode(picture).decode()], "status": ["ok"]}


def withheld(
    _seed: int, _reason: str, _shape: FilteredImages, _blurred: Callable[[], bytes]
) -> tuple[dict[str, object], bytes]:
    """The body of an answer that holds no picture."""
    return {"pictures": [], "status": ["blocked"]}, b""
