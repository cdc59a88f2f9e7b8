"""SDXL 0.8 and 1.0: text_prompts in, artifacts out.

Source: Amazon Bedrock User Guide, "Stability.ai Diffusion 1.0" text to image, image to image and
image to image (masking). The mode is chosen by the fields present, not by a field of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from sdbr.bedrock.answers import broken_answer, explain_refusal, picture_bytes, seed_number
from sdbr.bedrock.families import Artifact, Body, Flag, Leaf, SizeRule
from sdbr.bedrock.validation import (
    ASPECT,
    FRACTION,
    STYLE,
    Choices,
    JsonObject,
    NumberRange,
    Rule,
    TextLength,
    check_prompt,
)
from sdbr.errors import ServiceProblem, UsageProblem
from sdbr.request import ImageRequest, Model, Size

SIZES = tuple(
    Size(width, height)
    for width, height in (
        *((1024, 1024), (1152, 896), (896, 1152), (1216, 832), (832, 1216)),
        *((1344, 768), (768, 1344), (1536, 640), (640, 1536)),
    )
)
SAMPLERS = (
    *("DDIM", "DDPM", "K_DPMPP_2M", "K_DPMPP_2S_ANCESTRAL", "K_DPM_2", "K_DPM_2_ANCESTRAL"),
    *("K_EULER", "K_EULER_ANCESTRAL", "K_HEUN", "K_LMS"),
)
CLIP_GUIDANCE = ("FAST_BLUE", "FAST_GREEN", "NONE", "SIMPLE", "SLOW", "SLOWER", "SLOWEST")
MASK_SOURCES = ("MASK_IMAGE_WHITE", "MASK_IMAGE_BLACK", "INIT_IMAGE_ALPHA")
MAX_PROMPT = 2_000  # Characters of each text_prompts entry.

TITLE = "SDXL"
FLAGS = (
    # Late documents say 50 steps; over 50 has a price of its own.
    Flag("steps", NumberRange(10, 150, whole=True), "10 to 150.", hidden=True),
    Flag(
        "cfg_scale", NumberRange(0, 35), "0 to 35: how closely to follow the prompt.", hidden=True
    ),
    Flag("sampler", Choices(SAMPLERS), "DDIM, K_EULER_ANCESTRAL, K_DPMPP_2M, …", hidden=True),
    Flag("clip_guidance_preset", Choices(CLIP_GUIDANCE), "NONE, SIMPLE, FAST_BLUE, …", hidden=True),
    Flag("extras", JsonObject(), "JSON object, sent unchanged.", hidden=True),
)
SEEDS = NumberRange(1, 4_294_967_295, whole=True)
_EXTRAS: dict[str, Rule] = {flag.field: flag.rule for flag in FLAGS}
_WEIGHT = re.compile(r"\(([^():]+):\s*(-?\d+(?:\.\d*)?|-?\.\d+)\s*\)")
"""Words with a weight, as the web UI of Stable Diffusion writes them: `(red fox:1.4)`."""
_SCHEDULE: dict[str, Rule] = {"step_schedule_start": FRACTION, "step_schedule_end": FRACTION}


def takes(model: Model) -> frozenset[str]:
    """The request fields and extras that SDXL knows."""
    fields = {"prompt", "negative_prompt", "seed", "size", "aspect", "style", "format", *_EXTRAS}
    fields |= {"init_image", "strength", "faded_prompt", *_SCHEDULE}
    if "inpaint" in model.tasks:
        fields |= {"mask", "mask_source"}
    return frozenset(fields)


def formats(model: Model) -> tuple[str, ...]:  # noqa: ARG001
    """SDXL answers in PNG only."""
    return ("png",)


def size_rule(model: Model) -> SizeRule:  # noqa: ARG001
    """One of the nine sizes: sources disagree on what else passes."""
    return SizeRule(exact=SIZES)


def default_strength(model: Model) -> float | None:  # noqa: ARG001
    """0.65: image_strength is 0.35 unless given (Stability AI, v1 image-to-image)."""
    return 0.65


def encode(request: ImageRequest) -> Body:
    """The body for text-to-image, image-to-image or inpainting, by what the request holds."""
    body: Body = {"text_prompts": _prompts(request), "seed": SEEDS.check("seed", request.seed)}
    Choices(formats(request.model)).check("format", request.format)
    if request.style is not None:
        body["style_preset"] = STYLE.check("style", request.style)
    extras = dict(request.extras)
    body.update({k: rule.check(k, extras[k]) for k, rule in _EXTRAS.items() if k in extras})
    if "extras" in body:
        body["extras"] = json.loads(str(extras["extras"]))
    if request.init_image is None:
        return body | _drawing_size(request)
    body["init_image"] = request.init_image
    if request.mask is not None or "mask_source" in extras:
        return body | _mask_fields(request, extras)
    return body | _influence(request, extras)


def decode(answer: Mapping[str, object]) -> Artifact:
    """The first artifact. CONTENT_FILTERED comes with a blurred picture, which is not kept."""
    if answer.get("result") != "success":
        raise ServiceProblem(f"SDXL responded: {_problem(answer)}", again=True, billed="perhaps")
    artifacts = answer.get("artifacts")
    if not isinstance(artifacts, list) or not artifacts or not isinstance(artifacts[0], Mapping):
        raise broken_answer("contains no picture")
    match artifacts[0].get("finishReason"):
        case "ERROR":
            raise ServiceProblem("SDXL reported an error.", again=True, billed="perhaps")
        case "CONTENT_FILTERED":
            raise explain_refusal("Filter reason: output image")
    data = picture_bytes(artifacts[0].get("base64"))
    return Artifact(data, seed_number(artifacts[0].get("seed")))


def _prompts(request: ImageRequest) -> list[dict[str, Leaf]]:
    prompts = _weighted(check_prompt(request.prompt, MAX_PROMPT))
    if request.faded_prompt is not None:
        before, rest = request.faded_prompt
        fading = _scaled(_weighted(check_prompt(before, MAX_PROMPT)), rest)
        prompts = [*_scaled(prompts, 1 - rest), *fading]
    if request.negative_prompt:
        TextLength(MAX_PROMPT).check("negative_prompt", request.negative_prompt)
        prompts += [(text, -weight) for text, weight in _weighted(request.negative_prompt)]
    return [{"text": text, "weight": weight} for text, weight in prompts]


def _weighted(prompt: str) -> list[tuple[str, float]]:
    """A prompt in parts with their weights: of `a (red:1.4) fox`, `red` has 1.4 in all.

    Above 1 the words stay in their sentence, which weighs 1, and what is more comes beside it.
    Below 1 they leave it.
    """
    marked = [(found[1].strip(), float(found[2])) for found in _WEIGHT.finditer(prompt)]
    kept = _WEIGHT.sub(lambda found: found[1] if float(found[2]) >= 1 else "", prompt)
    sentence = re.sub(r"\s+([,.;]|$)", r"\1", " ".join(kept.split())).strip(" ,")
    beside = [(text, round(w - 1, 6) if w >= 1 else w) for text, w in marked]
    return [(text, w) for text, w in [(sentence, 1.0), *beside] if text and w]


def _scaled(prompts: list[tuple[str, float]], share: float) -> list[tuple[str, float]]:
    return [(text, round(weight * share, 6)) for text, weight in prompts]


def _drawing_size(request: ImageRequest) -> Body:
    aspect = "1:1" if request.aspect is None else ASPECT.check("aspect", request.aspect)
    size = request.size or nearest_size(str(aspect))
    if size not in SIZES:
        sizes = ", ".join(map(str, SIZES))
        raise UsageProblem(f"--size is {size}: use one of SDXL's sizes, {sizes}.")
    return {"width": size.width, "height": size.height}


def nearest_size(aspect: str) -> Size:
    """The one of the nine sizes whose shape is nearest to `W:H`."""
    width, height = map(int, aspect.split(":"))
    return min(SIZES, key=lambda size: abs(size.width / size.height - width / height))


def _influence(request: ImageRequest, extras: Mapping[str, str | int | float]) -> Body:
    schedule = {k: rule.check(k, extras[k]) for k, rule in _SCHEDULE.items() if k in extras}
    if schedule and request.strength is not None:
        raise UsageProblem(
            "--strength and --step-schedule-start cannot be used together. Use one of them."
        )
    if schedule:
        return {"init_image_mode": "STEP_SCHEDULE", **schedule}
    body: Body = {"init_image_mode": "IMAGE_STRENGTH"}
    if request.strength is not None:
        # SDXL's image_strength says how much of the input stays: the other way round.
        kept = 1 - float(FRACTION.check("strength", request.strength))
        body["image_strength"] = round(kept, 6)
    return body


def _mask_fields(request: ImageRequest, extras: Mapping[str, str | int | float]) -> Body:
    source = extras.get("mask_source", "MASK_IMAGE_WHITE")
    body: Body = {"mask_source": Choices(MASK_SOURCES).check("mask_source", source)}
    if request.mask is not None:
        body["mask_image"] = request.mask
    elif source != "INIT_IMAGE_ALPHA":
        raise UsageProblem(f"--mask-source {source} needs --mask. Add it.")
    return body


def _problem(answer: Mapping[str, object]) -> str:
    error = answer.get("error")
    message = error.get("message") if isinstance(error, Mapping) else None
    return str(message or "no picture and no reason").strip()[:200]
