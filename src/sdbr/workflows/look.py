"""One look: what to draw and in which way, as the flags tell it, one value each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import TYPE_CHECKING, Any

from sdbr.bedrock.catalog import Catalog, names_of
from sdbr.bedrock.families import family_of, seeds_of
from sdbr.bedrock.validation import ASPECTS, STYLE, Value, flag
from sdbr.errors import InputProblem, UsageProblem
from sdbr.request import ImageRequest, Model, Size

if TYPE_CHECKING:
    from sdbr.media.stills.fit import Fit

_LARGEST_SIDE = 8192  # Pixels: above any model's; beyond it Pillow would need gigabytes.
_SURROGATE = re.compile("[\ud800-\udfff]")  # As Python reads bytes that are no UTF-8.
_SMALLEST_SIDE = 64


@dataclass(frozen=True, slots=True)
class Look:
    """The flags of the look. None leaves a choice to the model, or to sdbr.

    `extras` are values that only some models know, by the model's own field names; `fit` and
    `background` say how an input picture is brought to a size and color that the model takes.
    """

    prompt: str = ""
    negative: str = ""
    model: str | None = None
    family: str | None = None
    seed: int | None = None
    aspect: str | None = None
    size: str | None = None
    style: str | None = None
    strength: float | None = None
    format: str = "png"
    quality: int | None = None
    fit: Fit = "contain"
    background: str = "white"
    extras: tuple[tuple[str, Value], ...] = ()


_OWN = frozenset(field.name for field in fields(Look)) - {"extras"}


def look_of(flags: Mapping[str, Any]) -> Look:
    """The look of flags by name; a name that no field has is an extra. None tells nothing.

    `prefix` is a named look's own words, which go into the prompt. Seed 0 asks for any seed, as AWS
    documents it, and tells nothing either. Raises InputProblem for words that the terminal did not
    give as UTF-8.
    """
    known = {name: value for name, value in flags.items() if value is not None}
    if known.get("seed") == 0:
        del known["seed"]
    for name, value in known.items():
        if isinstance(value, str) and (at := _SURROGATE.search(value)):
            what = "The prompt" if name == "prompt" else flag(name)
            line = value[: at.start()].count("\n") + 1
            raise InputProblem(
                f"{what}, line {line}: not valid UTF-8 text. Set the terminal to UTF-8, or use "
                "a file saved as UTF-8."
            )
    if prefix := known.pop("prefix", ""):
        known["prompt"] = add_prefix(prefix, known.get("prompt", ""))
    extras = tuple(sorted((name, value) for name, value in known.items() if name not in _OWN))
    return Look(extras=extras, **{name: known[name] for name in known.keys() & _OWN})


def add_prefix(prefix: str, prompt: str) -> str:
    """A named look's words around or before a prompt: in place of `{prompt}`, or in front."""
    if "{prompt}" in prefix:
        return " ".join(prefix.replace("{prompt}", prompt).split())
    comma = ", " if prompt and prefix[-1].isalnum() else " "
    return f"{prefix}{comma}{prompt}".strip()


def flags_of(look: Look) -> dict[str, object]:
    """The flags that make this look again, but for the seed; the opposite of `look_of`."""
    silent = Look()
    flags = {name: getattr(look, name) for name in sorted(_OWN - {"seed"})}
    changed = {name: value for name, value in flags.items() if value != getattr(silent, name)}
    return changed | dict(look.extras)


def choose(catalog: Catalog, name: str | None, family: str | None, task: str) -> Model:
    """The model called `name`, or the cheapest one alive for `task`.

    Raises UsageProblem where a model for words alone is needed and this one is not.
    """
    able = catalog.able(task, date.today())
    if name is None:
        return able[0]
    model = catalog.find(name, family)
    takes_pictures = "init_image" in family_of(model).takes(model)
    if task == "text-to-image" and task not in model.tasks:
        raise UsageProblem(
            f"{model.title} cannot generate from a prompt alone. Use --model {names_of(able)}."
        )
    if task != "text-to-image" and not takes_pictures:
        raise UsageProblem(
            f"{model.title} does not accept an input picture. Use --model {names_of(able)}, or "
            "see `sdbr models`."
        )
    return model


def request_of(look: Look, model: Model, *, over_picture: bool = False) -> ImageRequest:
    """The request that the look makes of `model`, without its pictures.

    Drawn `over_picture`, the size is the input's, and --size shapes the finished file alone.
    Raises UsageProblem for a size or a seed that cannot be.
    """
    size = parse_size(look.size) if look.size else None
    takes = family_of(model).takes(model)
    if look.seed is not None and "seed" in takes:
        # Seeds counted on from this one are brought into the range; this one must be.
        seeds_of(model).check("seed", look.seed)
    aspect = look.aspect
    draws_size = "size" in takes and not over_picture
    draws_aspect = "aspect" in takes and not over_picture
    if aspect is None and size is not None and draws_aspect and not draws_size:
        aspect = nearest_aspect(size)
    prompt, style = look.prompt, look.style
    if style is not None and "style" not in takes and "prompt" in takes:
        # A model without presets has it in words.
        words = f"{STYLE.check('style', style)} style".replace("-", " ")
        prompt, style = f"{prompt}, {words}" if prompt else words, None
    drawn_as = "png" if look.quality is not None else look.format
    return ImageRequest(
        model=model,
        prompt=prompt,
        negative_prompt=look.negative,
        seed=look.seed or 1,
        aspect=aspect,
        size=size if draws_size else None,
        style=style,
        strength=look.strength,
        format=drawn_as if drawn_as in family_of(model).formats(model) else "png",
        extras=look.extras,
    )


def style_remarks(requests: Iterable[tuple[object, ImageRequest]]) -> tuple[str, ...]:
    """A remark for each model without presets that was told a style, of (style, request)."""
    told = dict.fromkeys(one.model for style, one in requests if style and one.style is None)
    return tuple(
        f"{model.title} has no presets, so --style is added to the prompt" for model in told
    )


def parse_size(text: str) -> Size:
    """Read `WxH` in pixels. Raises UsageProblem."""
    match = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", text.strip().lower())
    if match and all(_SMALLEST_SIDE <= int(side) <= _LARGEST_SIDE for side in match.groups()):
        return Size(*map(int, match.groups()))
    raise UsageProblem(
        f"--size is {text!r}: use WxH with sides of {_SMALLEST_SIDE} to {_LARGEST_SIDE} pixels, "
        "such as 1024x768."
    )


def nearest_aspect(size: Size) -> str:
    """The one of Bedrock's nine aspect ratios whose shape is nearest."""

    def distance(aspect: str) -> float:
        width, height = map(int, aspect.split(":"))
        wide, tall = width * size.height, height * size.width
        return max(wide, tall) / min(wide, tall)

    return min(ASPECTS, key=distance)
