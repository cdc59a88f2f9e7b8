"""Everything about an animation that is settled before the first request."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from sdbr.bedrock import body
from sdbr.bedrock.catalog import Catalog
from sdbr.bedrock.families import family_of, seed_within
from sdbr.errors import UsageProblem
from sdbr.generation.stack import Resources
from sdbr.media.clip import EncodingSettings
from sdbr.media.stills.fit import CropBox, Placement
from sdbr.media.stills.open import open_picture
from sdbr.media.stills.place import apply
from sdbr.request import ImageRequest, Model, Size
from sdbr.store.open_runs import open_run
from sdbr.workflows.animations import motions
from sdbr.workflows.animations.motions import AnimationFrame, Feedback, Motion, PreparedStill
from sdbr.workflows.animations.timeline import Timing
from sdbr.workflows.clips.folders import (
    ClipFolders,
    ClipRoots,
    ResultName,
    find_folders,
    fingerprint_of,
)
from sdbr.workflows.enlargement import enlarges
from sdbr.workflows.look import Look, choose
from sdbr.workflows.names import clip_stem
from sdbr.workflows.pictures.job import Input
from sdbr.workflows.pictures.jobs import Attachments, request_over_picture
from sdbr.workflows.prepare import (
    FitOptions,
    PreparedPicture,
    attach,
    prepare,
    prepare_like,
    read_file,
)

COMMAND = "img2gif"
_MOTIONS = {
    "vary": motions.vary,
    "evolve": motions.evolve,
    "ramp": motions.ramp,
    "journey": motions.journey,
}
_EVOLVING = 0.35  # More, and after a few frames nothing is left of the picture it began with.
_RISING = 0.75  # Where a ramp ends; at 1 nothing of the still would be left.
_DEFAULT = EncodingSettings()


@dataclass(frozen=True, slots=True)
class AnimationTarget:
    """How an animation is kept: `ending` is its suffix, `frame_suffix` that of kept frames.

    `width` is in pixels; None is the drawing's own, its longer side at most `longest` where that
    is given. `trial` draws only so many frames.
    """

    settings: EncodingSettings = _DEFAULT
    ending: str = ".gif"
    width: int | None = None
    longest: int | None = None
    frame_suffix: str = ".png"
    keep_frames: bool = True
    name: str | None = None
    sheet: bool = False
    trial: int | None = None


@dataclass(frozen=True, slots=True)
class AnimationSpec:
    """What is wanted of all animations of a run; `flags` are those that make them again."""

    look: Look
    motion: Motion
    where: ClipRoots
    beside: Attachments
    timing: Timing
    result: AnimationTarget
    flags: Mapping[str, Any]
    to_prompt: str | None = None
    to_image: Path | None = None


@dataclass(frozen=True, slots=True)
class PreparedAnimation:
    """A still and all that was settled about its animation; `alpha` is what stays see-through."""

    path: Path
    still: PreparedStill
    frames: tuple[AnimationFrame, ...]
    alpha: Image.Image | None
    folders: ClipFolders
    prepared: PreparedPicture
    inputs: tuple[Input, ...]
    spec: AnimationSpec


def prepare_animation(
    path: Path, spec: AnimationSpec, resources: Resources, catalog: Catalog
) -> PreparedAnimation:
    """Settle model, size, seed, frames and places of one still.

    Raises InputProblem for a picture that cannot be used, UsageProblem for flags that cannot be.
    """
    model = choose(catalog, spec.look.model, spec.look.family, "image-to-image")
    if enlarges(model):
        raise UsageProblem(f"{model.title} cannot animate. Choose another --model.")
    look = replace(spec.look, model=model.invoke_id, strength=_strength(spec, model))
    spec = replace(spec, look=look)
    store = resources.workspace.hidden / "inputs"
    manner = FitOptions(look.fit, look.background)
    main = prepare(path, model, manner, store, "init_image")
    blobs, attached = attach(model, spec.beside, main.placement, store)
    request = replace(request_over_picture(look, model, "mask" in blobs), **blobs)
    inputs = (main.source, *attached)
    drawing = fingerprint_of(_identity(spec, inputs), resources.realm)
    if look.seed is None:
        note = open_run(resources.workspace.hidden / "clips", COMMAND, [drawing], 1)
        request = replace(request, seed=seed_within(model, note.seeds[0]))
    loop = Feedback.of(main.placement, family_of(model).size_rule(model))
    end, inputs = _end(spec, request, main, inputs, store)
    still = PreparedStill(replace(request, init_image=main.blob), loop, end)
    frames = _MOTIONS[spec.motion.kind](still, spec.motion)
    for frame in frames:
        body.check(frame.request, resources.models)
    alpha = None if spec.to_image else _alpha(path, main.placement)
    result = spec.result if alpha is None else replace(spec.result, frame_suffix=".png")
    named_by = (drawing, request.seed, dict(spec.flags), result.ending, result.frame_suffix)
    folders = find_folders(
        replace(spec.where, source=spec.where.generated),
        ResultName(
            clip_stem(result.name, request, spec.flags, path.stem),
            result.ending,
            result.frame_suffix,
        ),
        fingerprint_of(*named_by),
    )
    return PreparedAnimation(
        path, still, frames, alpha, folders, main, inputs, replace(spec, result=result)
    )


def _strength(spec: AnimationSpec, model: Model) -> float | None:
    """The strength as told, or the motion's own; None leaves it to the model."""
    own = {"evolve": _EVOLVING, "ramp": _RISING}.get(spec.motion.kind)
    if spec.look.strength is not None or own is None:
        return spec.look.strength
    if "strength" in family_of(model).takes(model):
        return own
    if spec.motion.kind == "ramp":
        raise UsageProblem(
            f"{model.title} does not support --strength. Choose another --motion or --model."
        )
    return None


def _end(
    spec: AnimationSpec,
    request: ImageRequest,
    main: PreparedPicture,
    inputs: tuple[Input, ...],
    store: Path,
) -> tuple[ImageRequest | None, tuple[Input, ...]]:
    """The last request of a journey: its own prompt, its own picture in the first one's shape."""
    if spec.motion.kind != "journey":
        return None, inputs
    request = replace(request, prompt=spec.to_prompt or request.prompt, init_image=main.blob)
    if spec.to_image is None:
        return request, inputs
    background = spec.look.background
    blob, source = prepare_like(spec.to_image, main.placement, background, store, "to_image")
    return replace(request, init_image=blob), (*inputs, source)


def _alpha(path: Path, placement: Placement) -> Image.Image | None:
    """The alpha channel of what is seen of the still; None where nothing shows through."""
    least = Size(*placement.size)
    image = open_picture(read_file(path), keep_alpha=True, drop_padding=True, at_least=least).image
    if image.mode != "RGBA":
        return None
    seen = Placement(
        placement.source,
        placement.placed.size,
        placement.used,
        CropBox(0, 0, *placement.placed.size),
    )
    return apply(image.getchannel("A"), seen)


def _identity(spec: AnimationSpec, inputs: tuple[Input, ...]) -> list[object]:
    """All that decides the pictures but the seed and how many there are."""
    motion = replace(spec.motion, count=0)
    digests = [(one.role, one.sha256) for one in inputs]
    target = spec.to_image and hashlib.sha256(read_file(spec.to_image)).hexdigest()
    return [
        *(repr(replace(spec.look, seed=None)), repr(motion), digests),
        *(spec.beside.invert_mask, spec.to_prompt, target),
    ]
