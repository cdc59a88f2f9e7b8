"""Brings what is not its pictures from a clip into another file."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction

import av
from av.container import InputContainer, OutputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from sdbr.errors import InputProblem
from sdbr.media.clip import Origin
from sdbr.media.video.probe import open_container
from sdbr.media.video.sound_feed import SoundFeed
from sdbr.media.video.subtitles import SubtitleFeed
from sdbr.media.video.tags import (
    carry_chapters,
    carry_tags,
    carry_timecode,
    copy_labels,
    timecode_of,
)
from sdbr.media.video.tracks import picture_stream
from sdbr.request import Tell


class SideStreams:
    """Sound, subtitles, chapters and tags for the pictures of `picture` in `output`.

    `lead` is how many seconds the pictures must start later in the output so that sound which
    begins before them keeps its place. What cannot come along goes to `note`.
    """

    def __init__(
        self,
        output: OutputContainer,
        picture: VideoStream,
        origin: Origin,
        first_at: Fraction,
        note: Tell,
    ) -> None:
        self._feeds: list[SoundFeed | SubtitleFeed] = []
        self._source: InputContainer | None = None
        self._sound = _sound_feed(output, origin, first_at, note) if origin.audio else None
        self.lead = self._sound.lead if self._sound else Fraction(0)
        if self._sound:
            self._feeds.append(self._sound)
        excerpt = origin.excerpt(first_at, self.lead)
        try:
            source = self._source = open_container(origin.path)
            original = picture_stream(source, origin.track)
        except InputProblem as error:
            if not origin.audio:
                note(f"Subtitles and tags could not be copied: {error}")
            return
        if any(one.disposition & Disposition.attached_pic for one in source.streams.video):
            note("The cover art was left out because it shows the original video.")
        copy_labels(original, picture)
        carry_tags(output, source, note)
        if not origin.timed:
            _note_timed(original, note)
            return
        carry_timecode(output, (original, picture), excerpt.zero + self.lead - origin.zero, note)
        carry_chapters(output, source, excerpt)
        self._feeds.append(SubtitleFeed(output, source, excerpt, origin.breaks, note))

    def feed(self, until: Fraction | None) -> None:
        """Mux all that comes before `until`, in seconds of the output; None muxes the rest."""
        for feed in self._feeds:
            feed.feed(until)

    def close(self) -> None:
        """Let go of the file that it came from."""
        if self._sound:
            self._sound.close()
        if self._source:
            self._source.close()


def _sound_feed(
    output: OutputContainer, origin: Origin, first_at: Fraction, note: Tell
) -> SoundFeed:
    if origin.sound is None:
        return SoundFeed(output, origin, first_at, note)
    return SoundFeed(output, Origin(origin.sound, timed=False), Fraction(0), note)


def _note_timed(original: VideoStream, note: Tell) -> None:
    """Say what of a clip is lost, because it is right only where the clip plays as it was."""
    source = original.container
    assert isinstance(source, InputContainer)
    there = {
        "subtitles": bool(source.streams.subtitles),
        "chapters": bool(source.chapters()),
        "start timecode": bool(timecode_of(original)),
    }
    lost = ", ".join(name for name, found in there.items() if found)
    if lost:
        note(f"Left out, because it only fits a clip that plays forward: {lost}.")


def note_left_out(origin: Origin, kind: str, note: Tell) -> None:
    """Say what of a clip is lost in a container that holds pictures alone."""
    lost = ["sound"] if origin.audio else []
    with suppress(InputProblem, av.FFmpegError), open_container(origin.path) as source:
        if source.streams.subtitles:
            lost.append("subtitles")
        if source.chapters():
            lost.append("chapters")
    if lost:
        things = " and ".join([", ".join(lost[:-1]), lost[-1]] if lost[1:] else lost)
        verb = "was" if lost == ["sound"] else "were"
        note(f"The {things} {verb} left out: {kind} does not support them.")
