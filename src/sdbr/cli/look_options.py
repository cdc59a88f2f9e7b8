"""The options of the look, shared by all that draws; they arrive as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sdbr.bedrock import families
from sdbr.bedrock.validation import ASPECTS, STYLES, flag
from sdbr.cli.numbers import FiniteNumber, WholeNumber
from sdbr.cli.options import CommandFunction, Decorator, collect_options, grouped
from sdbr.errors import UsageProblem

if TYPE_CHECKING:
    from sdbr.workflows.pictures.jobs import Attachments

_look = grouped("Generation (pictures take several values: a,b or 1..9 or 0.2..0.8..0.2)")
_format = grouped("Output")
_picture = grouped("Input")


@dataclass(frozen=True, slots=True)
class LookFlags:
    """The flags by the request's own field names; None where nothing was told."""

    flags: Mapping[str, object]
    count: int
    sheet: bool
    format: str | None

    def with_format(self, format: str) -> dict[str, object]:
        """All flags as one mapping, with the format that was settled."""
        return {**self.flags, "format": format}


def _as_told(
    *, count: int, sheet: bool, format: str | None, look: str | None, **values: object
) -> LookFlags:
    values = _in_our_words(values)
    return LookFlags(_under(look, values) if look else values, count, sheet, format)


def _in_our_words(values: dict[str, object]) -> dict[str, object]:
    """The flags, with SDXL's width, height and image strength in our words."""
    sides, kept = [values.pop(name, None) for name in SIDES], values.pop("image_strength", None)
    if sides != [None, None]:
        if None in sides or values["size"] is not None:
            raise UsageProblem("Use both --width and --height, or --size WxH.")
        values["size"] = "x".join(map(str, sides))
    if isinstance(kept, float):
        if values["strength"] is not None:
            raise UsageProblem("--image-strength is 1 minus --strength. Use only one of them.")
        # How much of the input stays: the other way round.
        values["strength"] = f"{round(1 - kept, 6):g}"
    return values


def _under(look: str, values: dict[str, object]) -> dict[str, object]:
    """The flags over those of a look from sdbr.toml, as far as the command has them."""
    from sdbr import config

    known = config.load(click.get_current_context().params["root"]).looks
    if look not in known:
        names = (
            f"Available looks: {', '.join(known)}" if known else f"Add [looks.{look}] to sdbr.toml"
        )
        raise UsageProblem(f"Unknown --look {look!r}. {names}; see `sdbr config`.")
    flags = {**known[look]}
    prefix = {"prefix": flags.pop("prompt")} if "prompt" in flags else {}
    kept = {name: value for name, value in flags.items() if values.get(name, "") is None}
    return {**values, **kept, **prefix}


LOOK = (
    _look("--look", metavar="NAME", help="Use the flags under [looks.NAME] in sdbr.toml."),
    _look("--model", "-m", metavar="MODEL", help="Alias, ID or ARN; see `sdbr models`."),
    _look("--family", metavar="MODEL", help="Model whose API an unlisted ID or ARN uses."),
    _look("--negative", metavar="PROMPT", help="Negative prompt: what to leave out."),
)
STYLE = _look(
    "--style",
    metavar="STYLE",
    help="Style preset, such as anime. For models without presets it is added to the prompt. "
    f"One of {', '.join(STYLES)}.",
)


def seed_option(help: str) -> Decorator:
    """The option --seed of a command whose seed is, by default, what `help` says."""
    return _look("--seed", metavar="N", help=help)


def format_option(default: str) -> Decorator:
    """The option --format of pictures, which is `default` unless it is set."""
    return _format(
        "--format",
        type=click.Choice(["png", "jpeg", "jpg", "webp"]),
        metavar="FORMAT",
        help=f"png, jpeg or webp [default: {default}].",
    )


SEED = seed_option(
    "Seed, for repeatable results [default: random]. With --count, each further picture "
    "adds 1. Frames follow --seed-policy."
)
FORMAT = format_option("png, or from -o")
PICTURES = (
    _look(
        "--count",
        "-n",
        type=WholeNumber(1, 10_000),
        default=1,
        metavar="N",
        help="Pictures per prompt or input [default: 1].",
    ),
    _look(
        "--size",
        metavar="WxH",
        help="Size in pixels. The result is resampled if the model generates another size.",
    ),
)
ASPECT = _look(
    "--aspect", metavar="W:H", help=f"Aspect ratio, such as 16:9. One of {', '.join(ASPECTS)}."
)
FAMILIES = tuple(
    grouped(f"{title} only")(
        flag(one.field), one.field, metavar="VALUE", help=one.help, hidden=one.hidden
    )
    for title, several in families.flags().items()
    for one in several
)
"""The flags that one family of models alone has, of all families."""
SIDES = ("width", "height")
_DIMENSIONS = tuple(_look(f"--{side}", type=WholeNumber(1), hidden=True) for side in SIDES)
_image_strength = _picture("--image-strength", type=FiniteNumber(0, 1), hidden=True)


def _strength(function: CommandFunction) -> CommandFunction:
    both = _picture(
        "--strength",
        metavar="0..1",
        help="Denoising strength: 0 keeps the input, 1 ignores it. "
        "The default depends on the model.",
    )
    return both(_image_strength(function))


INPUT = (
    _strength,
    _picture(
        "--fit",
        type=click.Choice(["contain", "cover", "stretch", "none"]),
        metavar="HOW",
        help="contain, cover, stretch or none [default: contain]. How to fit the input to a size "
        "that the model accepts.",
    ),
    _picture(
        "--background", metavar="COLOR", help="Color behind transparent parts [default: white]."
    ),
)
grow_mask = _picture("--grow-mask", metavar="PIXELS", help="Grow the mask by 0 to 20 pixels.")
SHEET = _format("--sheet", is_flag=True, help="Add a contact sheet of all results.")
FILE = (
    _format(
        "--quality",
        type=WholeNumber(1, 100),
        metavar="1..100",
        help="Re-encode JPEG or WebP at this quality. By default the model's file is kept.",
    ),
    SHEET,
)


def look_options(*more: Decorator, seed: Decorator = SEED, format: Decorator = FORMAT) -> Decorator:
    """A decorator that adds the options of the look, and `more` of its kind, as `told`."""
    own = (*LOOK, seed, STYLE, *PICTURES, *_DIMENSIONS, *more, format, *FILE)
    return collect_options("look_flags", _as_told, *own)


def animation_look_options(*more: Decorator) -> Decorator:
    """As `look_options`, for one animation a run: `more` has its `--format` and `--sheet`."""
    return collect_options("look_flags", partial(_as_told, count=1), *LOOK, SEED, STYLE, *more)


def video_look_options(*more: Decorator) -> Decorator:
    """As `look_options`, for one video a clip, whose kind and size are told otherwise."""
    own = (*LOOK, SEED, STYLE, *more, SHEET)
    return collect_options("look_flags", partial(_as_told, count=1, format=None), *own)


def _as_beside(mask: Path | None, invert_mask: bool, style_image: Path | None) -> Attachments:
    from sdbr.workflows.pictures.jobs import Attachments

    return Attachments(mask, invert_mask, style_image)


beside_options = collect_options(
    "beside",
    _as_beside,
    _picture(
        "--mask",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Mask: white is repainted (sdxl, inpaint, erase).",
    ),
    _picture("--invert-mask", is_flag=True, help="Repaint the black parts of the mask instead."),
    _picture(
        "--style-image",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Image whose style to apply (style-transfer).",
    ),
)
