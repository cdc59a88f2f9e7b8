"""Drawing the frames of a clip that are drawn, in order, many at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sdbr.concurrency import map_ordered
from sdbr.errors import Refused, SdbrError
from sdbr.generation.stack import Resources, RunSession
from sdbr.media.clip import Pixels, TimedFrame
from sdbr.media.stills.pixels import flatten
from sdbr.motion.temporal_filter import feed_back
from sdbr.request import ImageRequest, Size
from sdbr.workflows.clips.folders import ClipFolders
from sdbr.workflows.clips.footage import Footage, FrameInfo, pixel_digest
from sdbr.workflows.clips.requests import FrameRequests, write_frame
from sdbr.workflows.clips.supplied import SuppliedKeyframe
from sdbr.workflows.failures import Failures, ends_the_run
from sdbr.workflows.pictures.job import Input

_WINDOW_BYTES = 512 * 1024 * 1024
_KEYFRAMES_BYTES = 128 * 1024 * 1024
"""Decoded frames held between being read and being written, in bytes at most: all of them, and
keyframes, of which no more are needed at a time than filling the frames between them takes up."""
_SPLITTERS = 2  # Threads that write frames, beside the one that decodes.
_CALLS_A_DECODER = 4
"""One thread more for so many calls: a picture is decoded while the next is waited for."""


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """A clip and all that was settled about it before the first request.

    `supplied` are keyframes that need no request, by frame number.
    """

    footage: Footage
    requests: FrameRequests
    folders: ClipFolders
    size: Size
    keep_frames: bool = True
    inputs: tuple[Input, ...] = ()
    supplied: Mapping[int, SuppliedKeyframe] = field(default_factory=dict)

    @property
    def drawn(self) -> tuple[FrameInfo, ...]:
        """The frames that are drawn; the others are filled by motion."""
        return tuple(self.footage.frames[number] for number in self.footage.plan.keyframes)

    @property
    def requested(self) -> tuple[FrameInfo, ...]:
        """The drawn frames that the model is asked for."""
        return tuple(frame for frame in self.drawn if frame.number not in self.supplied)

    @property
    def fixed(self) -> frozenset[int]:
        """The numbers of the supplied keyframes that stay as they are."""
        return frozenset(number for number, one in self.supplied.items() if one.fixed)

    @property
    def numbers(self) -> dict[str, list[int]]:
        """The numbers, from 1, of the keyframes and of the supplied ones among them, for JSON."""
        both = {"keyframes": self.footage.plan.keyframes, "supplied": tuple(self.supplied)}
        return {name: [number + 1 for number in numbers] for name, numbers in both.items()}

    @property
    def needs_source_frames(self) -> bool:
        """Whether the frames as they were must be on disk while the clip is drawn."""
        return self.keep_frames or len(self.drawn) < len(self.footage.frames)


@dataclass(frozen=True, slots=True)
class SourceFrame:
    """A wanted frame as it was, height × width × 3.

    `png` is its file, where that was written just now: the model may be sent the same.
    """

    shown: FrameInfo
    pixels: Pixels
    png: bytes = b""


@dataclass(frozen=True, slots=True)
class DrawnFrame:
    """A drawn frame: as it was, and as it became or the error instead.

    One that is `supplied` stays as it is.
    """

    shown: FrameInfo
    before: Pixels
    pixels: Pixels | None = None
    error: SdbrError | None = None
    supplied: bool = False


@dataclass(slots=True)
class Tally:
    """What came of the frames of one clip so far.

    `drawn` are the numbers of those whose picture is there, some of them ahead of the frame that is
    being written; `held` are those of refused ones. `extra_frames` are those of frames drawn beyond
    the plan because nothing explained them, `extra_allowed` at most.
    """

    failures: Failures
    drawn: list[int] = field(default_factory=list)
    held: list[int] = field(default_factory=list)
    extra_frames: list[int] = field(default_factory=list)
    extra_allowed: int = 0

    @property
    def extra(self) -> int:
        """How many frames were drawn beyond the plan."""
        return len(self.extra_frames)


def requests_of(plan: ClipPlan, frames: Iterable[FrameInfo]) -> list[ImageRequest]:
    """The requests of frames for their names and prices: no pixel is encoded."""
    return [plan.requests.request_for(shown, no_pixels) for shown in frames]


def read_source_frames(
    plan: ClipPlan, frames: Iterable[TimedFrame], session: RunSession
) -> Iterator[SourceFrame]:
    """The wanted frames with what is known of them, each on disk where it will be needed."""

    def take(item: tuple[FrameInfo, TimedFrame]) -> SourceFrame:
        shown, pixels = item[0], flatten(item[1].image, plan.footage.background)
        path = plan.folders.source_frame(shown.number)
        if not plan.needs_source_frames or path.exists():
            return SourceFrame(shown, pixels)
        data = write_frame(path, pixels)
        return SourceFrame(shown, pixels, data if path.suffix == ".png" else b"")

    pairs = zip(plan.footage.frames, frames, strict=False)
    return map_ordered(take, pairs, workers=_SPLITTERS, stop=session.stop)


def draw_frame(
    plan: ClipPlan,
    one: SourceFrame,
    session: RunSession,
    resources: Resources,
    tally: Tally,
    init: Pixels | None = None,
) -> DrawnFrame:
    """One frame as the model draws it, from `init` where that is not the frame itself.

    One that is supplied is read instead. A failure that no other frame can escape ends the run.
    """
    try:
        if supplied := plan.supplied.get(one.shown.number):
            return DrawnFrame(one.shown, one.pixels, supplied.read(), supplied=supplied.fixed)
        if init is None:
            request = plan.requests.request_for(one.shown, lambda: one.pixels, png=one.png)
        else:
            request = plan.requests.request_for(one.shown, lambda: init, pixel_digest(init))
        pixels = plan.requests.restore(session.draw(request), plan.size, one.shown.number)
    except SdbrError as error:
        stop_if_fatal(error, session, resources, tally)
        return DrawnFrame(one.shown, one.pixels, error=error)
    tally.drawn.append(one.shown.number)
    return DrawnFrame(one.shown, one.pixels, pixels)


def draw_frames(
    plan: ClipPlan,
    taken: Iterable[SourceFrame],
    session: RunSession,
    resources: Resources,
    tally: Tally,
) -> Iterator[DrawnFrame]:
    """Draw frames in order. One that fails by itself is reported and the others go on, so that
    the next run needs only what is missing."""
    # The pace sees to it that no more than `workers` of them wait for Bedrock at once.
    threads = resources.effort.workers + resources.effort.workers // _CALLS_A_DECODER
    return map_ordered(
        lambda one: draw_frame(plan, one, session, resources, tally),
        taken,
        workers=threads,
        window=_window(plan, threads),
        stop=session.stop,
    )


def stop_if_fatal(
    error: SdbrError, session: RunSession, resources: Resources, tally: Tally
) -> None:
    """End the run where no other frame can fare better.

    The failure is noted before the stop, after which nobody may come for this frame.
    """
    fatal = ends_the_run(error, resources.on_filtered)
    if fatal:
        tally.failures.add(error, fatal=True)
    if fatal or tally.failures.hopeless(resources.effort.workers):
        session.stop.set()


def without_failures(
    painted: Iterable[DrawnFrame], resources: Resources, tally: Tally
) -> Iterator[DrawnFrame]:
    """The drawn frames and the refused ones that a hold may stand in for; failures are noted."""
    for one in painted:
        if one.error is None:
            tally.failures.done += not one.supplied
            yield one
        elif isinstance(one.error, Refused) and resources.on_filtered.holds:
            tally.held.append(one.shown.number)
            yield one
        else:
            tally.failures.add(one.error, fatal=ends_the_run(one.error, resources.on_filtered))


def _window(plan: ClipPlan, threads: int) -> int:
    frame = 2 * 3 * plan.size.width * plan.size.height
    some = len(plan.drawn) < len(plan.footage.frames)
    most = _KEYFRAMES_BYTES if some else _WINDOW_BYTES
    return max(threads + 2, min(4 * threads, most // frame))


def no_pixels() -> Pixels:
    """Stands in for the pixels of a request whose body is never encoded: its key is wanted."""
    raise RuntimeError("This request is for its key alone.")


def draw_sequentially(
    plan: ClipPlan,
    taken: Iterable[SourceFrame],
    session: RunSession,
    resources: Resources,
    share: float,
    tally: Tally,
) -> Iterator[DrawnFrame]:
    """Draw frames in order, `share` (0 to 1) of the warped last result in each init image.

    Across a cut each shot starts from its source alone.
    """
    shot_of = {number: at for at, shot in enumerate(plan.footage.plan.shots) for number in shot}
    last: tuple[int, Pixels, Pixels] | None = None
    for one in taken:
        if session.stop.is_set():
            return
        init, shot = one.pixels, shot_of[one.shown.number]
        if last is not None and last[0] == shot:
            init = feed_back((last[1], last[2]), one.pixels, share)
        drawn = draw_frame(plan, one, session, resources, tally, init)
        if drawn.pixels is not None:
            last = shot, one.pixels, drawn.pixels
        yield drawn
