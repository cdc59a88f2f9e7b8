"""One result as HTML: its picture or clip beside its source, and how it was made.

Whatever comes from a file, a prompt above all, goes through `escape`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import Any

from sdbr.bedrock.catalog import Catalog
from sdbr.console import counted
from sdbr.errors import UsageProblem
from sdbr.generation.estimate import in_usd
from sdbr.workflows.clips.verdict import list_passages
from sdbr.workflows.report import chart
from sdbr.workflows.report.before_after import show_before_after
from sdbr.workflows.report.chart import SteadinessNote
from sdbr.workflows.report.results import ReportContext, ReportedResult

_MOST_KEYFRAMES = 24  # In a strip; a long clip has hundreds, and each is in the page.
_STRIP = 176  # Pixels of height: twice the 5.5rem that the page shows, for dense screens.
_LONG = 300  # Characters; a longer prompt gets a box that scrolls.
_LESS_ASKED = ("Size", "Frames", "Drawn", "Command", "File", "Answered by")


def card(result: ReportedResult, context: ReportContext) -> str:
    """The article of one result."""
    prompt = result.prompt
    steady = chart.steadiness_note(result, context.hidden) if result.moving else None
    facts = dict(_facts(result, steady, context))
    more = {name: facts.pop(name) for name in _LESS_ASKED if name in facts}
    words = escape(" ".join((prompt, *facts.values(), *more.values())).lower())
    long = ' class="long" tabindex="0"' if len(prompt) > _LONG else ""
    return (
        f'<article class="card" data-words="{words}" data-model="{escape(model_of(result))}" '
        f'data-command="{escape(str(result.made["command"]))}" data-kind="{result.kind}">'
        f'{show_before_after(result, context)}<div class="text">'
        f'<h2 dir="auto"{long}>{escape(prompt or result.path.name)}</h2>{_list(facts)}'
        f"{_steadiness(result, steady, context)}"
        f"<details><summary>How it was made</summary>{_list(more)}</details></div></article>\n"
    )


def _list(facts: Mapping[str, str]) -> str:
    rows = (f'<dt>{escape(name)}</dt><dd dir="auto">{escape(v)}</dd>' for name, v in facts.items())
    return f'<dl class="facts">{"".join(rows)}</dl>'


def model_of(result: ReportedResult) -> str:
    """The model's id as it was called."""
    return str(result.request.get("model") or "unknown")


def _facts(
    result: ReportedResult, steady: SteadinessNote | None, context: ReportContext
) -> Iterator[tuple[str, str]]:
    made, request = result.made, result.request
    facts: dict[str, Any] = {
        "Model": model_of(result),
        "Seed": made.get("seed") or request.get("seed"),
        "Strength": request.get("strength"),
        "Negative": request.get("negative_prompt"),
        "Style": request.get("style"),
        **{str(name): value for name, value in request.get("extras", {}).items()},
        "Size": "×".join(str(side) for side in made.get("size", ())),
        "Frames": made.get("frames"),
        **_price(result, steady, context),
        "Source": ", ".join(parent.name for parent in result.ancestor.parents),
        "Generated": str(made.get("drawn_on") or result.at.date()),
        "Command": made["command"],
        "File": _relative(result.path, context.root),
        "Answered by": "Amazon Bedrock"
        if made.get("answered_by") == "aws"
        else "an emulator, not billed",
    }
    yield from ((name, str(value)) for name, value in facts.items() if value not in (None, ""))


def _price(
    result: ReportedResult, steady: SteadinessNote | None, context: ReportContext
) -> dict[str, str]:
    if not result.moving:
        price = result.made.get("price_usd")
        return {"Price": f"{price} USD"} if price else {}
    each = _price_each(result, context.catalog)
    if each is None:
        return {}
    if number := result.made.get("drawn"):
        return {"Price": f"{in_usd(each * number)} USD for {counted(number, 'generated frame')}"}
    if steady is None or not steady.keyframes:
        return {}
    drawn, frames = steady.drawn, result.made["frames"]
    saved = in_usd(each * max(frames - len(steady.supplied) - drawn, 0))
    return {
        "Price": f"{in_usd(each * drawn)} USD for {counted(drawn, 'generated frame')}",
        "Saved": f"{saved} USD compared with generating all {frames} frames",
    }


def _price_each(result: ReportedResult, catalog: Catalog) -> Decimal | None:
    try:
        model = catalog.find(str(result.request.get("speaks_like") or model_of(result)))
    except UsageProblem:
        return None
    return model.tiers[0].usd if model.tiers else None


def _steadiness(
    result: ReportedResult, steady: SteadinessNote | None, context: ReportContext
) -> str:
    if steady is None:
        return ""
    curve = chart.draw_chart(steady, result.made["frames"])
    keyframes = _keyframes(result, steady, context)
    return f'<figure class="steady">{curve}{keyframes}{_said(steady)}</figure>'


def _keyframes(result: ReportedResult, steady: SteadinessNote, context: ReportContext) -> str:
    count = len(steady.keyframes)
    if not count:
        return ""
    most = min(count, _MOST_KEYFRAMES)
    step = max(count - 1, 1) / max(most - 1, 1)
    numbers = [steady.keyframes[round(at * step)] for at in range(most)]
    path = result.path

    def make() -> bytes:
        from sdbr.media.stills.thumbnails import frame_strip

        return frame_strip(path, [number - 1 for number in numbers], _STRIP)

    name = context.media.made(("strip", str(path)), make)
    alt = f"Generated keyframes: {', '.join(map(str, numbers))}"
    return f'<div class="strip" tabindex="0"><img data-media="{name}" alt="{alt}"></div>'


def _said(steady: SteadinessNote) -> str:
    parts = [_tell_verdict(steady)] if steady.verdict else []
    if steady.ghosts:
        most = max(share for _, share in steady.ghosts)
        parts.append(f"Moving objects lose up to {most:.0%} of their detail (bars from above).")
    if steady.flicker is not None:
        source = steady.of_source
        mean = "" if source is None else f", source {1000 * source:.2f} (dashed)"
        parts.append(f"Flicker {1000 * steady.flicker:.2f}{mean} (E_warp × 1000).")
    if steady.sharpness is not None:
        parts.append(f"Sharpness {steady.sharpness:.0f}.")
    if steady.keyframes:
        parts.append(
            f"Generated frames, marked below the curve: {_list_numbers(steady.keyframes)}."
        )
    if steady.supplied:
        parts.append(f"Supplied: {_list_numbers(steady.supplied)}.")
    return f"<figcaption>{escape(' '.join(parts))}</figcaption>"


def _tell_verdict(steady: SteadinessNote) -> str:
    where = f" at {list_passages(steady.look_at)}" if steady.look_at else ""
    return f"{steady.verdict.capitalize()}{where}."


def _list_numbers(numbers: tuple[int, ...]) -> str:
    first = ", ".join(map(str, numbers[:12]))
    more = f" and {len(numbers) - 12} more" if len(numbers) > 12 else ""
    return f"{'frame' if len(numbers) == 1 else 'frames'} {first}{more}"


def _relative(path: Path, root: Path) -> str:
    try:
        return str(path.resolve().relative_to(root.resolve()))
    except ValueError:
        return path.name
