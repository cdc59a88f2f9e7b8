"""How steady a clip is, drawn: its flicker and its ghosts by frame, with the drawn keyframes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from sdbr.workflows.clips.steadiness import read_steadiness
from sdbr.workflows.report.results import ReportedResult

_WIDTH, _HEIGHT = 600, 90


@dataclass(frozen=True, slots=True)
class SteadinessNote:
    """What was measured of a clip; flicker is E_warp (Lai et al. 2018).

    `curve` is (frame from 1, flicker) for each measured frame, `keyframes` are the frames that were
    planned to be drawn, and `drawn` is how many were. `ghosts` is (frame from 1, share of the
    drawing that moving things lack), `look_at` where that is much, in seconds, `verdict` a word for
    it all. `supplied` are the keyframes that were not drawn but supplied.
    """

    flicker: float | None
    of_source: float | None
    sharpness: float | None
    curve: tuple[tuple[int, float], ...]
    keyframes: tuple[int, ...]
    drawn: int
    ghosts: tuple[tuple[int, float], ...] = ()
    look_at: tuple[tuple[float, float], ...] = ()
    verdict: str = ""
    supplied: tuple[int, ...] = ()


def steadiness_note(result: ReportedResult, hidden: Path) -> SteadinessNote | None:
    """What is known of a clip: from its own record, or from beside the ledger."""
    measured = result.made.get("steadiness")
    if not isinstance(measured, Mapping):
        measured = read_steadiness(hidden, result.made)
    try:
        return _steady(measured) if measured else None
    except (TypeError, ValueError, LookupError, OverflowError):
        return None


def _steady(measured: Mapping[str, Any]) -> SteadinessNote:
    curve = [
        (int(point[0]), float(point[1])) if isinstance(point, Sequence) else (at, float(point))
        for at, point in enumerate(measured.get("curve") or (), 2)
    ]
    keyframes = tuple(int(number) for number in measured.get("keyframes") or ())
    return SteadinessNote(
        flicker=_number(measured.get("flicker")),
        of_source=_number(measured.get("flicker_source")),
        sharpness=_number(measured.get("sharpness")),
        curve=tuple(curve),
        keyframes=keyframes,
        drawn=int(measured.get("drawn", len(keyframes))),
        ghosts=tuple((int(at), float(share)) for at, share in measured.get("ghost_curve") or ()),
        look_at=tuple((float(a), float(b)) for a, b in measured.get("look_at") or ()),
        verdict=str(measured.get("verdict") or ""),
        supplied=tuple(int(number) for number in measured.get("supplied") or ()),
    )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def draw_chart(steady: SteadinessNote, frames: int) -> str:
    """The curve as an SVG, the keyframes as lines below it, the source's mean as a dashed one.

    What moving things lack hangs from the top, all the way down where they lack everything.
    """
    if len(steady.curve) < 2:
        return ""
    top = max(*(error for _, error in steady.curve), steady.of_source or 0.0) or 1.0
    last = max(frames, steady.curve[-1][0], 2)

    def across(frame: int) -> float:
        return round((frame - 1) / (last - 1) * _WIDTH, 1)

    def up(error: float) -> float:
        return round(_HEIGHT - 12 - error / top * (_HEIGHT - 18), 1)

    points = " ".join(f"{across(frame)},{up(error)}" for frame, error in steady.curve)
    ticks = "".join(
        f'<line class="key" x1="{x}" x2="{x}" y1="{_HEIGHT - 9}" y2="{_HEIGHT}"/>'
        for x in (across(frame) for frame in steady.keyframes)
    )
    level = up(steady.of_source or 0.0)
    mean = f'<line class="floor" x1="0" x2="{_WIDTH}" y1="{level}" y2="{level}"/>'
    bars = "".join(
        f'<line class="ghost" x1="{across(frame)}" x2="{across(frame)}" y1="0" '
        f'y2="{round(share * (_HEIGHT - 12), 1)}"/>'
        for frame, share in steady.ghosts
    )
    label = escape(f"Flicker of {last} frames, at most {1000 * top:.2f}")
    return (
        f'<svg class="curve" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" '
        f'role="img" aria-label="{label}">{bars}{mean}<polyline points="{points}"/>{ticks}</svg>'
    )
