"""Keyframes that were looked at and are drawn again with other seeds."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sdbr.errors import UsageProblem
from sdbr.files import write_whole
from sdbr.motion.plan import KeyframePlan


def redraws_file(hidden: Path, fingerprint: str) -> Path:
    """Where a clip's run notes how often each frame was asked for."""
    return hidden / "clips" / f"{fingerprint}.redrawn.json"


def trial_file(hidden: Path, fingerprint: str) -> Path:
    """Where a clip's run notes the frames of its trials."""
    return hidden / "clips" / f"{fingerprint}.trial.json"


def read_redraws(path: Path) -> dict[int, int]:
    """How often each frame, by number from 0, was asked to be drawn again."""
    try:
        record = json.loads(path.read_bytes())
        return {int(number): int(times) for number, times in record.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def redraw(
    before: Mapping[int, int], wanted: Sequence[int], paid: Callable[[int], bool]
) -> Mapping[int, int]:
    """How often each frame is asked for, once the `wanted` ones, by number from 0, get new seeds.

    `before` is how often they were; `paid` says of a frame whether its picture by that count is
    paid for. While one is not, the last such command was interrupted, and this one goes on.
    """
    going_on = any(before.get(number) and not paid(number) for number in wanted)
    anew = {n: before.get(n, 0) + (0 if going_on and n in before else 1) for n in wanted}
    return {**before, **anew}


def write_redraws(path: Path, times: Mapping[int, int]) -> None:
    """Remember how often each frame was asked for."""
    write_whole(path, json.dumps(times, sort_keys=True).encode("utf-8"))


def keyframes_to_redraw(keyframes: Sequence[int], places: Sequence[int]) -> list[int]:
    """The frames at these places of the sheet, which counts from 1.

    Raises UsageProblem for a place that no keyframe has.
    """
    for place in places:
        if not 1 <= place <= len(keyframes):
            raise UsageProblem(
                f"--redraw {place}: no such keyframe. The sheet shows {len(keyframes)}."
            )
    return [keyframes[place - 1] for place in places]


def read_trial(path: Path) -> tuple[int, ...]:
    """The numbers of the frames that a trial drew: they are paid for, so they are keyframes."""
    try:
        return tuple(int(number) for number in json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return ()


def write_trial(path: Path, numbers: Sequence[int]) -> None:
    """Remember the frames of a trial for the full run."""
    write_whole(path, json.dumps(sorted({*read_trial(path), *numbers})).encode("utf-8"))


def with_frames(plan: KeyframePlan, numbers: Sequence[int]) -> KeyframePlan:
    """The plan with these frames among its keyframes."""
    within = {number for number in numbers if 0 <= number < plan.frames}
    return replace(plan, keyframes=tuple(sorted({*plan.keyframes, *within})))


def parse_places(text: str) -> tuple[int, ...]:
    """Read `3,7`. Raises UsageProblem."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() for part in parts):
        raise UsageProblem(f"--redraw is {text!r}: use numbers from the sheet, such as 3,7.")
    return tuple(map(int, parts))
