"""Copies a track of sound into another container, or encodes it again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import chain

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.filter import Graph
from av.packet import Packet

from sdbr.media.clip import Excerpt
from sdbr.media.video.tags import copy_labels

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


def codec_of(stream: AudioStream) -> str:
    """Return the codec's own name, whatever decoder reads it; "" where none does."""
    context = stream.codec_context
    usable = context is not None and context.sample_rate > 0 and context.layout.nb_channels > 0
    return context.codec.canonical_name if usable else ""


def may_copy(output: OutputContainer, codec: str) -> bool:
    """Tell whether players expect this codec in this container; Matroska takes anything.

    Beside ProRes editors expect PCM.
    """
    if _has_prores(output):
        return codec in _PCM
    return codec in _COPIED.get(output.format.name, {codec})


def _has_prores(output: OutputContainer) -> bool:
    return any(one.codec_context.codec.canonical_name == "prores" for one in output.streams.video)


def _encoder_for(output: OutputContainer) -> str:
    if _has_prores(output):
        return "pcm_s24le"
    return "libopus" if output.format.name == "webm" else "aac"


class TrackCopy:
    """Packets of a track as they are, moved in time.

    `trimmed` tells that what is heard before the excerpt is not wanted; otherwise it is all kept.
    """

    def __init__(self, output: OutputContainer, stream: AudioStream, trimmed: bool) -> None:
        self._trimmed = trimmed
        self.target = output.add_stream_from_template(stream)
        copy_labels(stream, self.target)
        # Only these can say that sound before zero is there and not to be heard.
        self._hides_early = output.format.name in ("mp4", "mov")
        self._end: int | None = None
        self._preroll: Packet[AudioStream] | None = None

    def take(self, packet: Packet[AudioStream], excerpt: Excerpt) -> list[Packet[AudioStream]]:
        """Return the packet, if it is heard in the excerpt and behind the last one."""
        mark = packet.pts if packet.pts is not None else packet.dts
        if mark is None:
            return []
        if packet.is_discard:
            self._preroll = packet if self._hides_early and self._end is None else None
            return []
        length = packet.duration or 0
        since = mark * packet.time_base - excerpt.zero
        heard_to = since + length * packet.time_base
        early = heard_to <= 0 if self._hides_early else since < 0
        priming = packet.has_sidedata("skip_samples") and not self._trimmed
        if (early and not priming) or (excerpt.end is not None and since >= excerpt.end):
            return []
        shift = round(excerpt.zero / packet.time_base)
        packet.dts = (mark if packet.dts is None else packet.dts) - shift
        packet.pts = mark - shift
        # Where the parts of a joined file overlap, half a packet is the nearest that can be had.
        if self._end is not None and packet.dts < self._end - length / 2:
            return []
        first, self._end = self._end is None, packet.dts + max(length, 1)
        preroll, self._preroll = self._preroll, None
        if first and preroll is not None and preroll.dts is not None:
            # The decoder needs it for the first that is heard: their transforms overlap.
            preroll.pts = preroll.dts = preroll.dts - shift
            if abs(preroll.dts + (preroll.duration or 0) - packet.dts) <= 1:
                return [preroll, packet]
        return [packet]

    def flush(self) -> list[Packet[AudioStream]]:
        """Nothing waits here."""
        return []


class TrackEncoder:
    """A track encoded as AAC, Opus in WebM or PCM beside ProRes, unless the encoder is told.

    Its `rate` and channels are the source's if they can be.
    """

    def __init__(self, output: OutputContainer, stream: AudioStream, encoder: str = "") -> None:
        source = stream.codec_context
        encoder = encoder or _encoder_for(output)
        self.rate = source.sample_rate
        if encoder == "libopus" or (encoder == "aac" and self.rate not in _AAC_RATES):
            self.rate = _OPUS_RATE
        channels = source.layout.nb_channels
        layout = _LAYOUTS[channels - 1] if channels <= len(_LAYOUTS) else "stereo"
        target = output.add_stream(encoder, rate=self.rate, layout=layout)
        assert isinstance(target, AudioStream)
        self.target = target
        copy_labels(stream, self.target)
        self.codec = target.codec_context.codec.canonical_name
        self.lossless = self.codec in _PCM
        if not self.lossless:
            self.target.bit_rate = _BITS_A_CHANNEL * self.target.codec_context.layout.nb_channels
        self._source: tuple[str, str, int] | None = None
        self._resampler: AudioResampler | None = None
        self._even: Graph | None = None

    def take(self, packet: Packet[AudioStream], excerpt: Excerpt) -> list[Packet[AudioStream]]:
        """Decode the packet and return what the encoder has ready; a broken one is silence."""
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            return []
        parts = (part for frame in frames if (part := _within(frame, excerpt)) is not None)
        return self._encode(piece for part in parts for piece in self._resample(part))

    def flush(self) -> list[Packet[AudioStream]]:
        """Return what resampler and encoder hold back."""
        if self._resampler is None:
            return []
        rest = self._encode(chain(self._resampler.resample(None), [None]))
        return rest + self.target.encode(None)

    def _encode(self, frames: Iterable[AudioFrame | None]) -> list[Packet[AudioStream]]:
        return [out for piece in self._even_out(frames) for out in self.target.encode(piece)]

    def _resample(self, frame: AudioFrame) -> Iterator[AudioFrame]:
        """Bring the frame to the encoder's format; rate and layout may change midway."""
        source = (frame.format.name, frame.layout.name, frame.sample_rate)
        if source != self._source:
            if self._resampler is not None:
                yield from self._resampler.resample(None)
            context = self.target.codec_context
            # Only an open encoder knows its format and how many samples it wants at a time.
            context.open(strict=False)
            self._source = source
            self._resampler = AudioResampler(context.format, context.layout, self.rate)
        assert self._resampler is not None
        yield from self._resampler.resample(frame)

    def _even_out(self, frames: Iterable[AudioFrame | None]) -> Iterator[AudioFrame]:
        """Fill what is missing with silence, cut what overlaps, and give equal portions."""
        for frame in frames:
            if self._even is None:
                self._even = _even_graph(self.target, self.rate)
            self._even.push(frame)
            with suppress(av.BlockingIOError, av.EOFError):
                while True:
                    piece = self._even.pull()
                    assert isinstance(piece, AudioFrame)
                    yield piece


def _even_graph(target: AudioStream, rate: int) -> Graph:
    context = target.codec_context
    graph = Graph()
    source = graph.add_abuffer(
        format=context.format.name,
        sample_rate=rate,
        layout=context.layout.name,
        time_base=Fraction(1, rate),
    )
    steps = [
        # Five milliseconds: less than an ear or an editor finds.
        graph.add("aresample", f"{rate}:async=1:min_hard_comp=0.005:first_pts=0"),
        graph.add("asetnsamples", f"n={context.frame_size or 1024}:p=0"),
    ]
    graph.link_nodes(source, *steps, graph.add("abuffersink")).configure()
    return graph


def parameters_in(packet: Packet[AudioStream], codec: str) -> tuple[int, ...]:
    """Read from a packet's own header what a decoder of `codec` must know; () where it has none.

    Packets of one track that differ in it cannot stand in one track of MP4. ADTS: ISO/IEC 14496-3
    table 1.A.5; MPEG audio: ISO/IEC 11172-3 section 2.4.1.3; AC-3: ATSC A/52 section 5.3.
    """
    head = bytes(memoryview(packet)[:7])
    if len(head) < 7:
        return ()
    if codec == "aac" and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return head[2] & 0xFD, head[3] & 0xC0
    if codec in ("mp1", "mp2", "mp3") and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return head[1] & 0x1E, head[2] & 0x0C, int(head[3] >= 0xC0)
    if codec == "ac3" and head[:2] == b"\x0b\x77":
        return head[4] & 0xC0, head[6] & 0xE0
    return ()


def _within(frame: AudioFrame, excerpt: Excerpt) -> AudioFrame | None:
    """Return the part of the frame that lies in the excerpt, timed from its zero; None if none."""
    if frame.pts is None or frame.time_base is None:
        return None
    first = round((frame.pts * frame.time_base - excerpt.zero) * frame.sample_rate)
    stop = first + frame.samples
    begin = max(0, first)
    end = stop if excerpt.end is None else min(stop, round(excerpt.end * frame.sample_rate))
    if end <= begin:
        return None
    if (begin, end) != (first, stop):
        frame = _slice(frame, begin - first, end - first)
    frame.pts, frame.time_base = begin, Fraction(1, frame.sample_rate)
    return frame


def _slice(frame: AudioFrame, begin: int, end: int) -> AudioFrame:
    step = 1 if frame.format.is_planar else frame.layout.nb_channels
    samples = np.asarray(frame.to_ndarray())[:, begin * step : end * step]
    part = np.ascontiguousarray(samples)
    sliced = AudioFrame.from_ndarray(part, format=frame.format.name, layout=frame.layout.name)
    sliced.sample_rate = frame.sample_rate
    return sliced


TrackWriter = TrackCopy | TrackEncoder
