"""The thirteen Stability AI Image Services: control, style, edit, upscale.

Source: Amazon Bedrock User Guide, "Stability AI Image Services". Every service takes a picture;
what else it takes is the table below, by the neutral name of the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sdbr.bedrock.answers import picture_or_refusal
from sdbr.bedrock.families import Body, SizeRule
from sdbr.bedrock.validation import (
    ASPECT,
    FRACTION,
    SEED,
    STYLE,
    Choices,
    NumberRange,
    Rule,
    TextLength,
    Value,
    check_prompt,
    flag,
)
from sdbr.errors import UsageProblem
from sdbr.request import Blob, ImageRequest, Model


@dataclass(frozen=True, slots=True)
class WireField:
    """How one neutral value travels: the service's name for it, its rule, and its direction.

    `turned` is for values that run the other way: control_strength 1 keeps the input, strength
    0 does.
    """

    name: str
    rule: Rule
    turned: bool = False
    required: bool = False

    def send(self, field: str, value: Value) -> Value:
        """The value in the service's direction. Raises UsageProblem when out of range."""
        value = self.rule.check(field, value)
        return round(1 - float(value), 6) if self.turned else value


_STANDARD = SizeRule(max_aspect=2.5)  # 64 pixels a side, 9,437,184 in all: SizeRule's own.


@dataclass(frozen=True, slots=True)
class ImageService:
    """One service: is a prompt needed, may there be one, what else it takes."""

    prompt: str = "required"
    image: str = "image"
    pictures: tuple[str, ...] = ()
    values: Mapping[str, WireField] = field(default_factory=dict)
    sizes: SizeRule = _STANDARD
    strength: float | None = None


_NEGATIVE = {"negative_prompt": WireField("negative_prompt", TextLength())}
_STYLED = {"style": WireField("style_preset", STYLE)}
_SEEDED = {"seed": WireField("seed", SEED)}
_GROW = {"grow_mask": WireField("grow_mask", NumberRange(0, 20, whole=True))}
_LOOK = _STYLED | _NEGATIVE | _SEEDED
_CONTROL = _LOOK | {"strength": WireField("control_strength", FRACTION, turned=True)}
_SIDES = ("left", "right", "up", "down")
_GROWN = {side: WireField(side, NumberRange(0, 2000, whole=True)) for side in _SIDES}
_UPSCALED = {"creativity": WireField("creativity", NumberRange(0.1, 0.5))}


def _found(name: str) -> dict[str, WireField]:
    return {name: WireField(name, TextLength(), required=True)}


# Outpaint, style transfer and the upscalers have no `image` in their ids: AWS spells them so.
_SERVICES: dict[str, ImageService] = {
    "stability.stable-image-inpaint-v1:0": ImageService(pictures=("mask",), values=_GROW | _LOOK),
    "stability.stable-outpaint-v1:0": ImageService(
        prompt="optional",
        values=_STYLED
        | _SEEDED
        | {"creativity": WireField("creativity", NumberRange(0.1, 1))}
        | _GROWN,
    ),
    "stability.stable-image-erase-object-v1:0": ImageService(
        prompt="none", pictures=("mask",), values=_GROW | _SEEDED
    ),
    "stability.stable-image-remove-background-v1:0": ImageService(prompt="none"),
    "stability.stable-image-search-replace-v1:0": ImageService(
        values=_GROW | _LOOK | _found("search_prompt")
    ),
    "stability.stable-image-search-recolor-v1:0": ImageService(
        values=_GROW | _LOOK | _found("select_prompt")
    ),
    "stability.stable-image-control-sketch-v1:0": ImageService(values=_CONTROL, strength=0.3),
    "stability.stable-image-control-structure-v1:0": ImageService(values=_CONTROL, strength=0.3),
    "stability.stable-image-style-guide-v1:0": ImageService(
        strength=0.5,
        values=_LOOK
        | {
            "aspect": WireField("aspect_ratio", ASPECT),
            "strength": WireField("fidelity", FRACTION, turned=True),
        },
    ),
    "stability.stable-style-transfer-v1:0": ImageService(
        strength=0.9,
        prompt="optional",
        image="init_image",
        pictures=("style_image",),
        values=_NEGATIVE
        | _SEEDED
        | {
            "strength": WireField("change_strength", NumberRange(0.1, 1)),
            "composition_fidelity": WireField("composition_fidelity", FRACTION),
            "style_strength": WireField("style_strength", FRACTION),
        },
    ),
    "stability.stable-creative-upscale-v1:0": ImageService(
        values=_LOOK | _UPSCALED,
        sizes=SizeRule(min_pixels=4_096, max_pixels=1_048_576),
    ),
    "stability.stable-conservative-upscale-v1:0": ImageService(
        values=_NEGATIVE | _SEEDED | _UPSCALED
    ),
    "stability.stable-fast-upscale-v1:0": ImageService(
        prompt="none",
        sizes=SizeRule(min_side=32, max_side=1536, min_pixels=1_024, max_pixels=1_048_576),
    ),
}


def takes(model: Model) -> frozenset[str]:
    """The request fields and extras that this service knows."""
    service = _SERVICES[model.id]
    fields = {"init_image", "format", *service.pictures, *service.values}
    return frozenset(fields if service.prompt == "none" else fields | {"prompt"})


def formats(model: Model) -> tuple[str, ...]:  # noqa: ARG001
    """Every service answers in PNG, JPEG or WebP."""
    return ("png", "jpeg", "webp")


def size_rule(model: Model) -> SizeRule:
    """What the service says of its input's sides, area and shape."""
    return _SERVICES[model.id].sizes


def default_strength(model: Model) -> float | None:
    """The service's documented default, in our direction: 0 keeps the input."""
    return _SERVICES[model.id].strength


def encode(request: ImageRequest) -> Body:
    """The body for one service. Raises UsageProblem where something is missing or out of range."""
    service = _SERVICES[request.model.id]
    name = request.model.title
    body: Body = {
        service.image: _require(request.init_image, name, "an input picture"),
        "output_format": Choices(formats(request.model)).check("format", request.format),
    }
    if service.prompt == "required" or (service.prompt == "optional" and request.prompt):
        if request.model.tasks[0].startswith("upscale") and not request.prompt.strip():
            raise UsageProblem(f"{name} needs a prompt. Describe the picture with --prompt.")
        body["prompt"] = check_prompt(request.prompt)
    for picture in service.pictures:
        if (data := getattr(request, picture)) is not None:
            body[picture] = data
    if "style_image" in service.pictures:
        _require(request.style_image, name, "--style-image")
    values = _values(request)
    for neutral, wire in service.values.items():
        if wire.required and not str(values.get(neutral, "")).strip():
            raise UsageProblem(f"{name} needs {flag(neutral)}. Add it.")
        if neutral in values:
            body[wire.name] = wire.send(neutral, values[neutral])
    if "outpaint" in request.model.tasks and not any(values.get(s) for s in _SIDES):
        raise UsageProblem(f"{name} needs a side to extend. Add --left, --right, --up or --down.")
    return body


decode = picture_or_refusal


def _values(request: ImageRequest) -> dict[str, Value]:
    values: dict[str, Value] = dict(request.extras) | {"seed": request.seed}
    if request.negative_prompt:
        values["negative_prompt"] = request.negative_prompt
    given = {"style": request.style, "strength": request.strength, "aspect": request.aspect}
    return values | {name: value for name, value in given.items() if value is not None}


def _require(picture: Blob | None, service: str, what: str) -> Blob:
    if picture is None:
        raise UsageProblem(f"{service} needs {what}. Add it.")
    return picture
