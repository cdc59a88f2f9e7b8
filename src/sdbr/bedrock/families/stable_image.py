"""SD3, SD3.5, Core and Ultra: prompt, mode, image, strength in; images, finish_reasons out.

Source: Amazon Bedrock User Guide, "Stability AI models", request and response of each model.
"""

from __future__ import annotations

from sdbr.bedrock.answers import picture_or_refusal
from sdbr.bedrock.families import Body, SizeRule
from sdbr.bedrock.validation import (
    ASPECT,
    FRACTION,
    SEED,
    SHAPED_BY_INPUT,
    Choices,
    TextLength,
    check_prompt,
)
from sdbr.errors import UsageProblem
from sdbr.request import Blob, ImageRequest, Model

_HAS_MODE = ("stability.sd3-large-v1:0", "stability.sd3-5-large-v1:0")
_DEFAULT_STRENGTH = {"stability.stable-image-ultra-v1:1": 0.35}  # As documented.
decode = picture_or_refusal
_OWN_DEFAULT = 0.6  # SD3 and SD3.5 state none and require a value: enough to show the look.


def takes(model: Model) -> frozenset[str]:
    """The request fields that this model knows; only some draw over an init image."""
    fields = {"prompt", "negative_prompt", "seed", "aspect", "format"}
    if "image-to-image" in model.tasks:
        fields |= {"init_image", "strength"}
    return frozenset(fields)


def formats(model: Model) -> tuple[str, ...]:
    """PNG and JPEG; SD3.5 writes WebP as well."""
    return ("png", "jpeg", "webp") if "sd3-5" in model.id else ("png", "jpeg")


def size_rule(model: Model) -> SizeRule:
    """SD3 wants sides of 640 to 1536 px, the others from 64 px; no upper bound is documented.

    All of them draw about one megapixel, so more input than 1536 px a side is cost without use.
    """
    return SizeRule(min_side=640 if model.id == _HAS_MODE[0] else 64, max_side=1536)


def default_strength(model: Model) -> float | None:
    """Ultra's documented 0.35; 0.6 for SD3 and SD3.5, which require a value."""
    if "image-to-image" not in model.tasks:
        return None
    return _DEFAULT_STRENGTH.get(model.id, _OWN_DEFAULT)


def encode(request: ImageRequest) -> Body:
    """The body for text-to-image, or for image-to-image when there is an init image."""
    body: Body = {
        "prompt": check_prompt(request.prompt),
        "seed": SEED.check("seed", request.seed),
        "output_format": Choices(formats(request.model)).check("format", request.format),
    }
    if request.negative_prompt:
        body["negative_prompt"] = TextLength().check("negative_prompt", request.negative_prompt)
    if request.init_image is not None:
        if request.aspect is not None:
            raise UsageProblem(SHAPED_BY_INPUT)
        return body | _image_to_image(request, request.init_image)
    if request.model.id in _HAS_MODE:
        body["mode"] = "text-to-image"
    if request.aspect is not None:
        body["aspect_ratio"] = ASPECT.check("aspect", request.aspect)
    return body


def _image_to_image(request: ImageRequest, init_image: Blob) -> Body:
    strength = request.strength
    if strength is None:
        strength = default_strength(request.model) or _OWN_DEFAULT
    body: Body = {"image": init_image, "strength": FRACTION.check("strength", strength)}
    if request.model.id in _HAS_MODE:
        body["mode"] = "image-to-image"
    return body
