"""Draw the frames of one animation, each as soon as the pictures it needs are there."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sdbr.concurrency import map_ordered
from sdbr.errors import Refused, SdbrError
from sdbr.generation.filter_policy import reseed
from sdbr.generation.generate import Generate, KeyedRequest
from sdbr.generation.stack import Resources, RunSession
from sdbr.media.clip import Pixels
from sdbr.media.stills.pan_zoom import pan_and_zoom
from sdbr.request import ImageRequest, Picture
from sdbr.workflows.animations.motions import needed_frames, waves
from sdbr.workflows.animations.prepare import PreparedAnimation
from sdbr.workflows.clips.requests import write_frame
from sdbr.workflows.failures import Failures, ends_the_run, explain_interruption, hold


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one frame; `picture` is None where there is none, and `error` says why."""

    number: int
    picture: Picture | None = None
    error: SdbrError | None = None


@dataclass(slots=True)
class Progress:
    """What is there of one animation: pictures that others are drawn from, and refused frames."""

    failures: Failures
    pictures: dict[int, Picture] = field(default_factory=dict)
    held: list[int] = field(default_factory=list)


def frames_to_draw(animation: PreparedAnimation) -> list[int]:
    """The frames to be drawn: all, or for a trial as many as told, spread where they may be."""
    count, trial = len(animation.frames), animation.spec.result.trial
    if trial is None or trial >= count:
        return list(range(count))
    places = [count // 2] if trial == 1 else [n * (count - 1) // (trial - 1) for n in range(trial)]
    chosen = needed_frames(animation.frames, places)
    return chosen if len(chosen) == trial else list(range(trial))


def frame_file(folder: Path, animation: PreparedAnimation, number: int) -> Path:
    """The file of a frame, counted from 0 here and from 1 on disk."""
    return folder / f"{number + 1:06d}{animation.spec.result.frame_suffix}"


def draw(
    animation: PreparedAnimation,
    folder: Path,
    session: RunSession,
    resources: Resources,
) -> Progress:
    """Draw the wanted frames into `folder`. Raises what stopped it; what is drawn is kept."""
    wanted = frames_to_draw(animation)
    progress = Progress(Failures(total=len(wanted)))
    sources = {source for number in wanted for source in animation.frames[number].of}
    work = _worker(animation, folder, progress, session, resources)
    for wave in waves(animation.frames, wanted):
        if not all(n in progress.pictures for number in wave for n in animation.frames[number].of):
            break
        workers = min(resources.effort.workers, len(wave))
        for outcome in map_ordered(work, wave, workers=workers, stop=session.stop):
            _note(outcome, animation, sources, progress, resources)
    _raise_if_missing(progress, session)
    _fill_held(animation, folder, wanted, progress.held)
    return progress


def keyed_requests(
    animation: PreparedAnimation, resources: Resources
) -> Iterator[tuple[str, ImageRequest]]:
    """The wanted requests by key, for the price; one that cannot be known yet has a key of its own.

    A chain is followed through the cache as far as its pictures are there.
    """
    look_up = reseed(_from_cache(resources), resources.on_filtered, resources.key_of)
    wanted = frames_to_draw(animation)
    sources = {source for number in wanted for source in animation.frames[number].of}
    pictures: dict[int, Picture] = {}
    for wave in waves(animation.frames, wanted):
        for number in wave:
            frame = animation.frames[number]
            if not all(source in pictures for source in frame.of):
                yield f"{animation.folders.fingerprint} {number}", frame.request
                continue
            request = frame.request_over(pictures)
            wanted_now = KeyedRequest(request, resources.key_of(request))
            yield wanted_now.key, request
            if number in sources and (
                found := _found(look_up, wanted_now, pictures, frame.of, resources)
            ):
                pictures[number] = found


def _found(
    look_up: Generate,
    wanted: KeyedRequest,
    pictures: Mapping[int, Picture],
    before: Sequence[int],
    resources: Resources,
) -> Picture | None:
    try:
        return look_up(wanted)
    except LookupError:
        return None
    except Refused:
        stands_in = before and resources.on_filtered.holds
        return pictures[before[0]] if stands_in else None


def _from_cache(resources: Resources) -> Generate:
    cache = resources.cache

    def find(wanted: KeyedRequest) -> Picture:
        found = None if resources.fresh else cache.find(wanted.key)
        if found is None:
            raise LookupError
        if isinstance(found, Picture):
            return found
        raise Refused("refused", reason=found.refused)

    return find


def _worker(
    animation: PreparedAnimation,
    folder: Path,
    progress: Progress,
    session: RunSession,
    resources: Resources,
) -> Callable[[int], Outcome]:
    def work(number: int) -> Outcome:
        try:
            picture = session.draw(animation.frames[number].request_over(progress.pictures))
            write_frame(
                frame_file(folder, animation, number), frame_pixels(picture, animation, number)
            )
            return Outcome(number, picture)
        except SdbrError as error:
            held = isinstance(error, Refused) and resources.on_filtered.holds
            hopeless = progress.failures.hopeless(resources.effort.workers)
            if not held and (ends_the_run(error, resources.on_filtered) or hopeless):
                session.stop.set()
            return Outcome(number, error=error)

    return work


def frame_pixels(picture: Picture, animation: PreparedAnimation, number: int) -> Pixels:
    """The model's picture as a frame: without padding, see-through where the still is."""
    image = animation.still.feedback.view(picture)
    if animation.alpha is not None:
        motion = animation.spec.motion
        steps = number if motion.kind == "evolve" else 0
        image.putalpha(pan_and_zoom(animation.alpha, motion.move, steps).resize(image.size))
    return np.asarray(image, dtype=np.uint8)


def _note(
    outcome: Outcome,
    animation: PreparedAnimation,
    sources: set[int],
    progress: Progress,
    resources: Resources,
) -> None:
    number, picture, error = outcome.number, outcome.picture, outcome.error
    before = animation.frames[number].of
    if picture is None and error is not None:
        stands_in = bool(before) or number not in sources
        if not (isinstance(error, Refused) and resources.on_filtered.holds and stands_in):
            progress.failures.add(error, fatal=ends_the_run(error, resources.on_filtered))
            return
        progress.held.append(number)
        picture = progress.pictures[before[0]] if before else None
    progress.failures.done += 1
    if number in sources and picture is not None:
        progress.pictures[number] = picture


def _raise_if_missing(progress: Progress, session: RunSession) -> None:
    failures = progress.failures
    if failures.done == failures.total and len(progress.held) < failures.total:
        return
    failures.raise_at_end()
    if session.stop.is_set():
        raise explain_interruption(failures.done, failures.total)
    raise Refused("The safety filter refused every frame. Change the prompt or the picture.")


def _fill_held(
    animation: PreparedAnimation, folder: Path, wanted: Sequence[int], held: Sequence[int]
) -> None:
    """A refused frame shows the one before it, or the next where there is none."""
    for number, source in hold((n, None if n in held else n) for n in wanted):
        if number != source:
            file = frame_file(folder, animation, number)
            shutil.copyfile(frame_file(folder, animation, source), file)
