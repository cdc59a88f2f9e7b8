"""Plays a clip backward, or there and back: its pictures wait on disk until the last is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sdbr.media.clip import (
    PICTURES_ALONE,
    EncodingSettings,
    Origin,
    Pixels,
    Playback,
    TimedFrame,
)
from sdbr.media.frame_store import FrameStore
from sdbr.media.video.reversed_sound import SoundSection, write_sections
from sdbr.media.video.writer import VideoTarget
from sdbr.request import Tell

if TYPE_CHECKING:
    from sdbr.media.writer import Sink


@dataclass(frozen=True, slots=True)
class PlayOrder:
    """Which pictures are shown in turn, of some that last `lengths` seconds each.

    The way back of a ping-pong repeats neither end, so that it loops without a stop.
    """

    lengths: tuple[Fraction, ...]
    playback: Playback

    @property
    def forward(self) -> range:
        """The pictures that are shown first, in their own order."""
        return range(len(self.lengths) if self.playback != "reverse" else 0)

    @property
    def backward(self) -> range:
        """The pictures that are shown after them."""
        last = len(self.lengths) - 1
        if self.playback == "forward":
            return range(0)
        return range(last, -1, -1) if self.playback == "reverse" else range(last - 1, 0, -1)

    @property
    def frames(self) -> int:
        """How many pictures are shown."""
        return len(self.forward) + len(self.backward)

    @property
    def duration(self) -> Fraction:
        """Seconds from the first to the end of the last."""
        return self._length(self.forward) + self._length(self.backward)

    def forward_settings(self, settings: EncodingSettings) -> EncodingSettings:
        """The settings for the pictures in the order that they are shown in."""
        shown = enumerate([*self.forward, *self.backward])
        exact = frozenset(place for place, number in shown if number in settings.exact)
        return replace(settings, playback="forward", exact=exact)

    def sound(self) -> Iterator[SoundSection]:
        """What is heard with them of the sound, in turn."""
        if self.forward:
            yield SoundSection(Fraction(0), self._length(self.forward))
        if self.backward:
            begin = self._length(range(self.backward[-1]))
            yield SoundSection(begin, begin + self._length(self.backward), backward=True)

    def _length(self, pictures: range) -> Fraction:
        return sum((self.lengths[number] for number in pictures), Fraction(0))


class PlaybackSink:
    """Keeps the pictures, and gives them to another sink in the order that they are played in.

    The sound is played like them.
    """

    def __init__(
        self,
        target: Path,
        job: VideoTarget,
        first: TimedFrame,
        open_sink: Callable[[VideoTarget, TimedFrame, Tell], Sink],
        note: Tell,
    ) -> None:
        height, width = first.image.shape[:2]
        self._target, self._job, self._first = target, job, first
        self._open_sink, self._note = open_sink, note
        self._store = FrameStore(target.with_suffix(".played"), width, height)
        self._lengths: list[Fraction] = []
        self._sink: Sink | None = None

    def add(self, image: Pixels, at: Fraction, lasts: Fraction) -> None:  # noqa: ARG002
        """Keep the next picture."""
        self._store.add(image)
        self._lengths.append(lasts)

    def finish(self) -> None:
        """Write the pictures in turn, and the file."""
        self._store.seal()
        order = PlayOrder(tuple(self._lengths), self._job.settings.playback)
        sound = self._target.with_suffix(".sound")
        try:
            job = replace(
                self._job,
                settings=order.forward_settings(self._job.settings),
                origin=self._played(order, sound),
            )
            sink = self._sink = self._open_sink(
                job, replace(self._first, at=Fraction(0)), self._note
            )
            at = Fraction(0)
            for number, image in self._pictures(order):
                sink.add(image, at, self._lengths[number])
                at += self._lengths[number]
            sink.finish()
        finally:
            self._store.remove()
            sound.unlink(missing_ok=True)

    def abort(self) -> None:
        """Let go of both files."""
        self._store.remove()
        if self._sink is not None:
            self._sink.abort()

    def _pictures(self, order: PlayOrder) -> Iterator[tuple[int, Pixels]]:
        channels = self._first.image.shape[2]
        back = order.backward
        frames = [zip(order.forward, self._store.pictures(), strict=False)]
        if back:
            frames.append(zip(back, self._store.backward(back[0]), strict=False))
        for one in frames:
            for number, frame in one:
                yield number, np.asarray(frame.to_ndarray(format="rgba")[..., :channels], np.uint8)

    def _played(self, order: PlayOrder, target: Path) -> Origin | None:
        """Where the rest is from: tags from the source, sound from a file that is played so."""
        origin, first_at = self._job.origin, self._first.at
        if origin is None or self._job.kind in PICTURES_ALONE:
            return origin
        made = False
        if origin.audio:
            source = replace(origin, begin=first_at if origin.begin is None else origin.begin)
            made = write_sections(source, tuple(order.sound()), target, self._note)
        return replace(origin, timed=False, audio=made, sound=target if made else None)
