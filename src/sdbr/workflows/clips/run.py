"""What vid2vid and img2gif do with clips: prepare, price and draw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, product

from sdbr.bedrock.catalog import Catalog
from sdbr.console import counted
from sdbr.errors import InputProblem, UsageProblem
from sdbr.generation.stack import Resources
from sdbr.media.credentials.signing import check_signable
from sdbr.motion.arrays import limit_threads_and_heaps
from sdbr.motion.keyframes import KeyframeRule
from sdbr.store.scans import ScanStore
from sdbr.workflows.clips.direction_file import print_plan
from sdbr.workflows.clips.export import print_exported
from sdbr.workflows.clips.flags import ClipFlags, SteadyFlags
from sdbr.workflows.clips.footage import Footage
from sdbr.workflows.clips.otio import check_otio, check_place
from sdbr.workflows.clips.prepare import (
    ClipOrder,
    PreparedClip,
    for_model,
    keep_alpha,
    prepare_clip,
)
from sdbr.workflows.clips.pricing import (
    add_refinement,
    count_frames,
    estimate_clips,
    fit_cap,
    tell_fewer,
    tell_levels,
)
from sdbr.workflows.clips.redraws import note_redraws, tell_supplied, tell_undrawn, with_new_seeds
from sdbr.workflows.clips.regions import find_regions, tell_regions
from sdbr.workflows.clips.scans import Scan, scan_clip
from sdbr.workflows.clips.shot_requests import check_requests, tell_shots
from sdbr.workflows.clips.source import ClipSource
from sdbr.workflows.clips.supplied import tell_unpainted
from sdbr.workflows.clips.work import ClipWork
from sdbr.workflows.run import RunPlan, Setup, prepare_each, run


def restyle_clips(
    sources: Sequence[ClipSource],
    orders: Sequence[ClipOrder],
    flags: tuple[ClipFlags, SteadyFlags],
    setup: Setup,
    catalog: Catalog,
) -> None:
    """Draw each clip in each of the looks that are ordered, and print its result's path.

    One that fails does not stop the others. Raises SdbrError.
    """
    selection, steadiness = flags
    orders, steadiness = _for_models(orders, steadiness, catalog)
    flags, resources = (selection, steadiness), setup.resources
    steadiness.check(len(sources) * len(orders))
    selection.check(len(sources) * len(orders))
    for order in orders:
        check_result(order, resources)
    resources.workspace.prepare()
    limit_threads_and_heaps()
    prepare = partial(prepare_source, flags=flags, setup=setup, catalog=catalog)
    clips, failed = prepare_each(product(sources, orders), prepare)
    rule = steadiness.rule(None)
    fewer = steadiness.rule if rule.word == "auto" else None
    capped = fit_cap(clips, fewer, resources, partial(_scan_again, rule=rule, setup=setup))
    uncapped, clips = clips, capped
    notes = [*tell_fewer(uncapped, capped, resources.spending.cap)]
    if steadiness.export_keyframes is not None:
        print_exported(clips[0], steadiness.export_keyframes, setup)
        return
    if selection.plan is not None:
        print_plan(clips[0], selection.plan, selection.beside, setup)
        return
    if steadiness.redraw is not None:
        notes += [*tell_supplied(clips, steadiness.redraw), *tell_undrawn(clips, resources)]
        clips = with_new_seeds(clips, steadiness.redraw, resources)
    estimate = estimate_clips(clips, selection.test_frames, resources)
    plan_notes = partial(_notes, rule=rule, trial_frames=selection.test_frames)
    if steadiness.max_flicker is not None:
        estimate = add_refinement(estimate, clips)
    works = [ClipWork(clip, flags, setup) for clip in clips]
    frames = counted(sum(map(count_frames, clips)), "frame")
    plan = RunPlan(
        orders[0].spec.command,
        "clips",
        works,
        estimate,
        failed,
        notes=[*notes, *chain.from_iterable(map(plan_notes, clips, uncapped))],
        prefix="" if estimate.thing == "frame" else f"{frames}: ",
        agreed=partial(note_redraws, clips if steadiness.redraw is not None else (), resources),
        whole=True,
        folders=[order.where.results for order in orders],
    )
    run(plan, setup)


def check_result(order: ClipOrder, resources: Resources) -> None:
    """Raise UsageProblem for a result that cannot be written as it is wanted."""
    if order.spec.otio:
        check_otio(order.spec)
    if resources.signing_key is not None:
        check_signable(order.spec.ending)


def _for_models(
    orders: Sequence[ClipOrder], steadiness: SteadyFlags, catalog: Catalog
) -> tuple[Sequence[ClipOrder], SteadyFlags]:
    """As `for_model`, of several looks that must agree on how keyframes are placed."""
    fitted = [for_model(order, steadiness, catalog) for order in orders]
    if len({steady for _, steady in fitted}) > 1:
        raise UsageProblem(
            "Some of these models generate every frame and others only keyframes. Run the command "
            "once for each kind."
        )
    return [order for order, _ in fitted], fitted[0][1]


def prepare_source(
    wanted: tuple[ClipSource, ClipOrder],
    before: Sequence[PreparedClip],
    flags: tuple[ClipFlags, SteadyFlags],
    setup: Setup,
    catalog: Catalog,
) -> PreparedClip:
    """Scan a source and choose everything about its clip; `before` are those of the same command.

    Raises InputProblem or UsageProblem.
    """
    (source, order), (selection, steadiness), resources = wanted, flags, setup.resources
    stills = isinstance(source.what, tuple) or source.what.is_dir()
    reader = source.open(selection.rate(stills), selection.track)
    scan = Scan(source, reader, selection.choice(stills), steadiness.rule(None))
    store = resources.workspace.scans
    footage, pace = scan_clip(scan, order.look.background, store, setup.console)
    if reader.clip.cut and not selection.accept_cut:
        raise InputProblem(
            f"{source.files[0]} is truncated: only {counted(len(footage.frames), 'frame')} can "
            "be read. Copy or download it again, or add --accept-cut to use these."
        )
    where = order.where.with_promised(one.plan.folders for one in before)
    regions = find_regions(order.spec.regions, footage, reader, ScanStore(store))
    order = keep_alpha(replace(order, where=where, regions=regions), footage, catalog)
    if resources.signing_key is not None:  # A clip that is in part transparent is a WebM now.
        check_signable(order.spec.ending)
    plan = prepare_clip(source, footage, order, resources, catalog)
    if order.spec.otio:
        check_place(plan.folders, overwrite=order.spec.overwrite)
    if plan.requested and steadiness.export_keyframes is None:
        check_requests(plan, resources.models, prompts_follow=selection.plan is not None)
    return PreparedClip(source, reader, plan, order, pace)


def _scan_again(one: PreparedClip, rule: KeyframeRule, setup: Setup) -> Footage:
    """The same clip scanned thoroughly, so that its keyframes can be placed by other rules."""
    footage = one.plan.footage
    scan = Scan(one.source, one.reader, footage.choice, rule, thorough=True)
    return scan_clip(scan, footage.background, setup.resources.workspace.scans, setup.console)[0]


def _notes(
    clip: PreparedClip, uncapped: PreparedClip, rule: KeyframeRule, trial_frames: int | None
) -> Iterator[str]:
    """What was noticed of a clip, why these frames are drawn, and what levels cost uncapped."""
    yield from (f"{clip.name}: {note}" for note in clip.reader.notes)
    if clip.spec.ending == ".webm" and not clip.spec.ending_chosen:
        name = clip.name
        yield (
            f"{name} is written as WebM to keep transparency. For MP4 on a white background, "
            "use --container mp4."
        )
    yield from (f"{clip.name}: {note}" for note in tell_regions(clip.order.regions))
    yield from (f"{clip.name}: {note}" for note in tell_shots(clip.plan.requests))
    yield from tell_unpainted(clip.plan.supplied, clip.plan.footage)
    plan = clip.plan.footage.plan
    if len(plan.keyframes) < plan.frames:
        drawn = f"{len(clip.plan.requested)} of {plan.frames} frames to generate"
        whole = "" if trial_frames is None else "whole clip: "
        told = "; ".join((drawn, *plan.reasons, *tell_levels(uncapped, rule)))
        yield f"{clip.name}: {whole}{told}"
