"""The options of the look, shared by all that draws; they arrive as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from sdbr.bedrock.rules import ASPECTS, STYLES
from sdbr.options import Decorator, collected, grouped

_look = grouped("Look (most take several values: a,b or 1..9 or 0.2:0.8:0.1, {red|blue} in texts)")
_sdxl = grouped("SDXL only")
_format = grouped("Output")
_picture = grouped("Input")


@dataclass(frozen=True, slots=True)
class Told:
    """The flags by the request's own field names; None where nothing was told."""

    flags: Mapping[str, Any]
    count: int
    sheet: bool
    format: str | None

    def with_format(self, format: str, **more: Any) -> dict[str, Any]:
        """All flags as one mapping, the prompt first, with the format that was settled."""
        return {**more, **self.flags, "format": format}


def _as_told(**values: Any) -> Told:
    count, sheet, format = (values.pop(name) for name in ("count", "sheet", "format"))
    values["clip_guidance_preset"] = values.pop("clip_guidance", None)
    return Told(values, count, sheet, format)


LOOK = (
    _look("--model", "-m", help="Alias, id or ARN; see `sdbr models`."),
    _look("--family", help="The model that an unknown id or ARN speaks like."),
    _look("--negative", help="What to leave out."),
    _look("--seed", help="First seed; further pictures take the next ones."),
    _look("--count", "-n", type=click.IntRange(1, 10_000), default=1, help="Pictures for each."),
    _look("--style", metavar="STYLE", help=f"{', '.join(STYLES)} (SDXL, most services)."),
    _look("--size", metavar="WxH", help="Exact size of the file in pixels."),
)
ASPECT = _look("--aspect", metavar="W:H", help=f"One of {', '.join(ASPECTS)}.")
SDXL = (
    _sdxl("--steps", help="10 to 150."),
    _sdxl("--cfg-scale", help="0 to 35: how closely to follow the prompt."),
    _sdxl("--sampler", help="DDIM, K_EULER_ANCESTRAL, K_DPMPP_2M, …"),
    _sdxl("--clip-guidance", help="NONE, SIMPLE, FAST_BLUE, …"),
)
INPUT = (
    _picture("--strength", help="0 keeps the input, 1 ignores it [default: by model]."),
    _picture(
        "--fit",
        type=click.Choice(["contain", "cover", "stretch", "none"]),
        help="How to bring it to a size the model takes [default: contain].",
    ),
    _picture("--background", metavar="COLOUR", help="Behind transparency [default: white]."),
)
grow_mask = _picture("--grow-mask", help="Widen what is repainted by 0 to 20 pixels.")
FORMAT = (
    _format(
        "--format",
        type=click.Choice(["png", "jpeg", "jpg", "webp"]),
        help="File format [default: png, or by the suffix of -o].",
    ),
    _format("--quality", type=click.IntRange(1, 100), help="Of JPEG and WebP."),
    _format("--sheet", is_flag=True, help="A contact sheet of all results as well."),
)


def look_options(*more: Decorator) -> Decorator:
    """A decorator that adds the options of the look, and `more` of its kind, as `told`."""
    return collected("told", _as_told, *LOOK, *more, *FORMAT)


def _as_beside(**told: Any) -> Any:
    from sdbr.workflows.jobs import Beside

    return Beside(**told)


beside_options = collected(
    "beside",
    _as_beside,
    _picture(
        "--mask",
        type=click.Path(path_type=Path),
        help="Repaint only what is white in this picture (sdxl, inpaint, erase).",
    ),
    _picture("--invert-mask", is_flag=True, help="Repaint what is black instead."),
    _picture(
        "--style-image",
        type=click.Path(path_type=Path),
        help="The picture whose style to take (style-transfer).",
    ),
)
