"""From prompts and a look to jobs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from sdbr.bedrock.catalog import Catalog
from sdbr.bedrock.families import dialect_of
from sdbr.bedrock.families.sdxl import SIZES
from sdbr.bedrock.rules import ASPECTS
from sdbr.errors import UsageProblem
from sdbr.model import Model
from sdbr.request import ImageRequest, Size
from sdbr.workflows.job import Finish, Job
from sdbr.workspace import slug

_LARGEST_SIDE = 8192


@dataclass(frozen=True, slots=True)
class Look:
    """What to draw and in which way, as the flags tell it."""

    negative: str = ""
    model: str | None = None
    family: str | None = None
    count: int = 1
    seed: int | None = None
    aspect: str | None = None
    size: str | None = None
    style: str | None = None
    extras: tuple[tuple[str, Any], ...] = ()
    format: str = "png"
    quality: int | None = None


def jobs_for(prompts: Iterable[str], look: Look, catalog: Catalog, folder: Path) -> list[Job]:
    """A job for each prompt and each of `look.count`, still without a seed.

    Raises UsageProblem for a model, size or aspect that cannot be.
    """
    model = choose(catalog, look.model, look.family, "text-to-image")
    size = parse_size(look.size) if look.size else None
    exact = size is not None and "size" in dialect_of(model).takes(model)
    wanted_format = "png" if look.quality is not None else look.format
    request = ImageRequest(
        model=model,
        negative_prompt=look.negative,
        aspect=look.aspect or (nearest_aspect(size) if size and not exact else None),
        size=size if exact else None,
        style=look.style,
        format=wanted_format if wanted_format in dialect_of(model).formats(model) else "png",
        extras=look.extras,
    )
    finish = Finish(format=look.format, quality=look.quality, size=size)
    return [
        Job(replace(request, prompt=prompt), folder, slug(prompt), finish)
        for prompt in prompts
        for _ in range(look.count)
    ]


def choose(catalog: Catalog, name: str | None, family: str | None, task: str) -> Model:
    """The model called `name`, or the cheapest one alive for `task`.

    Raises UsageProblem where the model does something else.
    """
    able = catalog.able(task, date.today())
    if name is None:
        return able[0]
    model = catalog.find(name, family)
    if task not in model.tasks:
        from sdbr.bedrock.catalog import names_of

        what = {"text-to-image": "draw from words alone"}.get(task, f"do {task}")
        raise UsageProblem(f"{model.title} cannot {what}. Use --model {names_of(able)}.")
    return model


def parse_size(text: str) -> Size:
    """Read `WxH` in pixels. Raises UsageProblem."""
    told = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", text.strip().lower())
    if told is None or not all(64 <= int(side) <= _LARGEST_SIDE for side in told.groups()):
        raise UsageProblem(
            f"--size is {text!r}: give WxH with sides of 64 to {_LARGEST_SIDE} pixels, such as "
            f"{SIZES[0]}."
        )
    return Size(*map(int, told.groups()))


def nearest_aspect(size: Size) -> str:
    """The one of Bedrock's nine aspect ratios whose shape is nearest."""

    def distance(aspect: str) -> float:
        width, height = map(int, aspect.split(":"))
        wide, tall = width * size.height, height * size.width
        return max(wide, tall) / min(wide, tall)

    return min(ASPECTS, key=distance)
