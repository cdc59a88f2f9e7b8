"""--redraw over prepared clips: new seeds for keyframes that were looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from sdbr.generation.stack import Resources
from sdbr.workflows.clips.overrides import (
    keyframes_to_redraw,
    parse_places,
    redraw,
    redraws_file,
    write_redraws,
)
from sdbr.workflows.clips.prepare import PreparedClip
from sdbr.workflows.clips.pricing import is_paid


def with_new_seeds(
    clips: Iterable[PreparedClip], keyframes: str, resources: Resources
) -> list[PreparedClip]:
    """The clips with new seeds for the keyframes that --redraw names. Raises UsageProblem."""
    places = parse_places(keyframes)
    again = []
    for one in clips:
        named = keyframes_to_redraw(one.plan.footage.plan.keyframes, places)
        wanted = [number for number in named if number not in one.plan.supplied]
        requests = one.plan.requests
        times = redraw(requests.redrawn, wanted, partial(is_paid, one, resources=resources))
        requests = replace(requests, redrawn=times)
        again.append(replace(one, plan=replace(one.plan, requests=requests)))
    return again


def tell_undrawn(clips: Iterable[PreparedClip], resources: Resources) -> Iterator[str]:
    """That more is drawn than --redraw names, for each clip of which nothing is there."""
    why = "with --fresh" if resources.fresh else "not generated before with these flags, so"
    for one in clips:
        requested = one.plan.requested
        if requested and not any(is_paid(one, frame.number, resources) for frame in requested):
            yield f"{one.name}: {why} --redraw generates every keyframe."


def tell_supplied(clips: Iterable[PreparedClip], keyframes: str) -> Iterator[str]:
    """Which of the keyframes that --redraw names stay, because they are supplied."""
    places = parse_places(keyframes)
    for one in clips:
        supplied = one.plan.supplied
        numbers = keyframes_to_redraw(one.plan.footage.plan.keyframes, places)
        for place, number in zip(places, numbers, strict=True):
            if number in supplied:
                yield (
                    f"Keyframe {place} is supplied, so it is not regenerated. To generate it, "
                    f"remove {supplied[number].path}."
                )


def note_redraws(clips: Iterable[PreparedClip], resources: Resources) -> None:
    """Remember how often each frame was asked for: the same clip is made of them from now on."""
    for one in clips:
        note = redraws_file(resources.workspace.hidden, one.plan.folders.fingerprint)
        write_redraws(note, one.plan.requests.redrawn)
