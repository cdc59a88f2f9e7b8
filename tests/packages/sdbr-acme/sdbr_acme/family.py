"""Acme Paint: text, rng, brush, shape, base, change in; pictures and status out.

Source: the maker's API reference, "Invoke".
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sdbr.bedrock.answers import broken_answer, explain_refusal, picture_bytes
from sdbr.bedrock.families import Artifact, Body, Flag, SizeRule
from sdbr.bedrock.validation import (
    ASPECT,
    FRACTION,
    SHAPED_BY_INPUT,
    Choices,
    NumberRange,
    check_prompt,
)
from sdbr.errors import UsageProblem
from sdbr.request import ImageRequest, Model, Tier

TITLE = "Acme"
FLAGS = (Flag("brush", Choices(("oil", "ink", "chalk")), "oil, ink or chalk."),)
SEEDS = NumberRange(1, 1_000_000, whole=True)
MODELS = (
    Model(
        id="acme.paint-v1:0",
        invoke_id="acme.paint-v1:0",
        family="acme_paint",
        title="Acme Paint",
        tasks=("text-to-image", "image-to-image"),
        aliases=("acme",),
        regions=("us-west-2",),
        tiers=(Tier(Decimal("0.01")),),
        price_as_of="2026-11",
    ),
)


def takes(model: Model) -> frozenset[str]:  # noqa: ARG001
    """What Acme Paint supports: no negative prompt, one format."""
    return frozenset({"prompt", "seed", "aspect", "init_image", "strength", "brush"})


def formats(model: Model) -> tuple[str, ...]:  # noqa: ARG001
    """PNG. Other formats are converted from it."""
    return ("png",)


def size_rule(model: Model) -> SizeRule:  # noqa: ARG001
    """At least 64 px per side, as for most models; the reference has no other limit."""
    return SizeRule()


def default_strength(model: Model) -> float | None:  # noqa: ARG001
    """0.5, as documented."""
    return 0.5


def encode(request: ImageRequest) -> Body:
    """The body; `base` and `change` only where there is an init image."""
    body: Body = {
        "text": check_prompt(request.prompt),
        "rng": SEEDS.check("seed", request.seed),
    }
    extras = dict(request.extras)
    body.update(
        {f.field: f.rule.check(f.field, extras[f.field]) for f in FLAGS if f.field in extras}
    )
    if request.init_image is None:
        if request.aspect is not None:
            body["shape"] = ASPECT.check("aspect", request.aspect)
        return body
    if request.aspect is not None:
        raise UsageProblem(SHAPED_BY_INPUT)
    strength = 0.5 if request.strength is None else request.strength
    return body | {"base": request.init_image, "change": FRACTION.check("strength", strength)}


def decode(answer: Mapping[str, object]) -> Artifact:
    """The first picture. The answer has no seed; it is the one that was sent."""
    if answer.get("status") == ["blocked"]:
        raise explain_refusal("Filter reason: output image")
    pictures = answer.get("pictures")
    if not isinstance(pictures, list) or not pictures:
        raise broken_answer("holds no picture")
    return Artifact(picture_bytes(pictures[0]), None)
