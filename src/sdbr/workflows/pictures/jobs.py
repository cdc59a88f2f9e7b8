"""From looks and input pictures to jobs, still without the seeds that are drawn at random."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sdbr.bedrock.catalog import Catalog
from sdbr.bedrock.families import family_of, seed_within
from sdbr.errors import SdbrError, UsageProblem
from sdbr.request import ImageRequest, Model
from sdbr.workflows.look import (
    Look,
    choose,
    flags_of,
    look_of,
    nearest_aspect,
    parse_size,
    request_of,
)
from sdbr.workflows.names import template_of
from sdbr.workflows.pictures.job import Finish, Job, slots_of
from sdbr.workflows.run import prepare_each
from sdbr.workflows.sweep import expand
from sdbr.workspace import Workspace, kept_name

if TYPE_CHECKING:
    from sdbr.media.stills.fit import Placement
    from sdbr.workflows.prepare import FitOptions, PreparedPicture


@dataclass(frozen=True, slots=True)
class PictureSpec:
    """What a command wants drawn: its name, its flags, how often, and the model it prefers.

    `file_name` is what --name says, a stem or a template; None chooses one.
    """

    command: str
    flags: Mapping[str, object]
    count: int
    file_name: str | None
    default_model: str | None = None
    task: str = "text-to-image"


@dataclass(frozen=True, slots=True)
class Attachments:
    """Pictures that go beside the input: a mask (black is repainted if inverted) and a style."""

    mask: Path | None = None
    invert_mask: bool = False
    style_image: Path | None = None


@dataclass(frozen=True, slots=True)
class ListedPrompt:
    """A prompt, flags of its own by name, and where it stands, such as "ideas.txt, line 2"."""

    text: str
    flags: Mapping[str, object] = field(default_factory=dict)
    where: str = ""


def from_words(
    prompts: Iterable[ListedPrompt], wanted: PictureSpec, catalog: Catalog, workspace: Workspace
) -> list[Job]:
    """A job for each prompt, each combination of flags, and each of the count.

    A prompt's own flags, its count and its name among them, stand before those of the command.
    Raises UsageProblem.
    """
    jobs: list[Job] = []
    for prompt in prompts:
        first = slots_of(job.slot for job in jobs)
        try:
            jobs += _of_prompt(prompt, wanted, first, catalog, workspace)
        except UsageProblem as error:
            # The command's own flags may be wrong, too.
            if any(name.replace("_", "-") in str(error) for name in prompt.flags):
                error.args = (f"{prompt.where}: {error}",)
            raise
    return jobs


def _of_prompt(
    prompt: ListedPrompt, wanted: PictureSpec, first: int, catalog: Catalog, workspace: Workspace
) -> Iterator[Job]:
    flags = {"prompt": prompt.text, **wanted.flags, **prompt.flags}
    count = int(str(flags.pop("count", wanted.count)))
    name = str(flags.pop("name", wanted.file_name or ""))
    for variant in expand(flags, workspace.wildcards):
        look = look_of(variant.values)
        model = choose(catalog, look.model or wanted.default_model, look.family, "text-to-image")
        look = replace(look, model=model.invoke_id)
        job = Job(
            request=request_of(look, model),
            folder=workspace.source_img,
            finish=finish_of(look.format, look.quality, look.size),
            flags=tuple(flags_of(look).items()),
            labels=variant.labels,
        )
        yield from _repeat(job, look.seed, count, first, name)


def from_pictures(
    paths: Iterable[Path],
    wanted: PictureSpec,
    beside: Attachments,
    catalog: Catalog,
    workspace: Workspace,
) -> tuple[list[Job], list[SdbrError]]:
    """A job for each picture, each combination of flags, and each of `wanted.count`.

    Beside them, why some of the pictures cannot be used; raises InputProblem where none can.
    """
    variants = expand(wanted.flags, workspace.wildcards)
    ready = _JobFactory(beside, workspace.hidden / "inputs")

    def jobs_of(path: Path, before: Sequence[list[Job]]) -> list[Job]:
        first = slots_of(job.slot for jobs in before for job in jobs)
        jobs: list[Job] = []
        for variant in variants:
            look = look_of(variant.values)
            model = choose(catalog, look.model or wanted.default_model, look.family, wanted.task)
            job = ready.job(path, replace(look, model=model.invoke_id), model)
            job = replace(job, folder=workspace.generate_img, labels=variant.labels)
            jobs += _repeat(job, look.seed, wanted.count, first, wanted.file_name)
        return jobs

    each, failed = prepare_each(paths, jobs_of)
    return [job for jobs in each for job in jobs], failed


class _JobFactory:
    """Prepares each picture once for each model, however many variants want it.

    What opens pictures is imported when one is there: drawing from words starts without it.
    """

    def __init__(self, beside: Attachments, store: Path) -> None:
        self._beside = beside
        self._store = store
        self._ready: dict[tuple[Path, str, FitOptions, str], PreparedPicture] = {}

    def job(self, path: Path, look: Look, model: Model) -> Job:
        from sdbr.workflows.prepare import FitOptions, attach

        takes = family_of(model).takes(model)
        alpha = "mask" in takes and self._beside.mask is None
        options = FitOptions(look.fit, look.background, keep_alpha=alpha)
        main = self._prepare(path, model, options, self._store, "init_image")
        masked = self._beside.mask is not None or "mask_source" in dict(look.extras)
        unmasked = "mask" in takes and _needs_mask(model) and self._beside.mask is None
        if unmasked and not main.has_alpha:
            raise UsageProblem(
                f"{model.title} needs a mask, and {path.name} has no transparent area. Add --mask."
            )
        blobs, attached = attach(model, self._beside, main.placement, self._store, self._prepare)
        request = request_over_picture(look, model, masked)
        request = replace(request, init_image=main.blob, **blobs)
        if request.aspect is None and "aspect" in takes and "style-guide" in model.tasks:
            # A model that draws a shape of its own is asked for the input's.
            request = replace(request, aspect=nearest_aspect(main.placement.source))
        placement = None if _OWN_SHAPE & set(model.tasks) else main.placement
        return Job(
            request=request,
            folder=Path(),
            stem=kept_name(path.stem),
            finish=finish_of(look.format, look.quality, look.size, placement),
            inputs=(main.source, *attached),
            treatment=main.treatment,
            flags=tuple(flags_of(look).items()),
            before=path,
        )

    def _prepare(
        self, path: Path, model: Model, options: FitOptions, store: Path, role: str
    ) -> PreparedPicture:
        from sdbr.workflows.prepare import prepare

        key = (path, model.id, options, role)
        if key not in self._ready:
            self._ready[key] = prepare(path, model, options, store, role)
        return self._ready[key]


def request_over_picture(look: Look, model: Model, masked: bool = False) -> ImageRequest:
    """The request over an input picture, its strength the model's default where none is told."""
    request = request_of(look, model, over_picture=True)
    scheduled = any(name.startswith("step_schedule") for name, _ in look.extras)
    if request.strength is not None or scheduled or masked:
        return request
    return replace(request, strength=family_of(model).default_strength(model))


def finish_of(
    format: str, quality: int | None, size: str | None, placement: Placement | None = None
) -> Finish:
    """What the flags say of the file; `placement` is that of the init image."""
    return Finish(format, quality, parse_size(size) if size else None, placement)


def _needs_mask(model: Model) -> bool:
    """Inpaint and Erase do nothing without one; SDXL draws over the whole picture."""
    return model.needs_profile and bool({"inpaint", "erase-object"} & set(model.tasks))


_OWN_SHAPE = frozenset({"outpaint", "style-guide"})


def _repeat(
    job: Job, seed: int | None, count: int, first_slot: int, name: str | None
) -> Iterator[Job]:
    """The job `count` times, each with its name and its seed, or a slot for one to be drawn."""
    model = job.request.model
    seedless = "seed" not in family_of(model).takes(model)
    if seedless and (seed is not None or count > 1):
        flag = "--seed" if seed is not None else "--count"
        raise UsageProblem(
            f"{model.title} has no seed: every result is the same. Leave out {flag}."
        )
    fields = [field for field, _ in job.labels]
    template = template_of(name, fields, over_input=job.before is not None, seedless=seedless)
    for number in range(count):
        numbered = [("picture", str(number + 1))] if count > 1 else []
        again = replace(job, labels=(*job.labels, *numbered), seedless=seedless, name=template)
        if seed is not None:
            within = seed_within(model, seed + number)
            yield replace(again, request=replace(job.request, seed=within))
        else:
            yield replace(again, slot=None if seedless else first_slot + number)
