"""Brings what a clip says of itself into another file: tags, chapters, its start timecode."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from typing import TYPE_CHECKING

from av.container import InputContainer, OutputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from sdbr.media.clip import Excerpt
from sdbr.media.timing import to_tick
from sdbr.request import Tell

if TYPE_CHECKING:
    from av.container.core import Chapter

# libav writes these names as the tags that players of each container read, and no others.
_HELD = {
    "mp4": re.compile(
        r"title|artist|album_artist|composer|album|date|comment|genre|copyright|grouping|lyrics"
        r"|description|synopsis|show|episode_id|network|keywords|episode_sort|season_number|track"
        r"|disc|compilation|location|creation_time"
    ),
    "mov": re.compile(
        r"title|artist|album|date|comment|genre|copyright|make|model|location|creation_time"
    ),
}
_ANYTHING = re.compile(r".*", re.DOTALL)
# What is said of the file or its encoder, so no longer true of another.
_UNTRUE = re.compile(
    r"encoder|encoded_by|major_brand|minor_version|compatible_brands|timecode|duration|hd_video"
    r"|media_type|digital_source_type|gapless_playback|handler_name|vendor_id|com\.android\..*|_statistics.*|.*software"
)
_APPLE = "com.apple.quicktime."
_NAMES = {"location.iso6709": "location", "creationdate": "date", "author": "artist"}
_LABEL = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.])(\d{1,2})", re.ASCII)
_MICROSECOND = Fraction(1, 1_000_000)
# The names that libav's mov has for languages which ISO 639-2 names in two ways, or in none.
_QUICKTIME = {
    **{"deu": "ger", "nld": "dut", "ell": "gre", "isl": "ice", "zho": "chi", "sqi": "alb"},
    **{"fas": "per", "hye": "arm", "kat": "geo", "bod": "tib", "mya": "bur", "msa": "may"},
    **{"fre": "fra", "cze": "ces", "rum": "ron", "slo": "slk"},
    **{"swe": "sve", "hrv": "hr ", "srp": "sr ", "mkd": "mac"},
}


def carry_tags(output: OutputContainer, source: InputContainer, note: Tell) -> None:
    """Copy the tags that stay true; a comment gives its place to the output's own.

    What the container has no name for goes to `note`.
    """
    kind = output.format.name
    held = _HELD.get(kind, _ANYTHING)
    tags = tags_of(source)
    theirs = tags.pop("comment", "")
    if theirs and not _is_record(theirs):
        names = ["description", "synopsis"] if "comment" in output.metadata else ["comment"]
        free = [name for name in names if name not in tags and held.fullmatch(name)]
        tags[free[0] if free else "comment"] = theirs
        if free and free[0] != "comment":
            note(
                f"The comment was moved to {free[0]}, because sdbr writes its record into the "
                "comment."
            )
    left_out = []
    for name, value in tags.items():
        if not held.fullmatch(name) or name in output.metadata:
            left_out.append(name)
        else:
            output.metadata[name] = value
    if left_out:
        advice = "" if kind == "matroska" else " Use --container mkv to keep them."
        note(f"{kind} does not support these tags: {', '.join(sorted(left_out))}.{advice}")


def tags_of(source: InputContainer) -> dict[str, str]:
    """The tags of a file that stay true of another one, under the names that libav writes."""
    found: dict[str, str] = {}
    for key, value in source.metadata.items():
        name = key.lower().removeprefix(_APPLE)
        name = _NAMES.get(name, name)
        base, _, language = name.rpartition("-")
        # libav names a tag a second time, with its language.
        name = base if len(language) == 3 and base else name
        if value and not _UNTRUE.fullmatch(name):
            found.setdefault(name, value)
    return found


def copy_labels(source: Stream, target: Stream) -> None:
    """Give a track the language, the title and the flags of another."""
    language = source.language or "und"
    if target.container.format.name == "mov":
        language = _QUICKTIME.get(language, language)
    target.metadata["language"] = language
    title = source.metadata.get("title") or source.metadata.get("name")
    if title:
        target.metadata["title"] = title
    target.disposition = source.disposition


def carry_chapters(output: OutputContainer, source: InputContainer, excerpt: Excerpt) -> None:
    """Set the chapters that lie in the excerpt, moved and cut like the pictures."""
    chapters: list[Chapter] = []
    for chapter in sorted(source.chapters(), key=lambda one: one["start"]):
        base = chapter["time_base"] or Fraction(1)
        times = excerpt.cut(chapter["start"] * base, chapter["end"] * base)
        if times is None:
            continue
        chapters.append(
            {
                "id": len(chapters) + 1,
                "start": to_tick(times[0], _MICROSECOND),
                "end": to_tick(times[1], _MICROSECOND),
                "time_base": _MICROSECOND,
                "metadata": chapter["metadata"],
            }
        )
    output.set_chapters(chapters)


def carry_timecode(
    output: OutputContainer, pictures: tuple[VideoStream, VideoStream], later: Fraction, note: Tell
) -> None:
    """Write the start timecode of the first of `pictures`, moved by `later` seconds, in `output`.

    It counts frames, so it is left out, with a note, where the second has another rate.
    """
    source, target = pictures
    label = timecode_of(source)
    if not label or not source.average_rate or not target.average_rate:
        return
    # PyAV 19 has rationals of its own.
    before, now = Fraction(source.average_rate), Fraction(target.average_rate)
    if round(before) != round(now):
        note(
            f"The start timecode {label} was left out: it counts {float(before):g} frames per "
            f"second, but the result has {float(now):g}."
        )
        return
    output.metadata["timecode"] = later_timecode(label, round(before), round(later * before))


def timecode_of(stream: VideoStream) -> str:
    """Return the start timecode that a track or its file tells; "" where there is none."""
    tags = stream.container.metadata | stream.metadata
    label = next((value for name, value in tags.items() if name.lower() == "timecode"), "")
    return label if _LABEL.fullmatch(label) else ""


def later_timecode(label: str, rate: int, frames: int) -> str:
    """Return the timecode (SMPTE 12M) that many frames later, at a nominal `rate`.

    A semicolon means drop-frame: of every minute but each tenth, the first 2 labels are left out,
    of 60 a second the first 4. Raises ValueError for what is no timecode.
    """
    mark = _mark_of(label, rate)
    dropped = 0 if mark == ":" else rate // 15
    count = count_timecode(label, rate) + frames
    ten_minutes = 600 * rate - 9 * dropped
    tens, rest = divmod(count % (144 * ten_minutes), ten_minutes)
    # The first minute of ten is whole, so longer than the others.
    short = max(0, rest - dropped) // (60 * rate - dropped) if dropped else 0
    count = tens * 600 * rate + rest + dropped * short
    seconds, frame = divmod(count, rate)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}{mark}{frame:02}"


def count_timecode(label: str, rate: int) -> int:
    """Return how many frames a timecode is from 00:00:00:00. Raises ValueError for none."""
    dropped = 0 if _mark_of(label, rate) == ":" else rate // 15
    hours, minutes, seconds, frame = map(int, re.split("[:;.]", label))
    minutes += 60 * hours
    return (minutes * 60 + seconds) * rate + frame - dropped * (minutes - minutes // 10)


def _mark_of(label: str, rate: int) -> str:
    """What stands before the frames: a colon where none is dropped."""
    match = _LABEL.fullmatch(label)
    if match is None:
        raise ValueError(label)
    # Others than 30 and 60 have no drop-frame.
    return match[4] if rate % 30 == 0 else ":"


def _is_record(comment: str) -> bool:
    """Whether it is how an earlier clip was made, which only that clip has to tell."""
    try:
        return "sdbr" in json.loads(comment)
    except (ValueError, TypeError):
        return False
