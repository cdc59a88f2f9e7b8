"""The course of one clip: look over, price, draw, write; every frame keeps its time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sdbr.concurrency import map_ordered
from sdbr.errors import Interrupted, Refused, SdbrError
from sdbr.generation.stack import Drawing, Means
from sdbr.media.clip import Frame, Pixels
from sdbr.request import ImageRequest, Picture, Size
from sdbr.workflows.failures import Failures, ends_the_run
from sdbr.workflows.film.painter import Painter, rgb, write_frame
from sdbr.workflows.film.planning import Footage, Shown
from sdbr.workflows.film.tree import Tree

_WINDOW_BYTES = 512 * 1024 * 1024
"""Decoded frames held between being read and being written, in bytes at most."""


@dataclass(frozen=True, slots=True)
class Film:
    """A clip and all that was settled about it before the first request."""

    footage: Footage
    painter: Painter
    tree: Tree
    size: Size
    keep_frames: bool = True


@dataclass(frozen=True, slots=True)
class Painted:
    """A frame as it became; `picture` is None where the filter refused it and a hold stands in."""

    shown: Shown
    before: Pixels
    pixels: Pixels | None
    picture: Picture | None = None
    error: SdbrError | None = None


@dataclass(slots=True)
class Tally:
    """What came of the frames of one clip so far."""

    failures: Failures
    held: list[int] = field(default_factory=list)


def requests_of(film: Film, frames: Sequence[Shown]) -> list[ImageRequest]:
    """The requests of frames for their names and prices: no pixel is encoded."""
    return [film.painter.request_for(shown, _no_pixels) for shown in frames]


def paint(
    film: Film, frames: Iterator[Frame], run: Drawing, means: Means, tally: Tally
) -> Iterator[Painted]:
    """Draw the frames in order; `frames` are the wanted ones, decoded anew.

    A frame that the service could not draw is reported and left out; the others go on, so that
    the next run needs only what is missing.
    """

    def work(item: tuple[Shown, Frame]) -> Painted:
        shown, frame = item
        before = rgb(frame.image)
        try:
            if film.keep_frames:
                write_frame(film.tree.source_frame(shown.number), before)
            picture = run.generate(film.painter.request_for(shown, lambda: before))
            pixels = film.painter.restored(picture, film.size)
            if film.keep_frames:
                write_frame(film.tree.generated_frame(shown.number), pixels)
            return Painted(shown, before, pixels, picture)
        except Refused as error:
            if means.on_filtered.how in ("hold", "skip"):
                return Painted(shown, before, None, error=error)
            run.stop.set()
            return Painted(shown, before, None, error=error)
        except SdbrError as error:
            hopeless = tally.failures.hopeless(means.effort.workers)
            if ends_the_run(error, means.on_filtered) or hopeless:
                run.stop.set()
            return Painted(shown, before, None, error=error)

    pairs = zip(film.footage.frames, frames, strict=False)
    return map_ordered(
        work,
        pairs,
        workers=means.effort.workers,
        window=_window(film.size, means.effort.workers),
        stop=run.stop,
    )


def held_through(
    painted: Iterator[Painted], means: Means, tally: Tally
) -> Iterator[tuple[Frame, Painted]]:
    """Frames to write: a refused one shows the picture before it, and time never shifts."""
    last: Pixels | None = None
    waiting: list[Painted] = []
    for one in painted:
        if one.pixels is None and not _is_hold(one, means):
            error = one.error or Interrupted("Stopped.")
            tally.failures.add(error, fatal=ends_the_run(error, means.on_filtered))
            continue
        tally.failures.done += 1
        if one.pixels is None:
            tally.held.append(one.shown.number)
        if one.pixels is None and last is None:
            # Refused before anything was drawn: the first picture that comes stands in.
            waiting.append(one)
            continue
        last = one.pixels if one.pixels is not None else last
        assert last is not None
        for earlier in (*waiting, one):
            yield Frame(last, earlier.shown.at, earlier.shown.lasts), earlier
        waiting.clear()
    for one in waiting:
        yield Frame(one.before, one.shown.at, one.shown.lasts), one


def _is_hold(one: Painted, means: Means) -> bool:
    return isinstance(one.error, Refused) and means.on_filtered.how in ("hold", "skip")


def _window(size: Size, workers: int) -> int:
    frame = 2 * 3 * size.width * size.height
    return max(workers + 2, min(4 * workers, _WINDOW_BYTES // frame))


def _no_pixels() -> Pixels:
    raise RuntimeError("This request is for its key alone.")
