"""Chooses how each track of sound gets into another container: copied, or encoded again."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

_PCM = {"pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_f32le"}
_WIDELY_PLAYED = {"aac", "mp3", "ac3", "eac3", "alac"}
# What players expect in each container, narrower than what libav would write.
_COPIED = {
    "mp4": _WIDELY_PLAYED | {"opus", "flac"},
    "mov": _WIDELY_PLAYED | _PCM,
    "webm": {"opus", "vorbis"},
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """The part of a sound file that is wanted.

    `zero` is the source time that becomes the output's zero, in seconds; `end` counts from there.
    `trimmed` tells that what is heard before zero is not wanted; otherwise it is all kept.
    """

    zero: Fraction
    end: Fraction | None = None
    trimmed: bool = False


class Carrier(Protocol):
    """Turns packets of one source track into packets of `target`."""

    target: AudioStream

    def take(self, packet: Packet[AudioStream], stretch: Stretch) -> list[Packet[AudioStream]]:
        """Return what can be written now that this packet is there."""

    def flush(self) -> list[Packet[AudioStream]]:
        """Return what is left."""


def codec_of(stream: AudioStream) -> str:
    """Return the codec's own name, whatever decoder reads it; "" where none does."""
    context = stream.codec_context
    usable = context is not None and context.sample_rate > 0 and context.layout.nb_channels > 0
    return context.codec.canonical_name if usable else ""


def may_copy(output: OutputContainer, codec: str) -> bool:
    """Tell whether players expect this codec in this container; Matroska takes anything."""
    return codec in _COPIED.get(output.format.name, {codec})


class Copied:
    """Packets as they are, moved in time."""

    def __init__(self, output: OutputContainer, stream: AudioStream) -> None:
        self.target = output.add_stream_from_template(stream)
        self.target.metadata["language"] = stream.language or "und"
        # Only these can say that sound before zero is there and not to be heard.
        self._hides_early = output.format.name in ("mp4", "mov")
        self._last: int | None = None

    def take(self, packet: Packet[AudioStream], stretch: Stretch) -> list[Packet[AudioStream]]:
        """Return the packet, if it is heard in the stretch and behind the last one."""
        mark = packet.pts if packet.pts is not None else packet.dts
        if mark is None:
            return []
        since = mark * packet.time_base - stretch.zero
        heard_to = since + (packet.duration or 0) * packet.time_base
        early = heard_to <= 0 if self._hides_early else since < 0
        if (stretch.trimmed and early) or (stretch.end is not None and since >= stretch.end):
            return []
        shift = round(stretch.zero / packet.time_base)
        packet.dts = (mark if packet.dts is None else packet.dts) - shift
        packet.pts = mark - shift
        if self._last is not None and packet.dts <= self._last:
            return []
        self._last = packet.dts
        return [packet]

    def flush(self) -> list[Packet[AudioStream]]:
        """Nothing waits here."""
        return []


UNUSABLE = (av.FFmpegError, ValueError)
"""What libav raises for a track that a container does not take."""
