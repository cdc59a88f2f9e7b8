"""Brings a clip's sound into another file, in step with the pictures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import chain, islice

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet

from sdbr.errors import InputProblem
from sdbr.media.clip import Sound
from sdbr.media.sound_track import Carrier, carrier_for
from sdbr.media.video_probe import open_container
from sdbr.media.writer import Note

_LOOKED_AHEAD = 256


class SoundFeed:
    """Muxes the sound of another file into `output`, as far as the pictures have come.

    `lead` is how many seconds the pictures must start later in the output so that sound which
    begins before them keeps its place. What is wrong with the sound goes to `note`; it never
    stops the pictures.
    """

    def __init__(
        self, output: OutputContainer, sound: Sound, first_at: Fraction, note: Note
    ) -> None:
        self.lead = Fraction(0)
        self._note = note
        self._output = output
        begin = first_at if sound.begin is None else sound.begin
        self._trimmed = begin > 0
        self._zero = sound.zero + begin
        self._end = None if sound.end is None else sound.end - begin
        self._carriers: dict[int, Carrier] = {}
        self._packets: Iterator[Packet[AudioStream]] = iter(())
        self._source: InputContainer | None = None
        self._held: Packet[AudioStream] | None = None
        try:
            self._source = open_container(sound.path)
            self._begin(self._source, output)
        except (InputProblem, av.FFmpegError) as error:
            note(f"The sound could not be taken along: {error}")

    def feed(self, until: Fraction | None) -> None:
        """Mux all sound before `until`, in seconds of the output; None muxes the rest."""
        while (packet := self._held or next(self._packets, None)) is not None:
            self._held = None
            at = _time(packet)
            if until is not None and at is not None and at - self._zero + self.lead > until:
                self._held = packet
                return
            self._carry(packet, at)
        if until is None:
            for carrier in self._carriers.values():
                self._mux(carrier, carrier.flush())

    def close(self) -> None:
        """Let go of the file that the sound came from."""
        if self._source is not None:
            self._source.close()

    def _begin(self, source: InputContainer, output: OutputContainer) -> None:
        streams = source.streams.audio
        for number, stream in enumerate(streams, 1):
            carrier = carrier_for(output, stream, self._note, f"sound track {number}")
            if carrier is not None:
                self._carriers[stream.index] = carrier
        kept = [stream for stream in streams if stream.index in self._carriers]
        if not kept:
            return
        if self._trimmed:
            self._seek(source)
        packets = self._demuxed(source, kept)
        ahead = list(islice(packets, _LOOKED_AHEAD if not self._trimmed else 0))
        self._packets = chain(ahead, packets)
        earliest = min((at for p in ahead if (at := _heard_from(p)) is not None), default=self._zero)
        self.lead = Fraction(0) if self._trimmed else max(Fraction(0), self._zero - earliest)
        for carrier in self._carriers.values():
            carrier.place(self._zero - self.lead, self._end, trimmed=self._trimmed)

    def _seek(self, source: InputContainer) -> None:
        # A second early: some containers' indexes are coarse.
        with suppress(av.FFmpegError, OSError):
            source.seek(int((self._zero - 1) * av.time_base))

    def _demuxed(
        self, source: InputContainer, streams: list[AudioStream]
    ) -> Iterator[Packet[AudioStream]]:
        try:
            for packet in source.demux(*streams):
                if packet.size:
                    yield packet
        except (av.FFmpegError, OSError) as error:
            self._note(f"The sound breaks off: {error.strerror or error}.")

    def _carry(self, packet: Packet[AudioStream], at: Fraction | None) -> None:
        carrier = self._carriers.get(packet.stream_index)
        if carrier is None or at is None:
            return
        try:
            self._mux(carrier, carrier.take(packet, at))
        except (av.FFmpegError, ValueError) as error:
            del self._carriers[packet.stream_index]
            self._note(f"The {carrier.title} ends at {float(at - self._zero):.2f} s: {error}.")

    def _mux(self, carrier: Carrier, packets: list[Packet[AudioStream]]) -> None:
        for packet in packets:
            packet.stream = carrier.target
            self._output.mux(packet)


def _time(packet: Packet[AudioStream]) -> Fraction | None:
    mark = packet.pts if packet.pts is not None else packet.dts
    return None if mark is None else mark * packet.time_base


def _heard_from(packet: Packet[AudioStream]) -> Fraction | None:
    """When a packet is first heard; what an encoder put before the beginning is not heard."""
    return None if packet.has_sidedata("skip_samples") else _time(packet)
