"""Brings a clip's sound into another file, in step with the pictures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import chain, islice
from typing import cast

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet

from sdbr.errors import InputProblem
from sdbr.media.clip import Excerpt, Origin
from sdbr.media.video.clock import mend, time_of
from sdbr.media.video.probe import open_container
from sdbr.media.video.track_writers import (
    UNUSABLE,
    TrackCopy,
    TrackEncoder,
    TrackWriter,
    codec_of,
    may_copy,
)
from sdbr.request import Tell

# Packets among which the first that is heard is looked for.
_LOOKED_AHEAD = 256


class SoundFeed:
    """Muxes the sound of another file into `output`, as far as the pictures have come.

    `lead` is how many seconds the pictures must start later in the output so that sound which
    begins before them keeps its place. What is wrong with the sound goes to `note`; it never
    stops the pictures.
    """

    def __init__(
        self, output: OutputContainer, sound: Origin, first_at: Fraction, note: Tell
    ) -> None:
        self.lead = Fraction(0)
        self._excerpt = sound.excerpt(first_at, self.lead)
        self._trimmed = self._excerpt.zero > sound.zero
        self._note = note
        self._output = output
        self._breaks, self._changing = sound.breaks, sound.changing
        # What is PCM only because it was reversed is encoded without a word.
        self._reversed = not sound.timed
        self._tracks: dict[int, TrackWriter] = {}
        self._packets: Iterator[Packet[AudioStream]] = iter(())
        self._held: Packet[AudioStream] | None = None
        self._source: InputContainer | None = None
        try:
            self._source = open_container(sound.path)
            self._begin(self._source)
        except (InputProblem, av.FFmpegError) as error:
            note(f"The audio could not be copied: {error}")

    def feed(self, until: Fraction | None) -> None:
        """Mux all sound before `until`, in seconds of the output; None muxes the rest."""
        while (packet := self._held or next(self._packets, None)) is not None:
            at = time_of(packet)
            if until is not None and at is not None and at - self._excerpt.zero > until:
                self._held = packet
                return
            self._held = None
            self._write(packet)
        if until is None:
            for track in self._tracks.values():
                self._mux(track, track.flush())

    def close(self) -> None:
        """Let go of the file that the sound came from."""
        if self._source is not None:
            self._source.close()

    def _begin(self, source: InputContainer) -> None:
        for number, stream in enumerate(source.streams.audio, 1):
            track = self._track_writer(stream, f"Audio track {number}")
            if track is not None:
                self._tracks[stream.index] = track
        kept = [stream for stream in source.streams.audio if stream.index in self._tracks]
        if not kept:
            return
        self._packets = self._demux(source, kept)
        if self._trimmed and not self._breaks:
            # A second early: some containers' indexes are coarse.
            with suppress(av.FFmpegError, OSError):
                source.seek(int((self._excerpt.zero - 1) * av.time_base))
        elif not self._trimmed:
            self._keep_what_comes_early(source.format.name.startswith("mov"))

    def _keep_what_comes_early(self, edited: bool) -> None:
        ahead = list(islice(self._packets, _LOOKED_AHEAD))
        self._packets = chain(ahead, self._packets)
        starts = [at for packet in ahead if (at := _heard_from(packet)) is not None]
        # Before zero lies what an edit list of MP4 took away.
        starts = [max(at, Fraction(0)) for at in starts] if edited else starts
        self.lead = max(Fraction(0), self._excerpt.zero - min(starts, default=self._excerpt.zero))
        zero, end = self._excerpt.zero, self._excerpt.end
        self._excerpt = Excerpt(zero - self.lead, None if end is None else end + self.lead)

    def _track_writer(self, stream: AudioStream, title: str) -> TrackWriter | None:
        codec, kind = codec_of(stream), self._output.format.name
        if not codec:
            self._note(f"{title} was left out: its format is unknown.")
            return None
        changes = stream.index in self._changing
        if may_copy(self._output, codec) and not changes:
            with suppress(*UNUSABLE):
                return TrackCopy(self._output, stream, self._trimmed)
        try:
            track = TrackEncoder(self._output, stream)
        except UNUSABLE as error:
            self._note(f"{title} was left out: {error}.")
            return None
        if (track.lossless or self._reversed) and not changes:
            return track
        why = "its rate or channels change midway"
        if not changes:
            why = f"{kind} players do not play {codec}"
        self._note(f"{title} was re-encoded as {track.codec}, because {why}.")
        return track

    def _demux(
        self, source: InputContainer, streams: list[AudioStream]
    ) -> Iterator[Packet[AudioStream]]:
        try:
            packets = (packet for packet in source.demux(*streams) if packet.size)
            yield from mend(cast("Iterator[Packet[AudioStream]]", packets), self._breaks)
        except (av.FFmpegError, OSError) as error:
            self._note(f"Reading the audio failed: {error.strerror or error}.")

    def _write(self, packet: Packet[AudioStream]) -> None:
        track = self._tracks.get(packet.stream_index)
        if track is None:
            return
        try:
            self._mux(track, track.take(packet, self._excerpt))
        except UNUSABLE as error:
            del self._tracks[packet.stream_index]
            self._note(f"An audio track ends early: {error}.")

    def _mux(self, track: TrackWriter, packets: list[Packet[AudioStream]]) -> None:
        for packet in packets:
            packet.stream = track.target
            self._output.mux(packet)


def _heard_from(packet: Packet[AudioStream]) -> Fraction | None:
    """When a packet is first heard; what an encoder put before the beginning is not heard."""
    unheard = packet.is_discard or packet.has_sidedata("skip_samples")
    return None if unheard else time_of(packet)
