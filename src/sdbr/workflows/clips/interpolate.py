"""From drawn keyframes to every frame of a clip: what lies between is carried by motion.

    keyframes → harmonized within their shot → one stretch after each → filled, in order

One stretch is linked to its keyframes while the pictures of the one before are made and the next
keyframes are drawn: what is held grows neither with the clip nor with the cores. A frame that its
keyframes do not explain is drawn as well, and its stretch linked anew around it.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from decimal import Decimal
from threading import Event

import numpy as np

from sdbr.bedrock.catalog import price_of
from sdbr.concurrency import map_ordered
from sdbr.errors import SdbrError
from sdbr.generation.stack import RunSession
from sdbr.media.clip import Pixels
from sdbr.motion.color_match import Correction
from sdbr.motion.harmonization import corrections
from sdbr.motion.plan import KeyframePlan, Stretch
from sdbr.workflows.clips.draw import ClipPlan, DrawnFrame, Tally
from sdbr.workflows.clips.engine import Engine, FilledFrame, FilledSpan, KeyframeSpan
from sdbr.workflows.clips.footage import FrameInfo
from sdbr.workflows.clips.source_frames import SourceFrames
from sdbr.workflows.failures import Failures, hold

Result = tuple[FrameInfo, Pixels]
_Part = tuple[int, Pixels | FilledFrame]
"""A frame's number, and its picture or what makes it."""
_Fill = Callable[[Iterable[KeyframeSpan]], closing[Generator[FilledSpan, None, None]]]

_MOST_THREADS = 4
"""That make pictures: at 1920x1080 each takes 100 MB meanwhile."""
_CORRECTING = 2  # Threads that bring whole keyframes to their shot's colors.
_MOST_EXTRA = 3
"""Times that a stretch is cut at its least explained frame: so deep go the frames that are drawn
because no keyframe explains them. How many those are is bounded by their price."""


class _KeyframeStream:
    """Drawn keyframes in order without refused ones; `supplied` are those that stay as they are."""

    def __init__(self, painted: Iterable[DrawnFrame]) -> None:
        self._painted = (one for one in painted if one.pixels is not None)
        self._next: DrawnFrame | None = None
        self._held: dict[int, Pixels] = {}
        self.supplied: set[int] = set()

    def upcoming(self) -> DrawnFrame | None:
        """The next keyframe, waited for and left where it is; None at the end."""
        if self._next is None:
            self._next = next(self._painted, None)
        return self._next

    def take(self, shot: range) -> int | None:
        """The number of the next keyframe of this shot, whose picture is held from now on."""
        one = self.upcoming()
        if one is None or one.pixels is None or one.shown.number not in shot:
            return None
        self._next = None
        self._held[one.shown.number] = one.pixels
        self.supplied |= {one.shown.number} if one.supplied else set()
        return one.shown.number

    def __getitem__(self, number: int, /) -> Pixels:
        return self._held[number]

    def forget(self, number: int) -> None:
        """Let go of a picture."""
        del self._held[number]


def interpolate(
    plan: ClipPlan,
    painted: Iterable[DrawnFrame],
    sources: SourceFrames,
    session: RunSession,
    tally: Tally,
    engine: Engine,
) -> Iterator[Result]:
    """Every frame of the clip in order, drawn or filled; fewer where something is missing."""

    def draw(number: int) -> Pixels | None:
        # Stretches are settled one after the other, so the first frames get the few calls allowed.
        if session.stop.is_set():
            return None
        return _draw(plan, number, sources[number], session, tally)

    def fill(spans: Iterable[KeyframeSpan]) -> closing[Generator[FilledSpan, None, None]]:
        return closing(engine.fill(spans, sources, session.stop))

    def parts() -> Iterator[_Part]:
        arriving, stop = _KeyframeStream(painted), session.stop
        with fill(_spans(plan.footage.plan, arriving, sources, tally.failures, stop)) as filled:
            for span, between in filled:
                stretch = _settled(span, between, sources, fill, draw)
                # Nothing of a frame is held once its picture is there.
                while stretch:
                    yield stretch.popleft()

    def finished(part: _Part) -> Result:
        number, made = part
        picture = made if isinstance(made, np.ndarray) else made.picture()
        return plan.footage.frames[number], picture

    threads = min(os.cpu_count() or 2, _MOST_THREADS)
    window = threads + 1
    return map_ordered(finished, parts(), workers=threads, window=window, stop=session.stop)


def hold_unexplained(results: Iterable[Result], plan: ClipPlan, tally: Tally) -> Iterator[Result]:
    """The results, and where a whole shot was refused the picture before it, or the first one.

    Nothing comes where every keyframe was refused, nor at the end of a run that failed.
    """
    frames = plan.footage.frames

    def with_gaps() -> Iterator[tuple[FrameInfo, Pixels | None]]:
        due = 0
        for shown, pixels in results:
            yield from ((frame, None) for frame in frames[due : shown.number])
            yield shown, pixels
            due = shown.number + 1
        if tally.held and not tally.failures.any:
            yield from ((frame, None) for frame in frames[due:])

    return hold(with_gaps())


def _spans(
    plan: KeyframePlan,
    arriving: _KeyframeStream,
    sources: SourceFrames,
    failures: Failures,
    stop: Event,
) -> Iterator[KeyframeSpan]:
    for shot in plan.shots:
        for span in _spans_of_shot(shot, arriving, sources, stop):
            # With a frame missing there will be no clip: what is left is drawn, not filled.
            if not stop.is_set() and not failures.any:
                yield span


def _spans_of_shot(
    shot: range, arriving: _KeyframeStream, sources: SourceFrames, stop: Event
) -> Iterator[KeyframeSpan]:
    keyframes = _harmonized(shot, arriving, sources, stop)
    first = next(keyframes, None)
    if first is None:
        return
    number, left, follow = first
    if number != shot.start:
        # The shot's first keyframe was refused: the next one stands in for it.
        yield KeyframeSpan(Stretch(shot.start, number, number), left, left, follow)
    for following, picture, its_follow in keyframes:
        yield KeyframeSpan(Stretch(number, following, following), left, picture, follow)
        number, left, follow = following, picture, its_follow
    # Once the next shot's keyframe is here, the source frames up to it are on disk.
    arriving.upcoming()
    yield KeyframeSpan(Stretch(number, None, shot.stop), left, None, follow)


def _harmonized(
    shot: range, arriving: _KeyframeStream, sources: SourceFrames, stop: Event
) -> Iterator[tuple[int, Pixels, float]]:
    """The keyframes of a shot that came, each brought to those around it, and how far they follow
    a change of brightness."""
    taken: deque[int] = deque()

    def came() -> Iterator[int]:
        while (number := arriving.take(shot)) is not None:
            taken.append(number)
            yield number

    def matched() -> Iterator[tuple[int, Correction, Pixels]]:
        for correction in corrections(sources, arriving, came(), fixed=arriving.supplied):
            number = taken.popleft()
            yield number, correction, arriving[number]
            arriving.forget(number)

    def correct(one: tuple[int, Correction, Pixels]) -> tuple[int, Pixels, float]:
        number, correction, picture = one
        return number, correction.of(picture), correction.follow

    # Which color goes where is found for small pictures, one after the other; whole ones take
    # longer, and do not wait for each other.
    return map_ordered(correct, matched(), workers=_CORRECTING, window=_CORRECTING + 1, stop=stop)


def _settled(
    span: KeyframeSpan,
    between: deque[FilledFrame],
    sources: SourceFrames,
    fill: _Fill,
    draw: Callable[[int], Pixels | None],
    drawn: int = 0,
) -> deque[_Part]:
    """A keyframe and the frames after it, which are taken out of `between`; filled anew around a
    frame that had better be drawn."""
    stretch = span.stretch
    worst = max(between, key=lambda filled: filled.unexplained, default=None)
    cut = worst is not None and worst.better_drawn and drawn < _MOST_EXTRA
    picture = draw(worst.number) if worst is not None and cut else None
    parts: deque[_Part] = deque()
    if worst is None or picture is None:
        parts.append((stretch.left, span.left))
        parts.extend((one.number, one) for one in between)
        between.clear()
        return parts
    between.clear()
    pair = {stretch.left: span.left, worst.number: picture}
    # The left picture is in the shot's colors already.
    *_, correction = corrections(sources, pair, [stretch.left, worst.number], around=0)
    middle = correction.of(picture)
    follow = span.follow
    before = KeyframeSpan(
        Stretch(stretch.left, worst.number, worst.number), span.left, middle, follow
    )
    after = KeyframeSpan(
        Stretch(worst.number, stretch.right, stretch.end), middle, span.right, follow
    )
    with fill((before, after)) as filled:
        for half, frames in filled:
            parts += _settled(half, frames, sources, fill, draw, drawn + 1)
    return parts


def _draw(
    plan: ClipPlan, number: int, before: Pixels, session: RunSession, tally: Tally
) -> Pixels | None:
    """Draw a frame that nothing explains, if that was agreed to.

    A smear is better than no clip, so an answer that did not come is none. Raises InputProblem for
    one that was paid for and cannot be decoded.
    """
    if tally.extra >= tally.extra_allowed:
        return None
    tally.extra_frames.append(number)
    request = plan.requests.request_for(plan.footage.frames[number], lambda: before)
    price = price_of(request.model, request.size, request.extras) or Decimal(0)
    session.budget.expect(price)
    try:
        picture = session.draw(request)
    except SdbrError:
        session.budget.expect(-price)
        tally.extra_frames.remove(number)
        return None
    if picture.cached:
        session.budget.expect(-price)
    return plan.requests.restore(picture, plan.size, number)
