"""From a result's record back to the jobs that make it again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from sdbr.bedrock.catalog import Catalog
from sdbr.config.drawing_commands import DRAWING
from sdbr.errors import InputProblem, UsageProblem
from sdbr.media.stills.fit import Fit
from sdbr.workflows.names import check_template, escape_name, fields_among, with_fields
from sdbr.workflows.outputs import FORMATS
from sdbr.workflows.pictures.job import Job
from sdbr.workflows.pictures.jobs import (
    Attachments,
    ListedPrompt,
    PictureSpec,
    from_pictures,
    from_words,
)
from sdbr.workflows.prepare import used_input
from sdbr.workflows.prompt_template import escape_prompt
from sdbr.workflows.provenance import read
from sdbr.workflows.sweep import TEXTS, single_variant
from sdbr.workspace import Workspace, kept_name, slug


def find_result(file: str, workspace: Workspace) -> Path:
    """The one result called `file`, a path or a bare name. Raises InputProblem."""
    paths = read.results([file], workspace)
    if len(paths) != 1:
        raise InputProblem(f"{file} matches {len(paths)} files. Name one of them.")
    return paths[0]


def jobs_again(
    path: Path,
    made: Mapping[str, Any],
    wanted: PictureSpec,
    beside: Attachments,
    catalog: Catalog,
    workspace: Workspace,
) -> tuple[str, list[Job]]:
    """The command and the jobs that `made` the file at `path`, under the flags that are `wanted`.

    Raises InputProblem where the record does not say how it was made, or an input is gone.
    """
    told = made.get("told")
    if told is None or "command" not in made:
        raise InputProblem(
            f"{path} has no record of how it was made. Only files that sdbr made can be replayed."
        )
    changed = {name: value for name, value in wanted.flags.items() if value is not None}
    flags = {**_drawable(told), "seed": made.get("seed")}
    # What was drawn are words, whatever they look like.
    flags |= {name: escape_prompt(flags[name]) for name in TEXTS & flags.keys()}
    flags = with_known_model(path, flags, changed, catalog)
    try:
        single_variant(flags)
    except UsageProblem as problem:
        raise InputProblem(
            f"{path} has a record that no longer fits the flags. {problem}"
        ) from problem
    flags |= changed
    command = made["command"]
    if command not in DRAWING:
        raise InputProblem(
            f"{path} was made by {str(command)[:40]!r}, which does not generate pictures."
        )
    wanted = replace(wanted, command=command, flags=flags, task="image-to-image")
    store = workspace.hidden / "inputs"
    used = {one["role"]: used_input(one, store) for one in made.get("inputs", [])}
    if "init_image" not in used:
        prompt = ListedPrompt(str(flags.pop("prompt", "")))
        jobs = from_words([prompt], replace(wanted, flags=flags), catalog, workspace)
    else:
        beside = replace(
            beside,
            mask=beside.mask or used.get("mask"),
            style_image=beside.style_image or used.get("style_image"),
        )
        jobs, _ = from_pictures([used["init_image"]], wanted, beside, catalog, workspace)
    jobs = [replace(job, stem=kept_name(made.get("stem", job.source_stem))) for job in jobs]
    if not wanted.file_name:
        jobs = [_name_again(job, made, fields_among(changed)) for job in jobs]
    return command, jobs


def _name_again(job: Job, made: Mapping[str, Any], changed: Iterable[str]) -> Job:
    """The job called as the result was that it makes again, with the fields that `changed`."""
    name = made.get("name", "")
    drawn = (made.get("request") or {}).get("prompt", "")
    if not name and not job.before and job.stem != slug(drawn):  # A record of before, with a stem.
        name = f"{escape_name(job.stem)}-{{seed}}"
    if not name and job.seedless:
        name = escape_name(job.stem)
    name = re.sub(r"[/\\]", "_", with_fields(name or job.name, changed))
    try:
        check_template(name, (flag for flag, _ in job.flags), over_input=job.before is not None)
    except UsageProblem:
        return job  # A record says anything.
    return replace(job, name=name)


def with_known_model(
    path: Path, recorded: Mapping[str, Any], changed: Mapping[str, Any], catalog: Catalog
) -> dict[str, Any]:
    """The flags that `path` records, without those that are `changed`.

    Anybody may have written them: the model is the catalog's, or it would be called at a price
    that nobody knows. Raises InputProblem.
    """
    flags = {name: value for name, value in recorded.items() if name not in changed}
    flags.pop("family", None)
    name = str(flags.get("model", catalog.models[0].id))
    known = {names for it in catalog.models for names in (it.id, f"us.{it.id}", *it.aliases)}
    if catalog.aliases.get(name, name) not in known:
        raise InputProblem(
            f"{path} was made with {name[:80]!r}, which is not in the catalog. Set --model, and "
            "--family for an ID or ARN of your own."
        )
    return flags


def _drawable(flags: Mapping[str, Any]) -> dict[str, Any]:
    """The recorded flags without those that no flag could have said: they become a file's name."""
    choices = {"format": FORMATS.values(), "fit": get_args(Fit)}
    return {
        name: value
        for name, value in flags.items()
        if name not in choices or value in choices[name]
    }
