"""Brings a clip's subtitles into another file, in step with the pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from typing import cast

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.subtitles.codeccontext import SubtitleCodecContext
from av.subtitles.stream import SubtitleStream

from sdbr.media.clip import ClockBreak, Excerpt
from sdbr.media.timing import to_tick
from sdbr.media.video.clock import mend, time_of
from sdbr.media.video.tags import copy_labels
from sdbr.media.video.track_writers import UNUSABLE
from sdbr.request import Tell

# What players read in each container; Matroska holds more, each under its own name.
_TEXT_OF = {"mp4": "mov_text", "mov": "mov_text", "webm": "webvtt", "matroska": "subrip"}
# Text that is written between these by way of ASS, which is what libav decodes it to.
_TEXT = {"subrip", "ass", "mov_text", "webvtt", "text"}
# A subtitle that is on when the excerpt begins came at most so long before, in seconds.
_LONGEST = 60
# How far apart, in seconds, a file may hold what is shown at the same time.
_INTERLEAVED = 10
_TICK = Fraction(1, 1000)
_UNREADABLE = "Some subtitles cannot be read and were left out."


class SubtitleFeed:
    """Muxes the subtitles of `source` into `output`, as far as the pictures have come.

    What is left out or becomes plain text goes to `note`; it never stops the pictures.
    """

    def __init__(
        self,
        output: OutputContainer,
        source: InputContainer,
        excerpt: Excerpt,
        breaks: Sequence[ClockBreak],
        note: Tell,
    ) -> None:
        self._output = output
        self._source = source
        self._excerpt = excerpt
        self._breaks = breaks
        self._note = note
        self._tracks = self._open_tracks(source.streams.subtitles)
        self._packets = self._move() if self._tracks else iter(())
        self._held: Packet[SubtitleStream] | None = None

    def feed(self, until: Fraction | None) -> None:
        """Mux all subtitles before `until`, in seconds of the output; None muxes the rest."""
        while (packet := self._held or next(self._packets, None)) is not None:
            if until is not None and packet.pts is not None and packet.pts * _TICK > until:
                self._held = packet
                return
            self._held = None
            try:
                self._output.mux(packet)
            except (av.InvalidDataError, ValueError):
                self._note(_UNREADABLE)

    def _open_tracks(self, streams: Sequence[SubtitleStream]) -> dict[int, _Track]:
        kind, tracks = self._output.format.name, {}
        left_out, plain = [], []
        for number, stream in enumerate(streams, 1):
            name = stream.language or stream.metadata.get("title") or f"track {number}"
            try:
                track = tracks[stream.index] = _Track(self._output, stream)
            except UNUSABLE:
                left_out.append(name)
            else:
                if track.loses_style:
                    plain.append(name)
        advice = "" if kind == "matroska" else " Use --container mkv to keep them."
        if left_out:
            self._note(
                f"Subtitles ({', '.join(left_out)}) were left out: {kind} does not support this "
                f"format.{advice}"
            )
        if plain:
            self._note(
                f"Subtitles ({', '.join(plain)}) lost their positions and fonts: {kind} supports "
                f"plain text only.{advice}"
            )
        if any(track.keeps_fonts for track in tracks.values()):
            for font in self._source.streams.attachments:
                with suppress(*UNUSABLE):
                    self._output.add_stream_from_template(font)
        return tracks

    def _move(self) -> Iterator[Packet[SubtitleStream]]:
        try:
            for packet in self._demux():
                try:
                    yield from self._tracks[packet.stream_index].take(packet, self._excerpt)
                except UNUSABLE:
                    self._note(_UNREADABLE)
        except (av.FFmpegError, OSError) as error:
            self._note(f"Reading the subtitles failed: {error.strerror or error}.")
        for track in self._tracks.values():
            yield from track.flush()

    def _demux(self) -> Iterator[Packet[SubtitleStream]]:
        zero, end = self._excerpt.zero, self._excerpt.end
        if zero > _LONGEST and not self._breaks:
            with suppress(av.FFmpegError, OSError):
                self._source.seek(int((zero - _LONGEST) * av.time_base))
        for packet in mend(self._source.demux(), self._breaks):
            at = time_of(packet)
            if at is None or not packet.size:
                continue
            timed = packet.stream.type in ("video", "subtitle")
            if timed and end is not None and at - zero > end + _INTERLEAVED:
                return
            if packet.stream_index in self._tracks:
                yield cast("Packet[SubtitleStream]", packet)


class _Track:
    """One track: packets moved in time, as they are or as the text that the container holds."""

    def __init__(self, output: OutputContainer, stream: SubtitleStream) -> None:
        context = stream.codec_context
        codec = context.codec.canonical_name if context is not None else ""
        text = _TEXT_OF[output.format.name]
        self._source = stream
        self._shown: Packet[SubtitleStream] | None = None
        self._last = 0
        self._encodes = not _may_copy(output, codec, stream.codec_tag)
        self.keeps_fonts = codec == "ass" and not self._encodes
        self.loses_style = codec == "ass" and self._encodes
        if not self._encodes:
            self._target = output.add_stream_from_template(stream)
        elif codec in _TEXT:
            self._target = _encoder(output, stream.codec_context, text)
        else:
            raise ValueError(f"{output.format.name} does not support {codec}")
        self._target.time_base = _TICK
        copy_labels(stream, self._target)

    def take(
        self, packet: Packet[SubtitleStream], excerpt: Excerpt
    ) -> Iterator[Packet[SubtitleStream]]:
        """Yield what is shown of the packet in the excerpt.

        What says no end is shown until the next: the last one before the excerpt begins it.
        """
        at = time_of(packet)
        if at is None:
            return
        lasts = (packet.duration or 0) * packet.time_base
        if not lasts and at < excerpt.zero:
            self._shown = packet
            return
        times = excerpt.cut(at, at + (lasts or _TICK))
        if times is None:
            return
        if times[0] > 0:
            yield from self.flush()
        self._shown = None
        coded = self._encode(packet)
        if coded is not None:
            yield self._place(coded, times[0], times[1] if lasts else times[0])

    def flush(self) -> Iterator[Packet[SubtitleStream]]:
        """Yield what is shown since before the excerpt."""
        shown, self._shown = self._shown, None
        coded = None if shown is None else self._encode(shown)
        if coded is not None:
            yield self._place(coded, Fraction(0), Fraction(0))

    def _encode(self, packet: Packet[SubtitleStream]) -> Packet[SubtitleStream] | None:
        """The packet as the target holds it; None where it shows nothing."""
        if not self._encodes:
            # MP4 fills the time between two subtitles with empty text; its muxer makes it anew.
            empty = self._target.codec_context.codec.canonical_name == "mov_text"
            return None if empty and bytes(packet)[:2] == b"\0\0" else packet
        shown = self._source.decode2(packet)
        if shown is None or not len(shown):
            return None
        return self._target.codec_context.encode_subtitle(shown)

    def _place(
        self, packet: Packet[SubtitleStream], begin: Fraction, end: Fraction
    ) -> Packet[SubtitleStream]:
        packet.stream = self._target
        packet.time_base = _TICK
        self._last = max(self._last, to_tick(begin, _TICK))
        packet.pts = packet.dts = self._last
        packet.duration = max(0, to_tick(end, _TICK) - self._last)
        return packet


def _encoder(output: OutputContainer, source: SubtitleCodecContext, codec: str) -> SubtitleStream:
    # Only an open decoder has the styles that the encoder begins with.
    source.open(strict=False)
    styles = source.subtitle_header
    trial, plain = (SubtitleCodecContext.create(*it) for it in ((codec, "w"), ("subrip", "r")))
    assert isinstance(trial, SubtitleCodecContext)
    assert isinstance(plain, SubtitleCodecContext)
    try:
        trial.subtitle_header = styles
        trial.time_base = _TICK
        trial.open()
    except UNUSABLE:
        plain.open()
        styles = plain.subtitle_header
    target = output.add_stream(codec)
    assert isinstance(target, SubtitleStream)
    target.codec_context.subtitle_header = styles
    target.codec_context.time_base = _TICK
    return target


def _may_copy(output: OutputContainer, codec: str, tag: str) -> bool:
    if codec == "mov_text":
        # QuickTime's text is called the same, and described in another way.
        return _TEXT_OF[output.format.name] == codec and tag == "tx3g"
    return output.format.name == "matroska" or codec == _TEXT_OF[output.format.name]
