"""One track of sound on its way into another container: copied, or encoded again."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Protocol

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

from sdbr.media.writer import Note

_PCM = {"pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_f32le"}
_WIDELY_PLAYED = {"aac", "mp3", "ac3", "eac3", "alac"}
# What players expect in each container, narrower than what libav would write.
_COPIED = {
    "mp4": _WIDELY_PLAYED,
    "mov": _WIDELY_PLAYED | _PCM,
    "webm": {"opus", "vorbis"},
}
_AAC_RATES = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000}
_BITS_A_CHANNEL = 80_000
_LAYOUTS = ("mono", "stereo", "3.0", "4.0", "5.0", "5.1", "6.1", "7.1")


class Carrier(Protocol):
    """Turns packets of one source track into packets of `target`."""

    title: str
    target: AudioStream

    def place(self, zero: Fraction, end: Fraction | None, *, trimmed: bool) -> None:
        """Say which source time is the output's zero, and where the sound ends after it."""

    def take(self, packet: Packet[AudioStream], at: Fraction) -> list[Packet[AudioStream]]:
        """Return what can be written now that this packet, at this source time, is there."""

    def flush(self) -> list[Packet[AudioStream]]:
        """Return what is left."""


def carrier_for(
    output: OutputContainer, stream: AudioStream, note: Note, title: str
) -> Carrier | None:
    """Add a track for `stream` to `output`; None, with a note, where that is not possible."""
    try:
        name = stream.codec_context.codec.canonical_name
        usable = stream.codec_context.sample_rate > 0 and stream.codec_context.channels > 0
    except AttributeError:
        name, usable = "unknown", False
    if not usable:
        note(f"The {title} was left out: its format is not known.")
        return None
    kind = output.format.name
    try:
        if name in _COPIED.get(kind, {name}):
            return Copied(output, stream, title)
    except (av.FFmpegError, ValueError):
        pass
    try:
        carrier = Encoded(output, stream, title)
    except (av.FFmpegError, ValueError) as error:
        note(f"The {title} was left out: {error}.")
        return None
    note(f"The {title} was encoded again as {carrier.codec}: {kind} does not hold {name} well.")
    return carrier


class Copied:
    """Packets as they are, moved in time."""

    def __init__(self, output: OutputContainer, stream: AudioStream, title: str) -> None:
        self.title = title
        self.target = output.add_stream_from_template(stream)
        self.target.metadata["language"] = stream.language or "und"
        # Only these say in the file that sound before zero is not to be heard.
        self._hides_early = output.format.name in ("mp4", "mov")
        self._zero, self._end, self._trimmed = Fraction(0), None, False
        self._last: int | None = None

    def place(self, zero: Fraction, end: Fraction | None, *, trimmed: bool) -> None:
        self._zero, self._end, self._trimmed = zero, end, trimmed

    def take(self, packet: Packet[AudioStream], at: Fraction) -> list[Packet[AudioStream]]:
        tick, since = packet.time_base, at - self._zero
        heard = since + (packet.duration or 0) * tick if self._hides_early else since
        early = self._trimmed and (heard < 0 or (heard == 0 and self._hides_early))
        if early or (self._end is not None and since >= self._end):
            return []
        shift = round(self._zero / tick)
        packet.pts = (packet.pts if packet.pts is not None else packet.dts or 0) - shift
        packet.dts = packet.pts if packet.dts is None else packet.dts - shift
        if self._last is not None and packet.dts <= self._last:
            return []
        self._last = packet.dts
        return [packet]

    def flush(self) -> list[Packet[AudioStream]]:
        return []


class Encoded:
    """Sound decoded and encoded again, cut to the sample."""

    def __init__(self, output: OutputContainer, stream: AudioStream, title: str) -> None:
        self.title = title
        source = stream.codec_context
        self.codec = "opus" if output.format.name == "webm" else "aac"
        self._rate = source.sample_rate
        if self.codec == "opus" or self._rate not in _AAC_RATES:
            self._rate = 48000
        many = source.channels > len(_LAYOUTS)
        layout = "stereo" if many else _LAYOUTS[source.channels - 1]
        encoder = "libopus" if self.codec == "opus" else "aac"
        self.target = output.add_stream(encoder, rate=self._rate, layout=layout)
        self.target.metadata["language"] = stream.language or "und"
        self.target.bit_rate = _BITS_A_CHANNEL * self.target.codec_context.layout.nb_channels
        self._resampler: AudioResampler | None = None
        self._zero, self._end = Fraction(0), None
        self._written: int | None = None

    def place(self, zero: Fraction, end: Fraction | None, *, trimmed: bool) -> None:
        self._zero, self._end = zero, end

    def take(self, packet: Packet[AudioStream], at: Fraction) -> list[Packet[AudioStream]]:
        out: list[Packet[AudioStream]] = []
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            return out
        for frame in frames:
            if (cut := self._cut(frame)) is not None:
                for ready in self._resampled(cut):
                    out.extend(self.target.encode(ready))
        return out

    def flush(self) -> list[Packet[AudioStream]]:
        if self._resampler is None:
            return []
        out: list[Packet[AudioStream]] = []
        for ready in self._resampled(None):
            out.extend(self.target.encode(ready))
        out.extend(self.target.encode(None))
        return out

    def _cut(self, frame: AudioFrame) -> AudioFrame | None:
        """Return the part of the frame between the output's zero and end, timed from zero."""
        if frame.pts is None or frame.time_base is None:
            return None
        first = round((frame.pts * frame.time_base - self._zero) * frame.sample_rate)
        stop = first + frame.samples
        begin = max(0, first)
        end = stop if self._end is None else min(stop, round(self._end * frame.sample_rate))
        if end <= begin:
            return None
        if (begin, end) != (first, stop):
            frame = _sliced(frame, begin - first, end - first)
        frame.pts, frame.time_base = begin, Fraction(1, frame.sample_rate)
        return frame

    def _resampled(self, frame: AudioFrame | None) -> Iterator[AudioFrame]:
        if self._resampler is None:
            context = self.target.codec_context
            context.open(strict=False)
            self._resampler = AudioResampler(
                context.format, context.layout, self._rate, context.frame_size or None
            )
        yield from self._resampler.resample(frame)


def _sliced(frame: AudioFrame, begin: int, end: int) -> AudioFrame:
    samples = frame.to_ndarray()
    step = 1 if frame.format.is_planar else frame.layout.nb_channels
    part = np.ascontiguousarray(samples[:, begin * step : end * step])
    sliced = AudioFrame.from_ndarray(part, format=frame.format.name, layout=frame.layout.name)
    sliced.sample_rate = frame.sample_rate
    return sliced
