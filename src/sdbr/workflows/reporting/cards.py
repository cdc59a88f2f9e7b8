"""One result as HTML: its picture or clip beside its source, and how it was made.

Whatever comes from a file, a prompt above all, goes through `escape`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import Any

from sdbr.bedrock.catalog import Catalog
from sdbr.errors import UsageProblem
from sdbr.generation.estimating import in_usd
from sdbr.workflows.film.choosing import parse_time
from sdbr.workflows.film.sources import VIDEOS
from sdbr.workflows.reporting import steadiness
from sdbr.workflows.reporting.finding import Result
from sdbr.workflows.reporting.shelf import PLAYABLE, Shelf
from sdbr.workflows.reporting.steadiness import Steady

_LARGEST_SOURCE = 24 * 1024 * 1024
_MOST_KEYFRAMES = 24
_STRIP = 176
_ANIMATED = frozenset({".gif", ".apng"})


@dataclass(frozen=True, slots=True)
class Desk:
    """What cards are made with: the shelf, the prices, the workspace and its hidden folder."""

    shelf: Shelf
    catalog: Catalog
    root: Path
    hidden: Path


def kind_of(result: Result) -> str:
    """Picture, animation or video."""
    if not result.moving:
        return "picture"
    return "video" if result.path.suffix.lower() in PLAYABLE | {".mkv", ".avi"} else "animation"


def card(result: Result, desk: Desk) -> str:
    """The article of one result."""
    prompt = str(result.request.get("prompt") or "")
    steady = steadiness.of(result, desk.hidden) if result.moving else None
    facts = dict(_facts(result, steady, desk))
    rows = "".join(f"<dt>{escape(n)}</dt><dd>{escape(v)}</dd>" for n, v in facts.items())
    words = escape(" ".join((prompt, *facts.values())).lower())
    heading = escape(prompt) or escape(result.path.name)
    return (
        f'<article class="card" data-words="{words}" data-model="{escape(model_of(result))}" '
        f'data-command="{escape(str(result.made["command"]))}" data-kind="{kind_of(result)}">'
        f'{_shown(result, desk)}<div class="text"><h2>{heading}</h2>'
        f'<dl class="facts">{rows}</dl>{_steadiness(result, steady, desk)}</div></article>\n'
    )


def model_of(result: Result) -> str:
    """The model's id as it was called."""
    return str(result.request.get("model") or "unknown")


def _shown(result: Result, desk: Desk) -> str:
    path = result.path
    alt = escape(str(result.request.get("prompt") or path.name))
    size = _size_attributes(result)
    before = _before(result, desk)
    playing = path.suffix.lower() in PLAYABLE
    if playing:
        name = desk.shelf.whole(path)
        controls = "" if before else " controls"
        after = (
            f'<video class="after" data-media="{name}"{size}{controls} loop muted playsinline '
            f'aria-label="{alt}"></video>'
        )
    else:
        name = desk.shelf.whole(path) if result.moving else desk.shelf.picture(path)
        after = f'<img class="after" data-media="{name}"{size} alt="{alt}">'
    if not before:
        return f'<div class="stack">{after}</div>'
    offset = _offset(result)
    buttons = '<button type="button" class="play">Play</button>' if playing else ""
    if playing:
        buttons += '<button type="button" class="sound">Sound on</button>'
    return (
        f'<div class="stack pair" data-offset="{offset:g}">{after}{before}'
        '<span class="side left">before</span><span class="side right">after</span></div>'
        f'<div class="bar">{buttons}<input type="range" min="0" max="100" value="50" step="0.1" '
        'aria-label="Before and after"></div>'
    )


def _before(result: Result, desk: Desk) -> str:
    """The source's element, a still where a browser could not play it; "" without a source."""
    source = result.source
    if source is None or source.path is None or not source.path.is_file():
        return ""
    path, name = source.path, ""
    suffix = path.suffix.lower()
    small = path.stat().st_size <= _LARGEST_SOURCE
    if suffix in PLAYABLE and result.path.suffix.lower() in PLAYABLE and small:
        name = desk.shelf.whole(path)
        return f'<video class="before" data-media="{name}" loop muted playsinline></video>'
    if suffix in _ANIMATED and result.moving and small:
        name = desk.shelf.whole(path)
    elif suffix in VIDEOS:
        from sdbr.media.preview import still

        side = desk.shelf.side
        name = desk.shelf.made(("still", str(path)), lambda: still(path, side))
    else:
        name = desk.shelf.picture(path)
    return f'<img class="before" data-media="{name}" alt="before">'


def _offset(result: Result) -> float:
    """Where the result begins in its source, in seconds."""
    told = result.made.get("told")
    start = told.get("start") if isinstance(told, dict) else None
    try:
        return float(parse_time("--start", str(start))) if start else 0.0
    except UsageProblem:
        return 0.0


def _facts(result: Result, steady: Steady | None, desk: Desk) -> Iterator[tuple[str, str]]:
    made, request = result.made, result.request
    told: dict[str, Any] = {
        "Model": model_of(result),
        "Seed": made.get("seed") or request.get("seed"),
        "Strength": request.get("strength"),
        "Negative": request.get("negative_prompt"),
        "Style": request.get("style"),
        **{str(name): value for name, value in (request.get("extras") or {}).items()},
        "Size": "×".join(str(side) for side in made.get("size") or ()),
        "Frames": made.get("frames"),
        **_price(result, steady, desk),
        "Source": ", ".join(parent.name for parent in result.ancestor.parents),
        "Drawn": str(made.get("drawn_on") or result.at.date()),
        "Command": made["command"],
        "File": _relative(result.path, desk.root),
        "Answered by": _answered(made.get("answered_by")),
    }
    yield from ((name, str(value)) for name, value in told.items() if value not in (None, "", 0))


def _answered(realm: object) -> str:
    return "Amazon Bedrock" if realm == "aws" else "an emulator, nothing was billed"


def _price(result: Result, steady: Steady | None, desk: Desk) -> dict[str, str]:
    if not result.moving:
        told = result.made.get("price_usd")
        return {"Price": f"{told} USD"} if told else {}
    each = _price_each(result, desk.catalog)
    if each is None or steady is None or not steady.keyframes:
        return {}
    drawn, frames = len(steady.keyframes), int(result.made["frames"])
    saved = steady.saved_usd or in_usd(each * max(frames - drawn, 0))
    return {
        "Price": f"{in_usd(each * drawn)} USD for {drawn} drawn frames",
        "Saved": f"{saved} USD against drawing all {frames} frames",
    }


def _price_each(result: Result, catalog: Catalog) -> Decimal | None:
    try:
        model = catalog.find(str(result.request.get("speaks_like") or model_of(result)))
    except UsageProblem:
        return None
    return model.tiers[0].usd if model.tiers else None


def _steadiness(result: Result, steady: Steady | None, desk: Desk) -> str:
    if steady is None:
        return ""
    curve = steadiness.drawing(steady, int(result.made["frames"]))
    return (
        f'<figure class="steady">{curve}{_keyframes(result, steady, desk)}{_said(steady)}</figure>'
    )


def _keyframes(result: Result, steady: Steady, desk: Desk) -> str:
    count = len(steady.keyframes)
    if not count:
        return ""
    most = min(count, _MOST_KEYFRAMES)
    step = max(count - 1, 1) / max(most - 1, 1)
    shown = tuple(steady.keyframes[round(at * step)] for at in range(most))
    path = result.path

    def make() -> bytes:
        from sdbr.media.preview import strip

        return strip(path, [number - 1 for number in shown], _STRIP)

    name = desk.shelf.made(("strip", str(path)), make)
    frames = ", ".join(map(str, shown))
    alt = f"Drawn keyframes: {frames}"
    return f'<div class="strip" tabindex="0"><img data-media="{name}" alt="{escape(alt)}"></div>'


def _said(steady: Steady) -> str:
    parts = []
    if steady.flicker is not None:
        source = "" if steady.of_source is None else f", the source's {1000 * steady.of_source:.2f}"
        parts.append(f"Flicker {1000 * steady.flicker:.2f}{source} (E_warp × 1000).")
    if steady.sharpness is not None:
        parts.append(f"Sharpness {steady.sharpness:.0f}.")
    if steady.keyframes:
        parts.append(f"Drawn: {_listed(steady.keyframes)}.")
    return f"<figcaption>{escape(' '.join(parts))}</figcaption>"


def _listed(numbers: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, numbers[:12]))
    more = f" and {len(numbers) - 12} more" if len(numbers) > 12 else ""
    return f"{'frame' if len(numbers) == 1 else 'frames'} {shown}{more}"


def _size_attributes(result: Result) -> str:
    size = result.made.get("size")
    if not isinstance(size, list) or len(size) != 2:
        return ""
    return f' width="{int(size[0])}" height="{int(size[1])}"'


def _relative(path: Path, root: Path) -> str:
    try:
        return str(path.resolve().relative_to(root.resolve()))
    except ValueError:
        return path.name
