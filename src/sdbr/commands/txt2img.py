"""sdbr txt2img: pictures from words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdbr.bedrock.rules import ASPECTS, STYLES
from sdbr.helping import Command
from sdbr.options import Run, collected, grouped, run_options

if TYPE_CHECKING:
    from sdbr.workflows.txt2img import Look

_EXAMPLES = """
sdbr txt2img "a lighthouse at dusk" --offline
sdbr txt2img "a red fox" "a blue fox" --count 4 --seed 7 --max-cost 0.50
sdbr txt2img "a harbour" --model ultra --aspect 16:9 --negative "people, text"
sdbr txt2img --prompts ideas.txt --format webp --json
echo "a fox" | sdbr txt2img - -o fox.png
"""

_look = grouped("Look")
_sdxl = grouped("SDXL only")
_format = grouped("Output")


def _as_look(**told: Any) -> Look:
    from sdbr.workflows.txt2img import Look

    extras = {
        "steps": told.pop("steps"),
        "cfg_scale": told.pop("cfg_scale"),
        "sampler": told.pop("sampler"),
        "clip_guidance_preset": told.pop("clip_guidance"),
    }
    chosen = tuple(sorted((k, v) for k, v in extras.items() if v is not None))
    return Look(extras=chosen, **told)


look_options = collected(
    "look",
    _as_look,
    _look("--negative", default="", help="What to leave out."),
    _look("--model", "-m", help="Alias, id or ARN [default: the cheapest alive]."),
    _look("--family", help="The model that an unknown id or ARN speaks like."),
    _look("--count", "-n", type=click.IntRange(1), default=1, help="Pictures for each prompt."),
    _look(
        "--seed",
        type=click.IntRange(1, 4_294_967_294),
        help="The first seed; the next pictures take the next ones.",
    ),
    _look("--aspect", metavar="W:H", help=f"One of {', '.join(ASPECTS)}."),
    _look("--size", metavar="WxH", help="Exact size in pixels."),
    _look("--style", metavar="STYLE", help=f"{', '.join(STYLES)} (SDXL and some services)."),
    _sdxl("--steps", type=int, help="10 to 150."),
    _sdxl("--cfg-scale", type=float, help="0 to 35: how closely to follow the prompt."),
    _sdxl("--sampler", help="DDIM, K_EULER_ANCESTRAL, K_DPMPP_2M, …"),
    _sdxl("--clip-guidance", help="NONE, SIMPLE, FAST_BLUE, …"),
    _format(
        "--format",
        type=click.Choice(["png", "jpeg", "jpg", "webp"]),
        help="File format [default: png, or by the suffix of -o].",
    ),
    _format("--quality", type=click.IntRange(1, 100), help="Of JPEG and WebP."),
)


@click.command("txt2img", cls=Command, examples=_EXAMPLES)
@click.argument("prompts", nargs=-1, metavar="PROMPT...")
@_look("--prompts", "file", type=click.Path(path_type=Path), help="Prompts, one a line.")
@look_options
@run_options
def command(prompts: tuple[str, ...], file: Path | None, look: Look, run: Run) -> None:
    """Draw pictures from words and print their paths, one a line.

    PROMPT is what to draw; several draw several pictures, - reads them from stdin, one a line.
    Files go to source/img and carry how they were made.
    """
    from dataclasses import replace

    from sdbr.delivery import deliver
    from sdbr.workflows.targets import format_of
    from sdbr.workflows.txt2img import jobs_for
    from sdbr.workflows.wording import all_prompts
    from sdbr.workspace import Workspace

    wanted = all_prompts(prompts, file)
    look = replace(look, format=format_of(look.format, run.output.to))
    look = replace(look, model=look.model or run.config.models.get("txt2img"))
    jobs = jobs_for(wanted, look, run.catalog(), Workspace(run.root).source_img)
    seeds = (
        [look.seed + number for _ in wanted for number in range(look.count)] if look.seed else None
    )
    deliver("txt2img", jobs, seeds, run)
