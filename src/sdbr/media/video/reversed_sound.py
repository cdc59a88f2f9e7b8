"""The sound of a clip that is played backward, or there and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, cast

import av
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet

from sdbr.errors import InputProblem
from sdbr.media.clip import Origin
from sdbr.media.video.clock import mend
from sdbr.media.video.probe import open_container
from sdbr.media.video.track_writers import UNUSABLE, TrackEncoder, codec_of
from sdbr.request import Tell

_PCM, _BYTES = "pcm_s24le", 3


@dataclass(frozen=True, slots=True)
class SoundSection:
    """A part of a clip's sound, in seconds from its first picture, that may be heard backward."""

    begin: Fraction
    end: Fraction
    backward: bool = False


@dataclass(frozen=True, slots=True)
class _PcmTrack:
    """A track as PCM: its encoder, and the bytes of all samples, those of a moment together."""

    encoder: TrackEncoder
    samples: IO[bytes]

    def sections(self, sections: Sequence[SoundSection]) -> Iterator[Packet[AudioStream]]:
        """The sections one after the other, a second at a time; silence where there is no sound."""
        rate = self.encoder.rate
        self.samples.flush()
        width = _BYTES * self.encoder.target.codec_context.layout.nb_channels
        there = _mapped(self.samples, width)
        at = 0
        for section in sections:
            first, stop = round(section.begin * rate), round(section.end * rate)
            for done in range(0, stop - first, rate):
                length = min(rate, stop - first - done)
                start = stop - done - length if section.backward else first + done
                block = np.zeros((length, width), np.uint8)
                part = there[start : start + length]
                block[: len(part)] = part
                yield self._packet(block[::-1] if section.backward else block, at)
                at += length

    def _packet(self, block: npt.NDArray[np.uint8], at: int) -> Packet[AudioStream]:
        packet = cast("Packet[AudioStream]", Packet(block.tobytes()))
        packet.stream, packet.time_base = self.encoder.target, Fraction(1, self.encoder.rate)
        packet.pts = packet.dts = at
        packet.duration = len(block)
        return packet


def write_sections(
    origin: Origin, sections: Sequence[SoundSection], target: Path, note: Tell
) -> bool:
    """Write these sections of a clip's sound, in turn, to a Matroska file of PCM.

    The sections count from the origin's `begin`. Returns whether there is any sound; what is wrong
    with it goes to `note`.
    """
    try:
        with ExitStack() as files:
            source = files.enter_context(open_container(origin.path))
            output = files.enter_context(av.open(str(target.absolute()), "w", format="matroska"))
            tracks = _tracks(source, output, files, note)
            _decode(source, origin, tracks)
            parts = [track.sections(sections) for track in tracks.values()]
            for moment in zip(*parts, strict=False):
                output.mux(moment)
            return bool(tracks)
    except (InputProblem, *UNUSABLE) as error:
        note(f"The audio could not be reversed: {error}")
        return False


def _tracks(
    source: InputContainer, output: OutputContainer, files: ExitStack, note: Tell
) -> dict[int, _PcmTrack]:
    tracks = {}
    for number, stream in enumerate(source.streams.audio, 1):
        if not codec_of(stream):
            note(f"Audio track {number} was left out: its format is unknown.")
            continue
        samples = files.enter_context(TemporaryFile())  # noqa: SIM115
        tracks[stream.index] = _PcmTrack(TrackEncoder(output, stream, _PCM), samples)
    return tracks


def _decode(source: InputContainer, origin: Origin, tracks: dict[int, _PcmTrack]) -> None:
    excerpt = origin.excerpt(Fraction(0), Fraction(0))
    streams = [stream for stream in source.streams.audio if stream.index in tracks]
    if not streams:
        return
    if excerpt.zero > 1 and not origin.breaks:
        # A second early: some containers' indexes are coarse.
        with suppress(av.FFmpegError, OSError):
            source.seek(int((excerpt.zero - 1) * av.time_base))
    packets = (packet for packet in source.demux(*streams) if packet.size)
    for packet in mend(cast("Iterator[Packet[AudioStream]]", packets), origin.breaks):
        track = tracks[packet.stream_index]
        for coded in track.encoder.take(packet, excerpt):
            track.samples.write(bytes(coded))
    for track in tracks.values():
        for coded in track.encoder.flush():
            track.samples.write(bytes(coded))


def _mapped(file: IO[bytes], width: int) -> npt.NDArray[np.uint8]:
    count = file.tell() // width
    if not count:
        return np.zeros((0, width), np.uint8)
    return np.memmap(file, np.uint8, "r", shape=(count, width))
