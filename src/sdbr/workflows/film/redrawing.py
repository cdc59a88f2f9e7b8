"""Keyframes that were looked at and are drawn again with other seeds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sdbr.errors import UsageProblem
from sdbr.files import write_whole
from sdbr.motion.plan import Plan


def redrawn_before(path: Path) -> dict[int, int]:
    """How often each frame, by number from 0, was asked to be drawn again."""
    try:
        told = json.loads(path.read_bytes())
        return {int(number): int(times) for number, times in told.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def redraw(path: Path, keyframes: Sequence[int], wanted: Sequence[int]) -> Mapping[int, int]:
    """Note that the `wanted` keyframes (as numbered on the sheet, from 1) get new seeds.

    Raises UsageProblem for a number that no keyframe has.
    """
    times = redrawn_before(path)
    for place in wanted:
        if not 1 <= place <= len(keyframes):
            raise UsageProblem(
                f"--redraw names keyframe {place}: there are {len(keyframes)}. See the sheet."
            )
        number = keyframes[place - 1]
        times[number] = times.get(number, 0) + 1
    write_whole(path, json.dumps(times, sort_keys=True).encode("utf-8"))
    return times


def tried_before(path: Path) -> tuple[int, ...]:
    """The numbers of the frames that a trial drew: they are paid for, so they are keyframes."""
    try:
        return tuple(int(number) for number in json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return ()


def note_trial(path: Path, numbers: Sequence[int]) -> None:
    """Remember the frames of a trial for the full run."""
    write_whole(path, json.dumps(sorted({*tried_before(path), *numbers})).encode("utf-8"))


def with_frames(plan: Plan, numbers: Sequence[int]) -> Plan:
    """The plan with these frames among its keyframes."""
    within = {number for number in numbers if 0 <= number < plan.frames}
    return replace(plan, keyframes=tuple(sorted({*plan.keyframes, *within})))


def parse_places(text: str) -> tuple[int, ...]:
    """Read `3,7`. Raises UsageProblem."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() for part in parts):
        raise UsageProblem(f"--redraw is {text!r}: give numbers from the sheet, such as 3,7.")
    return tuple(map(int, parts))
