"""Where the frames between keyframes are filled: in this process, or on the machines of a cluster.

    stretches with their keyframes' pictures → an engine → their frames, in order

Filling is a pure function of source frames and keyframes, so every engine gives the same frames.
Requests, the cap and the ledger stay in this process.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from threading import Event
from typing import Protocol

from sdbr.concurrency import map_ordered
from sdbr.media.clip import Pixels
from sdbr.motion.interpolation import interpolate_stretch
from sdbr.motion.plan import Stretch
from sdbr.workflows.clips.source_frames import SourceFrames


@dataclass(frozen=True, slots=True)
class KeyframeSpan:
    """A stretch with its keyframes' pictures, and how far they follow a change of brightness."""

    stretch: Stretch
    left: Pixels
    right: Pixels | None
    follow: float


class FilledFrame(Protocol):
    """A frame between keyframes; `unexplained` is the share of it, 0 to 1, that none explains."""

    @property
    def number(self) -> int: ...
    @property
    def unexplained(self) -> float: ...
    @property
    def better_drawn(self) -> bool: ...
    def picture(self) -> Pixels:
        """The frame, height × width × 3."""


FilledSpan = tuple[KeyframeSpan, deque[FilledFrame]]
"""A stretch, and the frames between its keyframes in order; the caller takes them out."""


class Engine(Protocol):
    """Fills stretches."""

    def fill(
        self, spans: Iterable[KeyframeSpan], sources: SourceFrames, stop: Event
    ) -> Generator[FilledSpan, None, None]:
        """Each stretch filled, in order; a bounded number of them is under way or waits.

        Once `stop` is set nothing more is begun. Raises what hinders the filling.
        """


class ThreadEngine:
    """Fills one stretch after the other in threads of this process.

    One is filled while the frames of the one before are taken: what is held grows neither with the
    clip nor with the cores.
    """

    def fill(
        self, spans: Iterable[KeyframeSpan], sources: SourceFrames, stop: Event
    ) -> Generator[FilledSpan, None, None]:
        """Each stretch with its frames, whose pictures are made when they are asked for."""

        def filled(span: KeyframeSpan) -> FilledSpan:
            pictures = span.left, span.right
            return span, deque(
                interpolate_stretch(sources, span.stretch, *pictures, follow=span.follow)
            )

        return map_ordered(filled, spans, workers=1, window=1, stop=stop)
