"""A result's picture or clip as HTML, beside its source where there is one."""

from __future__ import annotations

from html import escape
from pathlib import Path

from sdbr.errors import InputProblem, UsageProblem
from sdbr.media.open import open_reader
from sdbr.workflows.clips.selection import parse_time
from sdbr.workflows.inputs import VIDEOS
from sdbr.workflows.report.embed import PLAYABLE, MediaStore
from sdbr.workflows.report.results import ReportContext, ReportedResult

_LARGEST_SOURCE = 24 * 1024 * 1024  # Bytes; of a larger clip the page has its first frame.
_ANIMATED = frozenset({".gif", ".apng"})


def show_before_after(result: ReportedResult, context: ReportContext) -> str:
    """The stack of after and before, and the bar to handle it."""
    before = _before(result, context)
    after = _after(result, context, alone=not before)
    if not before:
        return f'<div class="stack">{after}</div>{_bar(result, "")}'
    slider = (
        '<input type="range" min="0" max="100" value="50" '
        f'aria-label="How much of the source is seen: {result.alt_text}">'
    )
    return (
        f'<div class="stack pair" data-offset="{_offset(result):g}">{after}{before}'
        '<span class="side left">before</span><span class="side right">after</span></div>'
        f"{_bar(result, slider)}"
    )


def _bar(result: ReportedResult, slider: str) -> str:
    """The buttons: a clip alone has its browser's own, but for an animation."""
    playing = result.path.suffix.lower() in PLAYABLE
    buttons = ""
    if playing and slider:
        buttons += _button("play", "Play")
        buttons += _button("sound", "Sound on") if _has_sound(result.path) else ""
    elif result.kind == "animation" and not result.path.is_dir():
        buttons += _button("halt", "Pause")
    return f'<div class="bar">{buttons}{slider}{_button("larger", "Larger")}</div>'


def _has_sound(path: Path) -> bool:
    try:
        return bool(open_reader(path).clip.sound)
    except InputProblem:
        return False


def _button(name: str, label: str) -> str:
    return f'<button type="button" class="{name}">{label}</button>'


def _after(result: ReportedResult, context: ReportContext, alone: bool) -> str:
    path, media, size = result.path, context.media, _size_attributes(result)
    if path.suffix.lower() in PLAYABLE:
        controls = " controls" if alone else ""
        return (
            f'<video class="after" {_playable(path, media)}{size}{controls} loop muted '
            f'playsinline aria-label="{result.alt_text}"></video>'
        )
    if path.is_dir():
        name = media.first_frame(path)
    else:
        name = media.whole(path) if result.moving else media.picture(path)
    return f'<img class="after" data-media="{name}"{size} alt="{result.alt_text}">'


def _before(result: ReportedResult, context: ReportContext) -> str:
    """The source's element, a still where a browser could not play it; "" without a source."""
    source = result.source
    if source is None or source.path is None or not source.path.is_file():
        return ""
    path, media = source.path, context.media
    suffix, label = path.suffix.lower(), escape(f"Source: {source.name}")
    small = path.stat().st_size <= _LARGEST_SOURCE
    if suffix in PLAYABLE and result.path.suffix.lower() in PLAYABLE and small:
        return (
            f'<video class="before" {_playable(path, media)} loop muted playsinline '
            f'aria-label="{label}"></video>'
        )
    if suffix in _ANIMATED and result.moving and small:
        name = media.whole(path)
    else:
        name = media.first_frame(path) if suffix in VIDEOS else media.picture(path)
    return f'<img class="before" data-media="{name}" alt="{label}">'


def _playable(path: Path, media: MediaStore) -> str:
    """A film, and the picture of it that is shown until it plays."""
    return f'data-media="{media.whole(path)}" data-poster="{media.first_frame(path)}"'


def _offset(result: ReportedResult) -> float:
    """Where the result begins in its source, in seconds."""
    start = result.made.get("told", {}).get("start")
    try:
        return float(parse_time("--start", str(start))) if start else 0.0
    except UsageProblem:
        return 0.0


def _size_attributes(result: ReportedResult) -> str:
    size = result.made.get("size")
    return f' width="{size[0]}" height="{size[1]}"' if size else ""
