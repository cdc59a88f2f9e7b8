"""The shots of a prepared clip, each with its time, its settings, its keyframes and their price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from sdbr.workflows.clips.prepare import PreparedClip
from sdbr.workflows.clips.pricing import count_frames, frame_prices
from sdbr.workflows.clips.requests import ShotRequest
from sdbr.workflows.look import Look


@dataclass(frozen=True, slots=True)
class ListedShot:
    """A shot: its frames by number from 0, its times in seconds of the clip, the numbers of the
    keyframes that are requested, the USD that they cost if none is cached, and its settings."""

    frames: range
    start: Fraction
    end: Fraction
    keyframes: tuple[int, ...]
    cost: Decimal
    settings: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The one JSON shape of a shot; keyframes are numbered from 1."""
        return {
            "start": round(float(self.start), 6),
            "end": round(float(self.end), 6),
            "keyframes": [number + 1 for number in self.keyframes],
            "cost": float(self.cost),
            **self.settings,
        }


def list_shots(clip: PreparedClip) -> Iterator[ListedShot]:
    """The shots in their order: they begin at cuts of the source and as the direction says."""
    plan, frames, prices = clip.plan, clip.plan.footage.frames, frame_prices(clip)
    starts = {shot.start for shot in plan.footage.plan.shots}
    starts |= {shot.first for shot in plan.requests.shots}
    for first, end in pairwise((*sorted(starts), count_frames(clip))):
        last, shot = frames[end - 1], plan.requests.shot_at(first)
        keyframes = tuple(one.number for one in plan.requested if first <= one.number < end)
        yield ListedShot(
            range(first, end),
            frames[first].at,
            last.at + last.lasts,
            keyframes,
            sum((prices[number] for number in keyframes), Decimal(0)),
            _settings(shot, shot.placed.look if shot.placed else clip.order.look, first),
        )


def _settings(shot: ShotRequest, look: Look, first: int) -> dict[str, Any]:
    """The settings as a direction names them; a later part of the same shot does not crossfade."""
    directed = shot.placed.shot if shot.placed else None
    strength: object = look.strength
    if directed is not None and directed.ramp is not None:
        strength = "..".join(f"{each:g}" for each in directed.ramp)
    fades = directed is not None and directed.crossfade and first == shot.first
    values = {
        "prompt": look.prompt,
        "negative": look.negative,
        # An ID that is not in the catalog needs --family beside it.
        "model": None if look.family else look.model,
        "style": look.style,
        "strength": strength,
        "seed": shot.request.seed,
        "crossfade": float(directed.crossfade) if directed and fades else None,
    }
    return {name: value for name, value in values.items() if value not in (None, "")}
