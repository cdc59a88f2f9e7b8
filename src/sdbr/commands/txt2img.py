"""sdbr txt2img: pictures from words."""

from __future__ import annotations

from pathlib import Path

import click

from sdbr.cli.help import Command
from sdbr.cli.look_options import ASPECT, FAMILIES, LookFlags, look_options
from sdbr.cli.options import Run, grouped, run_options

_EXAMPLES = """
sdbr txt2img "a lighthouse at dusk" --offline
sdbr txt2img "a {red|blue} fox" --count 4 --seed 7 --max-cost 0.50 --sheet
sdbr txt2img "a harbor" --model ultra --aspect 16:9 --negative "people, text"
sdbr txt2img --prompts ideas.txt --format webp --json
echo "a fox" | sdbr txt2img - -o fox.png
"""


@click.command("txt2img", cls=Command, epilog=_EXAMPLES)
@click.argument("prompts", nargs=-1, metavar="PROMPT...")
@grouped("Look")("--prompts", "file", type=click.Path(path_type=Path), help="A file, one a line.")
@look_options(ASPECT, *FAMILIES)
@run_options
def command(prompts: tuple[str, ...], file: Path | None, look_flags: LookFlags, run: Run) -> None:
    """Draw pictures from words and print their paths, one a line.

    PROMPT is what to draw; several draw several pictures, - reads them from stdin, one a line.
    The model is the cheapest one alive unless you name one. Files go to source/img and carry how
    they were made.
    """
    from sdbr.workflows.outputs import format_of
    from sdbr.workflows.pictures.draw import deliver
    from sdbr.workflows.pictures.jobs import PictureSpec, all_prompts, from_words
    from sdbr.workspace import Workspace

    texts = all_prompts(prompts, file)
    flags = look_flags.with_format(format_of(look_flags.format, run.output.to))
    wanted = PictureSpec("txt2img", flags, look_flags.count, run.config.models.get("txt2img"))
    catalog = run.catalog()
    jobs = from_words(texts, wanted, catalog, Workspace(run.root))
    deliver("txt2img", jobs, run.setup(catalog), sheet=look_flags.sheet)
