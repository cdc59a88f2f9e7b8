"""SDXL 0.8 and 1.0: `text_prompts` in, `artifacts` out. The fields present choose the mode."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from sdbr.emulator import validation
from sdbr.emulator.errors import invalid, malformed
from sdbr.emulator.faults import INFERENCE_ERROR, FilteredImages
from sdbr.emulator.models import EmulatedModel, Field, ImageRule
from sdbr.emulator.painter.order import Order
from sdbr.emulator.validation import check, check_value

PAIRS = (
    (1024, 1024),
    (1152, 896),
    (1216, 832),
    (1344, 768),
    (1536, 640),
    (640, 1536),
    (768, 1344),
    (832, 1216),
    (896, 1152),
)
# Early tutorials send it, and it was answered.
TOLERATED = ((512, 512),)
TEXT = Field("text", "string", high=2000)
WEIGHT = Field("weight", "number")


def read(model: EmulatedModel, body: Mapping[str, Any]) -> Order:
    """The order that a body asks for; its seed is 0 where the model is to draw one."""
    prompts = _prompts(model, body)
    check(model, {name: value for name, value in body.items() if name != "text_prompts"})
    task = _task(body)
    return Order(
        task=task,
        prompt=", ".join(text for text, weight in prompts if weight >= 0),
        negative=", ".join(text for text, weight in prompts if weight < 0),
        seed=int(body.get("seed", 0)),
        size=_size(body) if task == "text-to-image" else (0, 0),
        style=body.get("style_preset", ""),
        image=_bytes(body.get("init_image")),
        strength=_strength(body),
        mask=_bytes(body.get("mask_image")),
        settings=_settings(body),
    )


def answer(seed: int, picture: bytes, finish: str = "SUCCESS") -> dict[str, Any]:
    """The body of an answer with one picture."""
    text = base64.b64encode(picture).decode()
    return {
        "result": "success",
        "artifacts": [{"seed": seed, "base64": text, "finishReason": finish}],
    }


def withheld(
    seed: int, reason: str, _shape: FilteredImages, blurred: Callable[[], bytes]
) -> tuple[dict[str, object], bytes]:
    """The body of an answer with the picture that is refused, blurred; an error has none."""
    if reason == INFERENCE_ERROR:
        return answer(seed, b"", "ERROR"), b""
    picture = blurred()
    return answer(seed, picture, "CONTENT_FILTERED"), picture


def _prompts(model: EmulatedModel, body: Mapping[str, Any]) -> list[tuple[str, float]]:
    if "text_prompts" not in body:
        raise malformed("#", "required key [text_prompts] not found")
    prompts = body["text_prompts"]
    check_value(model, Field("text_prompts", "array"), prompts, "#/text_prompts")
    if not prompts:
        raise malformed("#/text_prompts", "expected minimum item count: 1, found: 0")
    return [_prompt(model, item, f"#/text_prompts/{at}") for at, item in enumerate(prompts)]


def _prompt(model: EmulatedModel, item: Any, where: str) -> tuple[str, float]:
    check_value(model, Field("text_prompts", "object"), item, where)
    for name in item:
        if name not in ("text", "weight"):
            raise malformed(where, f"extraneous key [{name}] is not permitted")
    if "text" not in item:
        raise malformed(where, "required key [text] not found")
    check_value(model, TEXT, item["text"], f"{where}/text")
    weight = item.get("weight", 1)
    check_value(model, WEIGHT, weight, f"{where}/weight")
    return item["text"], float(weight)


def _task(body: Mapping[str, Any]) -> str:
    if "mask_source" in body or "mask_image" in body:
        _check_mask(body)
        return "inpaint"
    return "image-to-image" if "init_image" in body else "text-to-image"


def _check_mask(body: Mapping[str, Any]) -> None:
    if "init_image" not in body:
        raise malformed("#", "required key [init_image] not found")
    if "mask_source" not in body:
        raise malformed("#", "required key [mask_source] not found")
    if body["mask_source"] == "INIT_IMAGE_ALPHA":
        return
    if "mask_image" not in body:
        raise malformed("#", "required key [mask_image] not found")
    free = ImageRule()
    image, mask = (
        validation.measure(_bytes(body[it]), free) for it in ("init_image", "mask_image")
    )
    if image != mask:
        raise invalid("The mask image must have the same dimensions as the init image.")


def _size(body: Mapping[str, Any]) -> tuple[int, int]:
    size = int(body.get("width", 1024)), int(body.get("height", 1024))
    if size not in (*PAIRS, *TOLERATED):
        allowed = ", ".join(f"{width}x{height}" for width, height in PAIRS)
        raise invalid(
            "for stable-diffusion-xl-1024-v0-9 and stable-diffusion-xl-1024-v1-0 the allowed "
            f"dimensions are {allowed}, but we received {size[0]}x{size[1]}"
        )
    return size


def _strength(body: Mapping[str, Any]) -> float:
    if body.get("init_image_mode") == "STEP_SCHEDULE" or "image_strength" not in body:
        # A schedule that starts early leaves more of the init image, and is 0.65 when not given.
        return float(body.get("step_schedule_start", body.get("start_schedule", 0.65)))
    return 1.0 - float(body["image_strength"])


def _settings(body: Mapping[str, Any]) -> tuple[tuple[str, float | str], ...]:
    numbers = {name: float(body[name]) for name in ("cfg_scale", "steps") if name in body}
    return tuple(sorted({**numbers, "mask_source": body.get("mask_source", "")}.items()))


def _bytes(text: str | None) -> bytes:
    return base64.b64decode(text) if text else b""
