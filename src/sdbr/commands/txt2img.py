"""sdbr txt2img: generate pictures from a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from click.core import ParameterSource

from sdbr.cli.help import Command
from sdbr.cli.look_options import ASPECT, FAMILIES, LookFlags, look_options
from sdbr.cli.options import RUN_ESSENTIALS, Run, grouped, run_options
from sdbr.errors import UsageProblem

_EXAMPLES = """
sdbr txt2img "a lighthouse at dusk" --offline
sdbr txt2img "a {red|blue} fox" --count 4 --seed 7 --max-cost 0.50 --sheet
sdbr txt2img "a harbor" --model ultra --aspect 16:9 --negative "people, text"
sdbr txt2img --prompts ideas.csv --format webp --json
sdbr txt2img --each "a fox" "an owl" --count 2
echo "a fox" | sdbr txt2img - -o fox.png
"""
_look = grouped("Prompt")
_ESSENTIALS = (
    *("--prompts", "--each", "--model", "--negative", "--count", "--seed", "--aspect"),
    *("--size", "--style", "--format", "--sheet"),
    *RUN_ESSENTIALS,
)


@click.command("txt2img", cls=Command, epilog=_EXAMPLES, essentials=_ESSENTIALS)
@click.argument("prompts", nargs=-1, metavar="PROMPT...")
@_look(
    "--prompts",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File of prompts, one per line. A line may end in flags (a fox --seed 5); CSV, TSV and "
    "JSON lines have a column per flag.",
)
@_look("--each", is_flag=True, help="Generate each PROMPT separately.")
@look_options(ASPECT, *FAMILIES)
@run_options
def command(
    prompts: tuple[str, ...], file: Path | None, each: bool, look_flags: LookFlags, run: Run
) -> None:
    """Generate pictures from prompts and print their paths, one per line.

    Put PROMPT in quotes; - reads prompts from stdin, one per line. The default model is the
    cheapest active one. Files go to source/img and record how they were made.
    """
    from sdbr.workflows.outputs import format_of
    from sdbr.workflows.pictures.draw import deliver
    from sdbr.workflows.pictures.jobs import ListedPrompt, PictureSpec, from_words
    from sdbr.workflows.prompt_list import prompt_lines
    from sdbr.workspace import Workspace

    catalog = run.catalog()
    setup = run.setup(catalog)
    lines = prompt_lines(prompts, file, each=each, join=setup.console.terminal)
    options = _line_options(look_flags)
    listed = [
        ListedPrompt(line.text, _flags_of(line.flags, line.where, options), line.where)
        for line in lines
    ]
    flags = look_flags.with_format(format_of(look_flags.format, run.output.to))
    wanted = PictureSpec(
        "txt2img",
        flags,
        look_flags.count,
        run.output.name,
        run.config.models.get("txt2img"),
    )
    jobs = from_words(listed, wanted, catalog, Workspace(run.root))
    deliver("txt2img", jobs, setup, sheet=look_flags.sheet)


def _line_options(look_flags: LookFlags) -> list[click.Parameter]:
    """The options that may stand with one prompt of a list: those that shape its pictures."""
    names = {*look_flags.flags, "count", "name"}
    return [option for option in click.get_current_context().command.params if option.name in names]


def _flags_of(
    words: Sequence[str], where: str, options: list[click.Parameter]
) -> dict[str, object]:
    """The flags of one line, read as the command line's are. Raises UsageProblem."""
    reader = click.Command("", params=options, add_help_option=False)
    above = click.get_current_context()
    try:
        with reader.make_context("", list(words), parent=above) as context:
            given = context.params.items()
            source = context.get_parameter_source
            return {n: value for n, value in given if source(n) is ParameterSource.COMMANDLINE}
    except click.UsageError as error:
        from sdbr.cli.hints import usage_message

        message = usage_message(error, above.command.params)
        raise UsageProblem(f"{where}: {message} See `{above.command_path} --help`.") from error
