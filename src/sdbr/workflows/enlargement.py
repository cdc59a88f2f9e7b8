"""What an upscaler makes of a picture, so that none is paid for that does not come out larger.

Fast Upscale gives four times each side, the others about 4K. A picture that would have to be
shrunk or cropped first is refused: what was taken away does not come back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import sqrt

from sdbr.bedrock.families import family_of
from sdbr.errors import InputProblem
from sdbr.media.stills.fit import Fit, Placement, allows, describe_rule, plan_fit
from sdbr.request import Model, Size

_FAST_FACTOR = 4  # Times a side, by Fast Upscale; AWS's User Guide, "Stability AI Image Services".
_LONG_SIDE, _MOST_PIXELS = 3840, 9_437_184  # The guide says "4K" of the others.
_WIDEST = "stability.stable-conservative-upscale-v1:0"  # Takes the largest pictures of the three.


def enlarges(model: Model) -> bool:
    """Whether the model is an upscaler."""
    return any(task.startswith("upscale-") for task in model.tasks)


def enlarged_size(size: Size, model: Model) -> Size:
    """The size that comes out: exact for Fast Upscale, else as near as "4K" says; sides even."""
    if "upscale-fast" in model.tasks:
        return Size(_FAST_FACTOR * size.width, _FAST_FACTOR * size.height)
    times = min(_LONG_SIDE / max(size), sqrt(_MOST_PIXELS / (size.width * size.height)))
    return Size(*(max(2, 2 * round(side * times / 2)) for side in size))


def enlargement_remarks(sizes: Iterable[tuple[Size, Model]]) -> tuple[str, ...]:
    """A remark for the price: what comes out, where it is one size; models that enlarge alone."""
    wanted = {(size, model) for size, model in sizes if enlarges(model)}
    if len(wanted) != 1:
        return ()
    size, model = wanted.pop()
    about = "" if "upscale-fast" in model.tasks else "about "
    return (f"from {size} to {about}{enlarged_size(size, model)}",)


def place_whole(size: Size, model: Model, mode: Fit, name: str) -> Placement:
    """How a picture of this size goes to the model; to an upscaler whole and unscaled.

    Raises InputProblem where an upscaler does not take it so, or would not make it larger.
    """
    rule = family_of(model).size_rule(model)
    placement = plan_fit(size, rule, mode)
    if not enlarges(model):
        return placement
    result = enlarged_size(size, model)
    if placement.placed.size != size:
        raise InputProblem(
            f"{name} is {size}, and {model.title} takes {describe_rule(rule)}, so it would have "
            f"to be scaled or cropped first. {_advice(size, model)}"
        )
    if result.width <= size.width:
        raise InputProblem(
            f"{name} is {size}, and {model.title} would return about {result}, which is no "
            "larger. Leave it as it is."
        )
    return placement


def _advice(size: Size, model: Model) -> str:
    """What is possible instead."""
    other = replace(model, id=_WIDEST, tasks=("upscale-conservative",))
    result = enlarged_size(size, other)
    if allows(family_of(other).size_rule(other), size) and result.width > size.width:
        return f"Conservative Upscale would return about {result}."
    fitting = plan_fit(size, family_of(model).size_rule(model)).placed.size
    result = enlarged_size(fitting, model)
    if result.width <= size.width:
        return "No upscaler can enlarge it: leave it as it is."
    return f"Resize it to {fitting} first; the result will be about {result}."
