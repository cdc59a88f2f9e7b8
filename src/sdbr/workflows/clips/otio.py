"""The OpenTimelineIO file beside a clip: its shots as clips, its keyframes as markers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sdbr.errors import UsageProblem
from sdbr.files import write_whole
from sdbr.media.open import open_reader, read_timecode
from sdbr.media.video.tags import count_timecode
from sdbr.workflows.clips.folders import ClipFolders
from sdbr.workflows.clips.footage import Footage
from sdbr.workflows.clips.prepare import ClipSpec, PreparedClip
from sdbr.workflows.clips.render import ClipResult, timing_of

if TYPE_CHECKING:
    from opentimelineio import opentime, schema  # type: ignore[import-untyped]

_COLORS = {"drawn": "GREEN", "supplied": "BLUE", "extra": "YELLOW", "refused": "RED"}
"""That of a marker, by what its keyframe is."""


@dataclass(frozen=True, slots=True)
class FrameClock:
    """Where frames are in a written clip, counted in frames at `rate` a second from `start`.

    At a constant rate they are whole numbers. A `variable` clip has exact times at a whole rate, so
    its frames lie between.
    """

    footage: Footage
    rate: Fraction
    variable: bool
    start: int = 0

    def count(self, number: int) -> float:
        """Where frame `number`, from 0, begins; the number of frames gives the clip's end."""
        frames = self.footage.frames
        last = number == len(frames)
        at = (frames[-1].at + frames[-1].lasts if last else frames[number].at) - frames[0].at
        return self.start + (float(at * self.rate) if self.variable else round(at * self.rate))


def check_otio(spec: ClipSpec) -> None:
    """Raise UsageProblem where no OpenTimelineIO file can be written beside such a clip."""
    if spec.settings.playback != "forward":
        raise UsageProblem(
            f"--otio describes a clip that plays forward. Leave out --{spec.settings.playback}."
        )
    if spec.ending not in (".mp4", ".mov", ".mkv", ".webm"):
        raise UsageProblem("--otio is for videos. Use --container prores, mov, mp4, mkv or webm.")
    if find_spec("opentimelineio") is None:
        raise UsageProblem("--otio needs OpenTimelineIO. Install it: pip install 'sdbr[otio]'")


def check_place(folders: ClipFolders, *, overwrite: bool) -> None:
    """Raise UsageProblem where another's file stands in the place of the OpenTimelineIO file."""
    path = _otio_file(folders.target)
    if path.exists() and not overwrite and _owner(path) != folders.fingerprint:
        raise UsageProblem(f"{path} already exists. Add --overwrite, or choose another name.")


def write_otio(clip: PreparedClip, result: ClipResult, record: dict[str, Any]) -> Path:
    """Write the timeline of a finished clip beside it, and return its path.

    Raises InputProblem where it cannot be written.
    """
    from opentimelineio import adapters, schema

    clock = _clock(clip, result.path)
    sound = bool(open_reader(result.path).clip.sound)
    tracks = [schema.Track("Video", children=list(_shots(clip, result, clock)), kind="Video")]
    if sound:
        whole = range(len(clip.plan.footage.frames))
        tracks.append(
            schema.Track("Audio", kind="Audio", children=[_clip_of(result, whole, clock)])
        )
    timeline = schema.Timeline(
        result.path.stem,
        tracks,
        global_start_time=_time(clock.start, clock),
        metadata={"sdbr": record},
    )
    path = _otio_file(result.path)
    write_whole(path, adapters.write_to_string(timeline, "otio_json").encode("utf-8"))
    return path


def _clock(clip: PreparedClip, path: Path) -> FrameClock:
    footage = clip.plan.footage
    timing = timing_of(footage)
    rate = Fraction(max(1, round(timing.rate))) if timing.variable else timing.rate
    label = read_timecode(path)
    start = count_timecode(label, round(rate)) if label else 0
    return FrameClock(footage, rate, timing.variable, start)


def _shots(clip: PreparedClip, result: ClipResult, clock: FrameClock) -> Iterator[schema.Clip]:
    kinds = dict(_keyframes(clip, result))
    for number, shot in enumerate(clip.plan.footage.plan.shots, 1):
        shown = _clip_of(result, shot, clock, f" shot {number}")
        shown.markers.extend(
            _marker(frame, kinds[frame], clock) for frame in sorted(kinds) if frame in shot
        )
        yield shown


def _keyframes(clip: PreparedClip, result: ClipResult) -> Iterator[tuple[int, str]]:
    """The numbers of keyframes, from 0, and what they are; of a clip that was drawn frame by frame
    those that are not as planned."""
    plan = clip.plan
    if len(plan.drawn) < len(plan.footage.frames):
        yield from ((frame.number, "drawn") for frame in plan.requested)
    yield from ((number, "supplied") for number in plan.supplied)
    yield from ((number, "extra") for number in result.extra_frames)
    yield from ((number, "refused") for number in result.held)


def _clip_of(result: ClipResult, frames: range, clock: FrameClock, what: str = "") -> schema.Clip:
    from opentimelineio import schema

    available = _span(range(len(clock.footage.frames)), clock)
    media = schema.ExternalReference(result.path.resolve().as_uri(), available)
    return schema.Clip(f"{result.path.stem}{what}", media, _span(frames, clock))


def _marker(frame: int, kind: str, clock: FrameClock) -> schema.Marker:
    from opentimelineio import schema

    told = {"sdbr": {"frame": frame + 1, "keyframe": kind}}
    where = _span(range(frame, frame + 1), clock)
    return schema.Marker(f"{frame + 1} {kind}", where, _COLORS[kind], told)


def _span(frames: range, clock: FrameClock) -> opentime.TimeRange:
    from opentimelineio import opentime

    begin, end = clock.count(frames.start), clock.count(frames.stop)
    return opentime.TimeRange(_time(begin, clock), _time(end - begin, clock))


def _time(count: float, clock: FrameClock) -> opentime.RationalTime:
    from opentimelineio import opentime

    return opentime.RationalTime(count, float(clock.rate))


def _otio_file(target: Path) -> Path:
    return target.with_suffix(".otio")


def _owner(path: Path) -> str | None:
    """The fingerprint of the run that wrote an OpenTimelineIO file; None for another's."""
    try:
        return str(json.loads(path.read_bytes())["metadata"]["sdbr"]["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
