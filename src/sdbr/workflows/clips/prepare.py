"""Everything about a clip that is settled before the first request: size, seeds, places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sdbr.bedrock.catalog import Catalog
from sdbr.bedrock.families import seed_within
from sdbr.errors import UsageProblem
from sdbr.generation.stack import Resources
from sdbr.media.clip import EncodingSettings
from sdbr.media.open import Reader
from sdbr.motion.keyframes import KeyframeRule
from sdbr.request import Size
from sdbr.store.open_runs import open_run
from sdbr.workflows.clips.direction import DirectedShot, place_shots
from sdbr.workflows.clips.draw import ClipPlan
from sdbr.workflows.clips.engine import Engine
from sdbr.workflows.clips.flags import NO_REGIONS, ClipFlags, Looks, RegionFlags, SteadyFlags
from sdbr.workflows.clips.folders import (
    ClipFolders,
    ClipRoots,
    ResultName,
    find_folders,
    fingerprint_of,
)
from sdbr.workflows.clips.footage import Footage, with_starts
from sdbr.workflows.clips.overrides import (
    read_redraws,
    read_trial,
    redraws_file,
    trial_file,
    with_frames,
)
from sdbr.workflows.clips.regions import Region, name_regions, remember_masks
from sdbr.workflows.clips.requests import FrameRequests, cuts_out
from sdbr.workflows.clips.shot_requests import RequestMaker, request_shots
from sdbr.workflows.clips.source import ClipSource
from sdbr.workflows.clips.supplied import ROLE, SuppliedKeyframe, find_supplied
from sdbr.workflows.enlargement import enlarged_size, enlarges
from sdbr.workflows.look import Look, choose
from sdbr.workflows.names import clip_stem
from sdbr.workflows.pictures.job import Input
from sdbr.workflows.pictures.jobs import Attachments
from sdbr.workflows.prepare import file_digest, remember

DEFAULTS = EncodingSettings()
AUTO = KeyframeRule("auto")


@dataclass(frozen=True, slots=True)
class ClipSpec:
    """What the user wants of clips, apart from the look.

    `flags` are those that make the same clip again. `rule` places the keyframes; `steady`
    filters a clip of which every frame is drawn; `feedback` is how much of the last result goes
    into the next init image (0 to 1). `ending` is the result's suffix, "" for a folder of
    frames; `frame_suffix` that of kept frames. Unless it was `ending_chosen`, a clip that is in
    part transparent becomes a WebM. `name` is a template of the user's own; `exact` means
    that name and no other, and `overwrite` that it may replace a file. `keyframes_from` is the
    folder of supplied keyframes; `shots` are those of the direction; `regions` come from the
    source; `otio` asks for a timeline beside the result.
    An animation plays as often as its source, unless the settings' loop was `loop_chosen`.
    """

    command: str
    ending: str
    flags: tuple[tuple[str, Any], ...] = ()
    rule: KeyframeRule = AUTO
    steady: bool = True
    feedback: float = 0.0
    seed_policy: str = "fixed"
    ending_chosen: bool = True
    frame_suffix: str = ".png"
    keep_frames: bool = True
    audio: bool = True
    settings: EncodingSettings = DEFAULTS
    name: str | None = None
    exact: bool = False
    overwrite: bool = False
    loop_chosen: bool = False
    sheet: bool = False
    otio: bool = False
    keyframes_from: Path | None = None
    shots: tuple[DirectedShot, ...] = ()
    regions: RegionFlags = NO_REGIONS


def given(flags: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """The flags that were given, by name; those that say nothing are left out."""
    # A 0 says something, though it equals False.
    known = {
        n: value for n, value in flags.items() if value is not False and value not in (None, "", ())
    }
    return tuple(sorted(known.items()))


def spec_of(
    command: str,
    flags: Mapping[str, Any],
    clip: ClipFlags,
    steady: SteadyFlags,
    ending: str,
    looks: Looks,
) -> ClipSpec:
    """What the flags ask of clips; the caller adds what only its command knows.

    `looks` are the named ones. Raises UsageProblem, InputProblem for a direction that is not there.
    """
    shots = clip.shots(looks)
    at = tuple(shot.words for shot in shots)
    return ClipSpec(
        command=command,
        flags=given({**flags, **clip.record(), **steady.record(), "at": at}),
        rule=steady.rule(None),
        steady=steady.steady != "off",
        feedback=steady.share,
        seed_policy=clip.seed_policy,
        ending=ending,
        frame_suffix=clip.frame_suffix,
        keep_frames=clip.keep_frames,
        keyframes_from=steady.keyframes_from,
        shots=shots,
        regions=clip.regions,
    )


@dataclass(frozen=True, slots=True)
class ClipOrder:
    """What a command wants of all its clips: the look, the result, where it goes, and what fills
    the frames between keyframes. `shots` are those of the direction, each in its look. `label`
    tells the look from others of the same run. `regions`, which are found for each clip, come from
    its source."""

    look: Look
    spec: ClipSpec
    beside: Attachments
    where: ClipRoots
    engine: Engine
    shots: tuple[tuple[DirectedShot, Look], ...] = ()
    label: str = ""
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True, slots=True)
class PreparedClip:
    """A clip ready to be drawn: its source, its open reader, and what was settled.

    `look_seconds` is how long looking at a frame took.
    """

    source: ClipSource
    reader: Reader
    plan: ClipPlan
    order: ClipOrder
    look_seconds: float = 0.0

    @property
    def spec(self) -> ClipSpec:
        """What is wanted of the result."""
        return self.order.spec

    @property
    def changes_finished(self) -> bool:
        """Whether finished frames get regions or the alpha channel of their source."""
        return self.plan.footage.see_through or bool(self.order.regions)

    @property
    def name(self) -> str:
        """The source's name, with the look where there are several."""
        label = self.order.label
        return f"{self.source.name} ({label})" if label else self.source.name


def for_model(
    order: ClipOrder, steadiness: SteadyFlags, catalog: Catalog
) -> tuple[ClipOrder, SteadyFlags]:
    """What is wanted, as the model allows it: an upscaler draws every frame, each from its source.

    Frames made by motion would be as coarse as the source; nothing of an enlarged frame flickers
    that did not before. A model that cuts out does the same: motion carries no transparency.
    Raises UsageProblem for flags that say otherwise.
    """
    model = choose(catalog, order.look.model, order.look.family, "image-to-image")
    if not enlarges(model) and not cuts_out(model):
        return order, steadiness
    supplied = steadiness.keyframes_from is not None
    if steadiness.keyframes not in ("auto", "all") or steadiness.share or supplied:
        flag = "--init from-previous" if steadiness.share else "--keyframes"
        flag = "--keyframes-from" if supplied else flag
        raise UsageProblem(
            f"{model.title} generates each frame from the source, so {flag} has no effect. "
            "Leave it out."
        )
    order = replace(order, spec=replace(order.spec, steady=False))
    return order, replace(steadiness, keyframes="all", steady="off")


def keep_alpha(order: ClipOrder, footage: Footage, catalog: Catalog) -> ClipOrder:
    """The order, as a WebM where the result is in part transparent and its kind was not chosen."""
    model = choose(catalog, order.look.model, order.look.family, "image-to-image")
    if order.spec.ending_chosen or not (footage.see_through or cuts_out(model)):
        return order
    flags = given({**dict(order.spec.flags), "container": "webm"})
    return replace(order, spec=replace(order.spec, ending=".webm", flags=flags))


def prepare_clip(
    source: ClipSource, footage: Footage, order: ClipOrder, resources: Resources, catalog: Catalog
) -> ClipPlan:
    """Settle model, size, seed and folders for one clip. Raises UsageProblem or InputProblem."""
    spec, clip = order.spec, footage.clip
    model = choose(catalog, order.look.model, order.look.family, "image-to-image")
    look = replace(order.look, model=model.invoke_id)
    store = resources.workspace.hidden / "inputs"
    maker = RequestMaker(clip.size, source.files[0].name, order.beside, store, catalog)
    request, placement, attached = maker.request(order.look)
    inputs = (*_remember_source(source, store), *attached)
    roles = [(one.role, one.sha256) for one in inputs]
    pictures = fingerprint_of(roles, repr(replace(look, seed=None)), spec.seed_policy)
    seeds = (one.seed for one in (look, *(own for _, own in order.shots)) if one.seed is not None)
    if (seed := next(seeds, None)) is None:
        note = open_run(resources.workspace.hidden / "clips", spec.command, [pictures], 1)
        seed = note.seeds[0]
    request = replace(request, seed=seed_within(model, seed))
    fingerprint = _fingerprint(pictures, request.seed, order, resources)
    first_like: dict[str, int] = {}
    for frame in footage.frames:
        first_like.setdefault(frame.digest, frame.number)
    redrawn = read_redraws(redraws_file(resources.workspace.hidden, fingerprint))
    shots = request_shots(place_shots(order.shots, footage), request, maker)
    requests = FrameRequests(request, placement, spec.seed_policy, first_like, redrawn, shots)
    stem = clip_stem(spec.name, request, dict(spec.flags), source.name)
    naming = ResultName(stem, spec.ending, spec.frame_suffix, spec.exact, spec.overwrite)
    folders = find_folders(order.where, naming, fingerprint)
    if any(folders.target.resolve() == file.resolve() for file in source.files):
        raise UsageProblem(f"{folders.target} is the source clip itself. Choose another -o.")
    tried = read_trial(trial_file(resources.workspace.hidden, fingerprint))
    size = enlarged_size(clip.size, model) if enlarges(model) else clip.size
    supplied = _supplied(spec.keyframes_from, footage, look, size, folders)
    for one in supplied.values():
        remember(one.path, one.sha256, store)
    inputs += tuple(Input(ROLE, one.path.name, one.sha256) for one in supplied.values())
    inputs += remember_masks(order.regions, store)
    fixed = [number for one in shots if one.faded and one.placed for number in one.placed.ends]
    starts = [one.first for one in shots if one.first and one.first not in fixed]
    footage = with_starts(footage, starts, fixed, spec.rule)
    footage = replace(footage, plan=with_frames(footage.plan, (*tried, *supplied)))
    return ClipPlan(footage, requests, folders, size, spec.keep_frames, inputs, supplied)


def _supplied(
    folder: Path | None, footage: Footage, look: Look, size: Size, folders: ClipFolders
) -> Mapping[int, SuppliedKeyframe]:
    """The keyframes that need no request, by frame number. Raises InputProblem or UsageProblem."""
    if folder is None:
        return {}
    if folder.resolve() == folders.generated.resolve():
        raise UsageProblem(
            f"--keyframes-from is {folder}, which this run writes. Copy the keyframes to another "
            "folder."
        )
    return find_supplied(folder, footage, look.fit, size)


def _remember_source(source: ClipSource, store: Path) -> list[Input]:
    """The files that the clip is read from, noted so that a replay finds them."""
    inputs = [Input("clip", path.name, file_digest(path)) for path in source.files]
    for path, one in zip(source.files, inputs, strict=True):
        remember(path, one.sha256, store)
    return inputs


def _fingerprint(pictures: str, seed: int, order: ClipOrder, resources: Resources) -> str:
    """Names the run: a seed that was drawn and the same seed told make the same clip."""
    spec = order.spec
    flags = {n: v for n, v in spec.flags if n != "seed"} | name_regions(order.regions)
    return fingerprint_of(
        *(pictures, seed, flags, spec.ending, spec.frame_suffix, resources.realm, spec.command)
    )
