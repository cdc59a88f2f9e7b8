"""What is said of clips: their plan and price before, and how they came out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import click

from sdbr.bedrock import body
from sdbr.cli.runs.pictures import line
from sdbr.console import Console, counted
from sdbr.generation.estimate import Estimate
from sdbr.generation.stack import Resources
from sdbr.workflows.clips import draw
from sdbr.workflows.clips.prepare import PreparedClip
from sdbr.workflows.clips.pricing import length, price
from sdbr.workflows.clips.render import ClipResult
from sdbr.workflows.clips.sheets import write_sheet


@dataclass(frozen=True, slots=True)
class Teller:
    """How results are told."""

    console: Console
    as_json: bool


def tell(settled: Sequence[PreparedClip], told: Estimate, console: Console) -> None:
    """Say what was noticed of each clip, why these frames are drawn, and the price."""
    for one in settled:
        for note in one.reader.notes:
            console.say(note)
        plan = one.clip_plan.footage.plan
        if plan.reasons and len(plan.keyframes) < plan.frames:
            console.say(f"{one.source.name}: {'; '.join(plan.reasons)}")
    count = sum(map(length, settled))
    console.say(str(told) if told.thing == "frame" else f"{counted(count, 'frame')}: {told}")


def tell_finished(
    one: PreparedClip, finished: ClipResult, cost: Decimal, teller: Teller, resources: Resources
) -> None:
    """Print the path of a finished clip, and say how it came out; `cost` is USD spent on it."""
    for note in finished.notes:
        teller.console.say(note)
    if finished.held:
        teller.console.say(
            f"Refused, so they show what is around them: {counted(len(finished.held), 'frame')}."
        )
    if finished.extra:
        teller.console.say(
            f"Drawn as well, where motion explained too little: {counted(finished.extra, 'frame')}."
        )
    if finished.measured.curve:
        teller.console.say(f"{one.source.name}: {finished.measured}")
    _print(one, finished, cost, teller, resources)
    if one.spec.sheet:
        teller.console.say(f"Sheet: {write_sheet(one, finished.path)}")


def _print(
    one: PreparedClip, finished: ClipResult, cost: Decimal, teller: Teller, resources: Resources
) -> None:
    if not teller.as_json:
        line(str(finished.path))
        return
    clip_plan = one.clip_plan
    told: dict[str, Any] = {
        "path": str(finished.path),
        "source": str(one.source.files[0]),
        "model": clip_plan.frame_requests.request.model.invoke_id,
        "prompt": clip_plan.frame_requests.request.prompt,
        "seed": clip_plan.frame_requests.request.seed,
        "size": str(clip_plan.size),
        "frames": len(clip_plan.footage.frames),
        "duration": round(float(clip_plan.footage.duration), 6),
        "keyframes": [number + 1 for number in clip_plan.footage.plan.keyframes],
        "drawn": len(clip_plan.drawn) + finished.extra,
        "held": [number + 1 for number in finished.held],
        "price": float(price(one)),
        "cost": float(cost),
        "steadiness": finished.measured.told(),
        "emulated": resources.realm != "aws",
    }
    line(json.dumps(told, ensure_ascii=False))


def print_plan(settled: Sequence[PreparedClip], as_json: bool) -> None:
    """Print what would be drawn and asked, the first frame standing for all."""
    for one in settled:
        clip_plan = one.clip_plan
        first = draw.requests_of(clip_plan, clip_plan.footage.frames[:1])[0]
        if as_json:
            told = {
                "path": str(clip_plan.folders.target),
                "source": str(one.source.files[0]),
                "frames": length(one),
                "keyframes": [number + 1 for number in clip_plan.footage.plan.keyframes],
                "price": float(price(one)),
                "model": first.model.invoke_id,
                "body": json.loads(body.outline(first)),
            }
            line(json.dumps(told, ensure_ascii=False))
            continue
        line(f"{one.source.name}: {length(one)} frames to {clip_plan.folders.target}")
        line(f"POST /model/{first.model.invoke_id}/invoke")
        line(body.outline(first))
    click.echo("Nothing was sent.", err=True)
