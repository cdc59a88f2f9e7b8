"""sdbr replay: make a result again, unchanged or with other flags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from sdbr.cli.help import Command
from sdbr.cli.look_options import (
    ASPECT,
    FAMILIES,
    INPUT,
    LookFlags,
    beside_options,
    format_option,
    look_options,
    seed_option,
)
from sdbr.cli.options import RUN_ESSENTIALS, Run, grouped, run_options
from sdbr.errors import InputProblem, UsageProblem
from sdbr.workflows.clips.flags import FACES

if TYPE_CHECKING:
    from sdbr.bedrock.catalog import Catalog
    from sdbr.workflows.pictures.jobs import Attachments

_EXAMPLES = """
sdbr replay generate/img/photo-7.png
sdbr replay generate/img/photo-7.png --strength 0.4,0.6 --sheet
sdbr replay fox-7.png --prompt "a blue fox" --seed 1..4
sdbr replay generate/videos/clip.mp4 --strength 0.4
"""


_MOVING = ("img2gif", "vid2vid")
_OWN = ("file", "prompt")
_SOURCES = ("clip", "init_image")
_BY_ROLE = ("mask", "style_image", "to_image", "protect", "only")
_FACES = (("protect", FACES), ("only", FACES))
_KINDS = ("container", "format")
_OURS = ("Output", "Spending", "Requests", "Connection")
_SHAPING = ("format", "quality")
_ESSENTIALS = (
    *("--prompt", "--negative", "--model", "--strength", "--count", "--seed"),
    *("--format", "--sheet"),
    *RUN_ESSENTIALS,
)


@click.command("replay", cls=Command, epilog=_EXAMPLES, essentials=_ESSENTIALS)
@click.argument("file", metavar="FILE")
@grouped("Prompt")("--prompt", metavar="PROMPT", help="New prompt.")
@look_options(
    *(*INPUT, ASPECT, *FAMILIES),
    seed=seed_option("Seed [default: that of FILE]. With --count, each further picture adds 1."),
    format=format_option("that of FILE, or from -o"),
)
@beside_options
@run_options
def command(
    file: str, prompt: str | None, look_flags: LookFlags, beside: Attachments, run: Run
) -> None:
    """Make FILE, a picture or a clip, again: unchanged from the cache, or with other flags.

    The inputs it was made from must still be in the same place.
    """
    from sdbr.console import Console
    from sdbr.media.credentials.verification import has_credentials
    from sdbr.workflows.pictures.draw import deliver
    from sdbr.workflows.pictures.jobs import PictureSpec
    from sdbr.workflows.provenance import read
    from sdbr.workflows.replay import find_result, jobs_again
    from sdbr.workspace import Workspace

    workspace = Workspace(run.root)
    path = find_result(file, workspace)
    made = read.read(path)
    catalog = run.catalog()
    if run.signing_files is None and has_credentials(path):
        Console(quiet=run.output.quiet).say(
            f"{path} is signed, but the new result will not be. To sign it, add --sign CERT KEY."
        )
    if {"frames", "told"} <= made.keys() and made.get("command") in _MOVING:
        _rerun(made, path, workspace.hidden / "inputs", catalog)
        return
    flags = {**look_flags.flags, "prompt": prompt, "format": look_flags.format}
    wanted = PictureSpec("replay", flags, look_flags.count, run.output.name)
    again, jobs = jobs_again(path, made, wanted, beside, catalog, workspace)
    deliver(again, jobs, run.setup(catalog), sheet=look_flags.sheet)


def _rerun(made: Mapping[str, Any], path: Path, store: Path, catalog: Catalog) -> None:
    """Run the command that made the clip `path` again, under the flags of this command.

    Raises InputProblem where an input is gone, UsageProblem for a flag the command has not.
    """
    context = click.get_current_context()
    group = context.find_root().command
    assert isinstance(group, click.Group)
    made_by = group.get_command(context, made["command"])
    assert made_by is not None
    from sdbr.workflows.names import escape_name, fields_among, with_fields
    from sdbr.workflows.replay import with_known_model
    from sdbr.workspace import kept_name

    overrides = _on_the_command_line(context)
    name = made.get("name") or escape_name(kept_name(made.get("stem", path.stem)))
    name = with_fields(name, fields_among(overrides))
    named = {} if _names_a_file(overrides) else {"name": name}
    told = with_known_model(path, made["told"], overrides, catalog)
    words = words_again(made_by, {**made, "told": told}, {**named, **overrides}, store)
    with made_by.make_context(made_by.name, words, parent=context.parent) as again:
        made_by.invoke(again)


def words_again(
    command: click.Command, made: Mapping[str, Any], changed: Mapping[str, Any], store: Path
) -> list[str]:
    """The words of the command line: the recorded flags under the `changed` ones."""
    from sdbr.bedrock.validation import flag
    from sdbr.workflows.clips.supplied import ROLE
    from sdbr.workflows.prepare import used_input
    from sdbr.workflows.prompt_template import escape_prompt

    options = {option.name: option for option in command.params if isinstance(option, click.Option)}
    for name in changed:
        if name not in options and name not in _OWN:
            raise UsageProblem(f"{command.name} does not support {flag(name)}.")
    inputs = made.get("inputs", [])
    beside = {one["role"]: used_input(one, store) for one in inputs if one["role"] in _BY_ROLE}
    own = [used_input(one, store) for one in inputs if one["role"] == ROLE]
    if own:
        beside["keyframes_from"] = _folder_of(own)
    recorded = dict(made["told"])
    if _names_a_file(changed):  # Its suffix says which kind of file.
        recorded = {name: value for name, value in recorded.items() if name not in _KINDS}
    recorded = {
        name: value
        for name, value in recorded.items()
        if name in options and (_may_tell(options[name]) or (name, value) in _FACES)
    }
    flags = {**recorded, "seed": made.get("seed"), **beside, **changed}
    words = [word for n, v in flags.items() if n in options for word in _words(options[n], v)]
    sources = [str(used_input(one, store)) for one in inputs if one["role"] in _SOURCES]
    prompt = changed.get("prompt") or escape_prompt((made.get("request") or {}).get("prompt", ""))
    return [*words, "--", *sources, *([prompt] if prompt else [])]


def _names_a_file(flags: Mapping[str, Any]) -> bool:
    return bool(Path(flags.get("to") or "").suffix)


def _folder_of(keyframes: Sequence[Path]) -> Path:
    """The folder of supplied keyframes. Raises InputProblem where it has others beside them."""
    from sdbr.workflows.inputs import PICTURES

    folder = keyframes[0].parent
    there = {one for one in folder.iterdir() if one.suffix.lower() in PICTURES}
    if {one for one in there if one.name[0] != "."} != set(keyframes):
        raise InputProblem(
            f"{folder} has other keyframes than the result was made from. To use them, run "
            "vid2vid again."
        )
    return folder


def _may_tell(option: click.Option) -> bool:
    """Whether a file may set the option: how the result looks, and never where it goes, what it
    may cost or whom it asks, nor which file is read. Inputs are known by their digest alone."""
    group = getattr(option, "group", "")
    files = isinstance(option.type, click.Path | click.File) or option.name in _BY_ROLE
    return (group not in _OURS or option.name in _SHAPING) and not files and not option.count


def _on_the_command_line(context: click.Context) -> dict[str, Any]:
    """What was told to this command itself; environment and files speak to the other one too."""
    return {
        name: value
        for name, value in context.params.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }


def _words(option: click.Option, value: Any) -> Iterator[str]:
    if value is None:
        return
    if option.is_flag:
        yield from option.opts[:1] if value else option.secondary_opts[:1]
    elif option.multiple:
        yield from (word for each in value for word in (option.opts[0], *each))
    elif option.nargs > 1:
        yield from (option.opts[0], *map(str, value))
    else:
        yield f"{max(option.opts, key=len)}={value}"
