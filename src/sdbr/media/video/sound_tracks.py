"""Chooses how each track of sound gets into another container: copied, or encoded again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

UNUSABLE = (av.FFmpegError, ValueError)
"""What libav raises for a track that a container does not take."""

_PCM = {"pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_f32le"}
_WIDELY_PLAYED = {"aac", "mp3", "ac3", "eac3", "alac"}
# What players expect in each container, narrower than what libav would write.
_COPIED = {
    "mp4": _WIDELY_PLAYED | {"opus", "flac"},
    "mov": _WIDELY_PLAYED | _PCM,
    "webm": {"opus", "vorbis"},
}
# What libav calls 1 to 8 channels in the usual order of speakers.
_LAYOUTS = ("mono", "stereo", "3.0", "4.0", "5.0", "5.1", "6.1", "7.1")
_AAC_RATES = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000}
_OPUS_RATE = 48000
_BITS_A_CHANNEL = 80_000


@dataclass(frozen=True, slots=True)
class SoundSegment:
    """The part of a sound file that is wanted.

    `zero` is the source time that becomes the output's zero, in seconds; `end` counts from there.
    `trimmed` tells that what is heard before zero is not wanted; otherwise it is all kept.
    """

    zero: Fraction
    end: Fraction | None = None
    trimmed: bool = False


def codec_of(stream: AudioStream) -> str:
    """Return the codec's own name, whatever decoder reads it; "" where none does."""
    context = stream.codec_context
    usable = context is not None and context.sample_rate > 0 and context.layout.nb_channels > 0
    return context.codec.canonical_name if usable else ""


def may_copy(output: OutputContainer, codec: str) -> bool:
    """Tell whether players expect this codec in this container; Matroska takes anything."""
    return codec in _COPIED.get(output.format.name, {codec})


class TrackCopy:
    """Packets of a track as they are, moved in time."""

    def __init__(self, output: OutputContainer, stream: AudioStream) -> None:
        self.target = output.add_stream_from_template(stream)
        self.target.metadata["language"] = stream.language or "und"
        # Only these can say that sound before zero is there and not to be heard.
        self._hides_early = output.format.name in ("mp4", "mov")
        self._last: int | None = None

    def take(self, packet: Packet[AudioStream], segment: SoundSegment) -> list[Packet[AudioStream]]:
        """Return the packet, if it is heard in the segment and behind the last one."""
        mark = packet.pts if packet.pts is not None else packet.dts
        if mark is None:
            return []
        since = mark * packet.time_base - segment.zero
        heard_to = since + (packet.duration or 0) * packet.time_base
        early = heard_to <= 0 if self._hides_early else since < 0
        if (segment.trimmed and early) or (segment.end is not None and since >= segment.end):
            return []
        shift = round(segment.zero / packet.time_base)
        packet.dts = (mark if packet.dts is None else packet.dts) - shift
        packet.pts = mark - shift
        if self._last is not None and packet.dts <= self._last:
            return []
        self._last = packet.dts
        return [packet]

    def flush(self) -> list[Packet[AudioStream]]:
        """Nothing waits here."""
        return []


class TrackEncoder:
    """A track encoded as AAC, or Opus for WebM, at the source's rate and channels if it can be."""

    def __init__(self, output: OutputContainer, stream: AudioStream) -> None:
        source = stream.codec_context
        self.codec = "opus" if output.format.name == "webm" else "aac"
        self._rate = source.sample_rate
        if self.codec == "opus" or self._rate not in _AAC_RATES:
            self._rate = _OPUS_RATE
        channels = source.layout.nb_channels
        layout = _LAYOUTS[channels - 1] if channels <= len(_LAYOUTS) else "stereo"
        encoder = "libopus" if self.codec == "opus" else "aac"
        target = output.add_stream(encoder, rate=self._rate, layout=layout)
        assert isinstance(target, AudioStream)
        self.target = target
        self.target.metadata["language"] = stream.language or "und"
        self.target.bit_rate = _BITS_A_CHANNEL * self.target.codec_context.layout.nb_channels
        self._resampler: AudioResampler | None = None

    def take(self, packet: Packet[AudioStream], segment: SoundSegment) -> list[Packet[AudioStream]]:
        """Decode the packet and return what the encoder has ready; a broken one is silence."""
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            return []
        parts = (part for frame in frames if (part := _within(frame, segment)) is not None)
        ready = (piece for part in parts for piece in self._resampled(part))
        return [out for piece in ready for out in self.target.encode(piece)]

    def flush(self) -> list[Packet[AudioStream]]:
        """Return what resampler and encoder hold back."""
        if self._resampler is None:
            return []
        rest = [out for piece in self._resampled(None) for out in self.target.encode(piece)]
        return rest + self.target.encode(None)

    def _resampled(self, frame: AudioFrame | None) -> Iterator[AudioFrame]:
        if self._resampler is None:
            context = self.target.codec_context
            # Only an open encoder knows how many samples it wants at a time.
            context.open(strict=False)
            self._resampler = AudioResampler(
                context.format, context.layout, self._rate, context.frame_size or None
            )
        yield from self._resampler.resample(frame)


def _within(frame: AudioFrame, segment: SoundSegment) -> AudioFrame | None:
    """Return the part of the frame that lies in the segment, timed from its zero; None if none."""
    if frame.pts is None or frame.time_base is None:
        return None
    first = round((frame.pts * frame.time_base - segment.zero) * frame.sample_rate)
    stop = first + frame.samples
    begin = max(0, first)
    end = stop if segment.end is None else min(stop, round(segment.end * frame.sample_rate))
    if end <= begin:
        return None
    if (begin, end) != (first, stop):
        frame = _sliced(frame, begin - first, end - first)
    frame.pts, frame.time_base = begin, Fraction(1, frame.sample_rate)
    return frame


def _sliced(frame: AudioFrame, begin: int, end: int) -> AudioFrame:
    step = 1 if frame.format.is_planar else frame.layout.nb_channels
    samples = np.asarray(frame.to_ndarray())[:, begin * step : end * step]
    part = np.ascontiguousarray(samples)
    sliced = AudioFrame.from_ndarray(part, format=frame.format.name, layout=frame.layout.name)
    sliced.sample_rate = frame.sample_rate
    return sliced


TrackWriter = TrackCopy | TrackEncoder
