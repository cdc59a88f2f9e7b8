"""From drawn frames to an animation: timed, blended, scaled, and written whole or not at all."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from PIL import Image

from sdbr.generation.stack import Resources
from sdbr.media.clip import FrameTiming, Pixels, TimedFrame
from sdbr.media.stills.pixels import with_channels
from sdbr.media.stills.sheet import Labels, contact_sheet, save, thumbnail
from sdbr.media.writer import open_writer
from sdbr.request import Size
from sdbr.workflows.animations.draw import frame_file, frames_to_draw
from sdbr.workflows.animations.prepare import COMMAND, AnimationTarget, PreparedAnimation
from sdbr.workflows.animations.timeline import ShownBlend, Timing, order_of, schedule
from sdbr.workflows.clips.requests import read_frame
from sdbr.workflows.names import record_template
from sdbr.workflows.provenance.claim import signature_of
from sdbr.workflows.provenance.write import common_fields, digital_source, record_text

_ACROSS, _SIDE = 6, 256


@dataclass(frozen=True, slots=True)
class AnimationResult:
    """A written animation: how many frames it shows, for how long, and what was noted."""

    path: Path
    size: Size
    frames: int
    duration: Fraction
    notes: tuple[str, ...] = ()


def write(
    animation: PreparedAnimation,
    folder: Path,
    resources: Resources,
    answers: Mapping[str, bytes],
) -> AnimationResult:
    """Write the animation of the frames in `folder`, and sign it. Raises InputProblem.

    `answers` are those of the model that are signed, by their key.
    """
    spec = animation.spec
    timeline = schedule(len(animation.frames), spec.timing)
    size = _size_of(animation, folder)
    made = {**how_made(animation, timeline, resources.realm), "size": list(size)}
    comment = record_text(made)
    target = animation.folders.target
    settings = replace(spec.result.settings, background=spec.look.background)
    request = animation.still.request
    source, signature = digital_source(request, animation.inputs), signature_of(resources)
    seal = None
    if signature is not None:
        seal = partial(signature.seal, target, source, animation.inputs, answers)
    with open_writer(
        target,
        timing_of(spec.timing),
        settings=settings,
        comment=comment,
        source=source if resources.provenance else None,
        seal=seal,
    ) as writer:
        for frame in _read_frames(animation, folder, timeline):
            writer.add(frame)
    duration = sum((shot.lasts for shot in timeline), Fraction(0))
    return AnimationResult(target, size, len(timeline), duration, writer.notes)


def timing_of(timing: Timing) -> FrameTiming:
    """The timing that all times of the animation are multiples of."""
    tick = Fraction(1, math.lcm(timing.rate.numerator, timing.hold.denominator))
    return FrameTiming(timing.rate, tick, variable=bool(timing.hold))


def write_sheet(animation: PreparedAnimation, folder: Path, kind: str) -> tuple[Path, Size]:
    """Lay out the still and the wanted frames; return the sheet's path and size."""
    numbers = frames_to_draw(animation)
    files = [animation.path, *(frame_file(folder, animation, number) for number in numbers)]
    names = ["before", *(str(number + 1) for number in numbers)]
    starts = range(0, len(files), _ACROSS)
    cells = [[thumbnail(path, _SIDE) for path in files[at : at + _ACROSS]] for at in starts]
    rows = tuple(", ".join(names[at : at + _ACROSS]) for at in starts)
    sheet = contact_sheet(cells, Labels(animation.still.request.prompt, rows=rows), _SIDE)
    # A trial has no result whose number it could share.
    name = animation.folders.stem if kind == "trial" else animation.folders.name
    path = save(sheet, animation.spec.where.results, f"{name}-{kind}")
    return path, Size(*sheet.size)


def shown_files(animation: PreparedAnimation, folder: Path) -> tuple[list[Path], bool]:
    """The files of the frames as they are shown in turn, and whether they begin again with nothing
    blended between."""
    spec = animation.spec
    numbers = order_of(len(animation.frames), spec.timing.ping_pong)
    blended = spec.timing.closed and bool(spec.timing.crossfade)
    plays_on = spec.result.settings.loop is not None and not blended
    files = [frame_file(folder, animation, number) for number in numbers]
    return files, plays_on and spec.result.ending in (".gif", ".webp", ".apng")


def how_made(
    animation: PreparedAnimation, timeline: list[ShownBlend], realm: str
) -> dict[str, object]:
    """The record in the animation's metadata: the same run gives the same text."""
    request = animation.still.request
    return {
        **common_fields(COMMAND, request, realm, animation.inputs, animation.prepared.treatment),
        "fingerprint": animation.folders.fingerprint,
        "told": dict(animation.spec.flags),
        "motion": animation.spec.motion.kind,
        "drawn": len(animation.frames),
        "frames": len(timeline),
        "stem": animation.folders.name,
        **record_template(animation.spec.result.name),
    }


def index_of(animation: PreparedAnimation) -> dict[str, object]:
    """What frames.json tells beside the frames: how each was asked for."""
    return {
        "source": animation.path.name,
        "settings": dict(animation.spec.flags),
        "model": animation.still.request.model.invoke_id,
        "frames": [
            {
                "file": frame_file(Path(), animation, number).name,
                "prompt": frame.request.prompt,
                "seed": frame.request.seed,
                "strength": frame.request.strength,
                "drawn_from": [source + 1 for source in frame.of],
            }
            for number, frame in enumerate(animation.frames)
        ],
    }


def _read_frames(
    animation: PreparedAnimation, folder: Path, timeline: list[ShownBlend]
) -> Iterator[TimedFrame]:
    pixels = _reader(animation, folder)
    for shot in timeline:
        image = pixels(shot.first)
        if shot.share:
            image = _mix(image, pixels(shot.second), float(shot.share))
        yield TimedFrame(image, shot.at, shot.lasts)


def _reader(animation: PreparedAnimation, folder: Path) -> Callable[[int], Pixels]:
    """Reads frames at the result's size, which is that of the first; keeps the last two."""

    @lru_cache(maxsize=2)
    def read(number: int) -> Pixels:
        image = read_frame(frame_file(folder, animation, number))
        image = with_channels(image, 3 if animation.alpha is None else 4)
        if image.shape[:2] != (height, width):
            resized = Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS)
            image = np.asarray(resized, dtype=np.uint8)
        return image

    width, height = _size_of(animation, folder)
    return read


def _size_of(animation: PreparedAnimation, folder: Path) -> Size:
    """The size of the animation of the frames in `folder`."""
    with Image.open(frame_file(folder, animation, 0)) as first:
        return shown_size(Size(*first.size), animation.spec.result)


def shown_size(drawn: Size, result: AnimationTarget) -> Size:
    """The size of the animation whose frames were drawn at `drawn`."""
    scale = 1.0
    if result.width is not None:
        scale = result.width / drawn.width
    elif result.longest is not None:
        scale = min(1.0, result.longest / max(drawn))
    return Size(*(max(1, round(side * scale)) for side in drawn))


def _mix(one: Pixels, other: Pixels, share: float) -> Pixels:
    mixed = one * (1 - share) + other * share
    return np.asarray(mixed.round(), dtype=np.uint8)
