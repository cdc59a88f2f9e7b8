"""Clocks that restart or jump: found by one look through the packets, mended packet by packet.

Joined transport streams, DVD files and recordings that were resumed carry times that go back, or
ahead by an hour. Each picture keeps the length that it was meant to have, and the sound moves with
the picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import TypeVar, cast

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from sdbr.media.clip import ClockBreak
from sdbr.media.video.track_writers import codec_of, parameters_in

S = TypeVar("S", bound=Stream)

# Steps of more seconds are a break in formats whose clock may run on by itself: ffmpeg's
# -dts_delta_threshold.
_STEP = 10
_RUNNING = {"mpegts", "mpeg", "vob", "flv", "live_flv", "nsv", "h264", "hevc"}
# Elsewhere a file may well hold a picture for a minute, but nobody films an hour of nothing.
_GAP = 600
# Sound may be muxed a little out of order; ffmpeg allows a tenth of a second as well.
_BACK = Fraction(1, 10)
_MICROSECOND = Fraction(1, av.time_base)


@dataclass(slots=True)
class _Jump:
    """A step of one stream's clock, between the packets at two byte positions."""

    after: int
    until: int
    ahead: bool

    def meets(self, other: _Jump) -> bool:
        return self.after < other.until and other.after < self.until


@dataclass(slots=True)
class PacketCount:
    """What the packets of one stream tell: how many, and from when to when, between jumps.

    Counted in ticks of `tick` seconds, since fractions took half of the time of a look through.
    Steps of more than `longest` ticks ahead or `back` are jumps; `usual` is how long a picture
    lasts that does not say. `shows` tells that a file has times of showing alone, as Matroska
    has: those of coding are libav's guess.
    """

    tick: Fraction
    longest: int
    back: int = 0
    usual: int = 0
    shows: bool = False
    packets: int = 0
    changes: bool = False
    jumps: list[_Jump] = field(default_factory=list)
    parts: list[tuple[int, int]] = field(default_factory=list)
    _last: int | None = None
    _position: int = 0
    _parameters: tuple[int, ...] = ()

    def add_sound(self, packet: Packet[AudioStream], codec: str) -> None:
        """Look whether this packet says another rate or other channels than the first."""
        said = parameters_in(packet, codec)
        self._parameters = self._parameters or said
        self.changes |= said != self._parameters or packet.has_sidedata("new_extradata")

    def add(self, packet: Packet[Stream]) -> None:
        """Take the next packet."""
        self.packets += 1
        before, position = self._position, packet.pos
        if position is not None:
            self._position = max(before, position)
        shown = packet.dts if packet.pts is None else packet.pts
        reached = shown if self.shows else packet.dts
        if shown is None or reached is None:
            return
        if self.shows and self._last is not None and not packet.is_keyframe:
            # Only a keyframe is shown after all that was coded before it.
            reached = max(shown, self._last)
        ends = shown + (packet.duration or self.usual)
        step = 0 if self._last is None else reached - self._last
        self._last = reached
        if self.parts and (-self.back <= step <= self.longest or position is None):
            start, end = self.parts[-1]
            self.parts[-1] = (min(start, shown), max(end, ends))
            return
        if self.parts:
            self.jumps.append(_Jump(before, position or 0, step > 0))
        self.parts.append((shown, ends))

    def without(self, kept: Sequence[_Jump]) -> list[tuple[Fraction, Fraction]]:
        """Return when the parts between the `kept` jumps begin and end, in seconds."""
        joined = self.parts[:1]
        for jump, part in zip(self.jumps, self.parts[1:], strict=True):
            if jump in kept:
                joined.append(part)
            else:
                joined[-1] = (min(joined[-1][0], part[0]), max(joined[-1][1], part[1]))
        return [(start * self.tick, end * self.tick) for start, end in joined]


def count_packets(container: InputContainer) -> dict[int, PacketCount]:
    """Look through the whole file, without decoding, and return what each stream's packets tell.

    Reads as fast as the disk gives; keeps only jumps. A broken file is read as far as it goes.
    """
    running = container.format.name.split(",")[0] in _RUNNING
    counts: dict[int, PacketCount] = {}
    codecs: dict[int, str] = {}
    for stream in (*container.streams.video, *container.streams.audio):
        tick = Fraction(stream.time_base or _MICROSECOND)
        count = counts[stream.index] = PacketCount(tick, int((_STEP if running else _GAP) / tick))
        if isinstance(stream, AudioStream):
            count.back = int(_BACK / tick)
            codecs[stream.index] = codec_of(stream)
        else:
            count.shows = container.format.name.startswith("matroska")
        if isinstance(stream, VideoStream) and stream.average_rate:
            count.usual = round(1 / (Fraction(stream.average_rate) * tick))
    with suppress(av.FFmpegError, OSError):
        for packet in container.demux(*(container.streams[index] for index in counts)):
            if not packet.size or packet.is_discard:
                continue
            index = packet.stream_index
            if index in codecs:
                counts[index].add_sound(cast("Packet[AudioStream]", packet), codecs[index])
            counts[index].add(packet)
    return counts


def find_breaks(
    counts: Mapping[int, PacketCount], picture: int
) -> tuple[tuple[ClockBreak, ...], Fraction | None]:
    """Return where the clock of the stream with index `picture` breaks, and when it ends.

    The end is in seconds of the mended clock; None where no packet has a time.

    A step ahead is one only where the sound steps too, if there is any: else a picture stands.
    """
    shown = counts[picture]
    others = {index: one for index, one in counts.items() if index != picture and one.packets}
    kept = [
        jump
        for jump in shown.jumps
        if not (jump.ahead and others)
        or any(jump.meets(other) for one in others.values() for other in one.jumps)
    ]
    breaks = []
    offset = Fraction(0)
    parts = shown.without(kept)
    for jump, (before, after) in zip(kept, pairwise(parts), strict=False):
        positions = {picture: jump.until}
        for index, one in others.items():
            own = next((other.until for other in one.jumps if jump.meets(other)), jump.until)
            positions[index] = own
        due = before[1] + offset
        offset = due - after[0]
        breaks.append(ClockBreak(positions, offset, due, after[0] - before[1]))
    return tuple(breaks), parts[-1][1] + offset if parts else None


def time_of(packet: Packet[S]) -> Fraction | None:
    """Return when a packet is shown or heard, or else when it is decoded, in seconds."""
    mark = packet.pts if packet.pts is not None else packet.dts
    return None if mark is None else mark * packet.time_base


def mend(packets: Iterable[Packet[S]], breaks: Sequence[ClockBreak]) -> Iterator[Packet[S]]:
    """Pass the packets of one or more streams on, read from the file's top, with mended times."""
    if not breaks:
        yield from packets
        return
    passed: dict[int, int] = {}
    for packet in packets:
        index = packet.stream_index
        count = passed.get(index, 0)
        while (
            packet.pos is not None
            and count < len(breaks)
            and packet.pos >= _position(breaks[count], index)
        ):
            count += 1
        passed[index] = count
        if count and packet.size:
            shift = round(breaks[count - 1].offset / packet.time_base)
            packet.pts = None if packet.pts is None else packet.pts + shift
            packet.dts = None if packet.dts is None else packet.dts + shift
        yield packet


def _position(one: ClockBreak, index: int) -> int:
    # Subtitles, of which no packets are counted, break with the picture.
    return one.positions.get(index, max(one.positions.values()))


def break_notes(breaks: Sequence[ClockBreak], start: Fraction) -> tuple[str, ...]:
    """Say where the clock breaks, in seconds from the first picture at `start`."""
    return tuple(
        f"Timestamps {_how(one.jump)} at {float(one.at - start):.3f} s; the parts were joined "
        "without a gap."
        for one in breaks
    )


def _how(jump: Fraction) -> str:
    return f"go back by {float(-jump):.3f} s" if jump < 0 else f"jump {float(jump):.3f} s ahead"
