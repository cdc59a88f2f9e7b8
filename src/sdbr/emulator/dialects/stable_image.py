"""SD3, SD3.5, Core, Ultra and the image services: flat fields in, `images` out."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from sdbr.emulator.errors import Refusal, detail, malformed
from sdbr.emulator.faults import FilteredImages
from sdbr.emulator.models import EmulatedModel, size_of
from sdbr.emulator.painter.order import Order
from sdbr.emulator.validation import check

ULTRA_STRENGTH = 0.35
SIDES = ("left", "right", "up", "down")
TEXTS = ("prompt", "negative_prompt", "seed", "style_preset", "output_format", "aspect_ratio")
IMAGES = ("image", "init_image", "mask", "style_image", "strength", "mode")


def read(model: EmulatedModel, body: Mapping[str, Any]) -> Order:
    """The order that a body asks for; its seed is 0 where the model is to draw one."""
    check(model, body)
    task = _task(model, body)
    return Order(
        task=task,
        prompt=body.get("prompt", ""),
        negative=body.get("negative_prompt", ""),
        seed=int(body.get("seed", 0)),
        size=size_of(body.get("aspect_ratio", "1:1")),
        style=body.get("style_preset", ""),
        format=body.get("output_format", "png").lower(),
        image=_bytes(body, "image") or _bytes(body, "init_image"),
        strength=float(body.get("strength", ULTRA_STRENGTH)) if "image" in body else 1.0,
        mask=_bytes(body, "mask"),
        style_image=_bytes(body, "style_image"),
        settings=_settings(body),
    )


def answer(seed: int, picture: bytes) -> dict[str, Any]:
    """The body of an answer with one picture."""
    text = base64.b64encode(picture).decode()
    return {"seeds": [seed], "finish_reasons": [None], "images": [text]}


def withheld(
    seed: int, reason: str, shape: FilteredImages, _blurred: Callable[[], bytes]
) -> tuple[dict[str, object], bytes]:
    """The body of an answer that holds no picture, with a reason for it."""
    answered: dict[str, Any] = {"seeds": [seed], "finish_reasons": [reason]}
    if shape == "missing":
        del answered["seeds"]
    else:
        answered["images"] = [] if shape == "empty" else [""]
    return answered, b""


def _task(model: EmulatedModel, body: Mapping[str, Any]) -> str:
    if model.task == "sd3":
        return _sd3_task(model, body)
    if model.task in ("core", "ultra"):
        return "image-to-image" if "image" in body else "text-to-image"
    if model.task == "outpaint" and not any(body.get(side) for side in SIDES):
        raise detail("At least one of left, right, up, down must be greater than 0.")
    return model.task


def _sd3_task(model: EmulatedModel, body: Mapping[str, object]) -> str:
    mode = body.get("mode", "text-to-image")
    if mode == "image-to-image":
        for name in ("image", "strength"):
            if name not in body:
                raise _lacks(model, name)
    elif "image" in body:
        # AWS's field text asks for the mode, though its sample leaves it out.
        raise detail("Field 'image' requires mode 'image-to-image'.")
    return str(mode)


def _lacks(model: EmulatedModel, name: str) -> Refusal:
    if model.wording == "schema":
        return malformed("#", f"required key [{name}] not found")
    return detail(f"Field '{name}' is required when mode is 'image-to-image'.")


def _settings(body: Mapping[str, Any]) -> tuple[tuple[str, float | str], ...]:
    return tuple(sorted((k, v) for k, v in body.items() if k not in (*TEXTS, *IMAGES)))


def _bytes(body: Mapping[str, Any], name: str) -> bytes:
    return base64.b64decode(body[name]) if name in body else b""
