"""What a video file says of itself, checked by decoding its first frame."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import islice
from pathlib import Path
from typing import cast

import av
from av.buffer import Buffer
from av.container import InputContainer
from av.packet import Packet
from av.video import VideoFrame
from av.video.stream import VideoStream

from sdbr.errors import InputProblem
from sdbr.media.clip import Clip, FrameTiming, SoundTrack
from sdbr.media.color_codes import is_hdr
from sdbr.media.timing import fraction_of, measure_timing
from sdbr.media.video import alpha, yuv
from sdbr.media.video.clock import PacketCount, break_notes, count_packets, find_breaks, mend
from sdbr.media.video.tracks import LARGEST, PIXEL_LIMIT, choose_track, picture_stream
from sdbr.media.video.truncated import missing_bytes
from sdbr.request import Size

# Local files only, and no playlist, script or device among the demuxers.
_OPEN_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,matroska,avi,mpegts,mpeg,mpegvideo,flv,live_flv,asf,ogg,gif,"
    "h264,hevc,obu,ivf,m4v,mxf,dv,nut,rm,wtv,y4m,yuv4mpegpipe,apng,mjpeg,3gp,nsv,vob",
}
# PyAV 19 replaces what is no UTF-8 in metadata unasked.
_open = partial(av.open, metadata_errors="replace") if av.__version__ < "19" else av.open
# Their index has every time, and a length for each picture; none of them can go back.
_INDEXED = ("mov", "avi")
_PACKETS_LOOKED_AT = 600
_PACKETS_TRIED = 1000


def open_container(path: Path, xmp: bool = False) -> InputContainer:
    """Open a local file for demuxing; raises InputProblem where libav finds no container.

    With `xmp` an ISO media file's packet is among its metadata, under that name.
    """
    more = {"export_xmp": "1"} if xmp else {}
    try:
        return _open(str(path.absolute()), options=_OPEN_OPTIONS | PIXEL_LIMIT | more)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise unreadable(path) from error


def unreadable(path: Path) -> InputProblem:
    """Say that nothing could be decoded, and why where the file's own sizes tell."""
    try:
        missing = missing_bytes(path)
    except OSError as error:
        return InputProblem(f"Cannot open {path}: {error.strerror}. Check the path.")
    why = f"at least {missing} bytes are missing" if missing else "no frame can be decoded"
    return InputProblem(
        f"{path} is not a readable video: {why}. Copy, download or convert it again."
    )


def probe(path: Path, track: int | None = None) -> Clip:
    """Describe a video file, or the picture track with this number (from 1) in it.

    Raises InputProblem where it holds no video, no such track, nothing that decodes, or frames
    larger than 67 megapixels.
    """
    with open_container(path) as container:
        counts = count_packets(container)
        indexed = container.format.name.startswith(_INDEXED)
    with open_container(path) as container:
        chosen = choose_track(container, path, counts, track)
        stream = picture_stream(container, chosen.number)
        refuse_giants(path, stream.codec_context.width, stream.codec_context.height)
        frame = _first_frame(container, stream, path)
        refuse_giants(path, frame.width, frame.height)
        breaks, end = ((), None) if indexed else find_breaks(counts, stream.index)
    with open_container(path) as container:
        stream = picture_stream(container, chosen.number)
        packets = mend(container.demux(stream), breaks)
        timing = _measured_timing(packets, stream, cut=missing_bytes(path) > 0)
        clip = _describe(path, container, stream, (frame, timing), counts)
    # Matroska says how long its last picture is shown; others declare the longest of their tracks.
    if end is not None and not indexed and (breaks or clip.kind != "matroska"):
        clip = replace(clip, duration=end - clip.start)
    see_through = yuv.has_alpha(frame) or clip.kind == "matroska"
    if see_through:
        with open_container(path) as container:
            stream = picture_stream(container, chosen.number)
            see_through = alpha.is_meant(container, stream, frame)
    notes = (*chosen.notes, *clip.notes, *break_notes(breaks, clip.start))
    return replace(clip, track=chosen.number, breaks=breaks, has_alpha=see_through, notes=notes)


def refuse_giants(path: Path, width: int, height: int) -> None:
    """Raise InputProblem for pictures too large to be decoded safely."""
    if width * height > LARGEST:
        raise InputProblem(
            f"{path} declares {width}x{height} pixels per frame, more than sdbr can open. "
            "Scale it down."
        )


def turn_of(frame: VideoFrame) -> tuple[int, bool]:
    """Read from the frame's display matrix how its picture becomes upright.

    Whether it is mirrored first, and then turned clockwise by 0, 90, 180 or 270 degrees.

    Layout: ISO/IEC 14496-12 section 6.2.2, as 16.16 fixed point numbers in native order.
    """
    data = cast(Mapping[str, Buffer], frame.side_data).get("DISPLAYMATRIX")
    if data is None:
        return 0, False
    a, b, _, c, d = struct.unpack("=9i", bytes(data))[:5]
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    if abs(a) >= abs(b):
        return (0 if a >= 0 else 180), mirrored
    return (90 if b > 0 else 270), mirrored


def square_size(frame: VideoFrame, aspect: Fraction | None) -> Size:
    """Return the stored picture's size with square pixels; one side grows, none shrinks."""
    if not aspect or aspect == 1 or not Fraction(1, 10) <= aspect <= 10:
        return Size(frame.width, frame.height)
    if aspect > 1:
        return Size(round(frame.width * aspect), frame.height)
    return Size(frame.width, round(frame.height / aspect))


def _first_frame(container: InputContainer, stream: VideoStream, path: Path) -> VideoFrame:
    try:
        for packet in islice(container.demux(stream), _PACKETS_TRIED):
            try:
                frames = packet.decode()
            except av.InvalidDataError:
                continue
            if frames:
                return frames[0]
    except (av.FFmpegError, OSError, ValueError) as error:
        raise unreadable(path) from error
    raise unreadable(path)


def _measured_timing(
    packets: Iterator[Packet[VideoStream]], stream: VideoStream, *, cut: bool
) -> FrameTiming:
    tick = Fraction(stream.time_base or Fraction(1, 90000))
    try:
        looked_at = islice(packets, _PACKETS_LOOKED_AT)
        marks = {p.pts for p in looked_at if p.pts is not None and not p.is_discard}
    except (av.FFmpegError, OSError):
        marks = set()
    times = [mark * tick for mark in sorted(marks)]
    # Behind the last packets that could be read, earlier-shown ones may be missing.
    if (cut or len(times) > _PACKETS_LOOKED_AT - 20) and len(times) > 40:
        times = times[:-20]
    # Without times, as in a raw stream of H.264, the stream itself says its rate.
    said = stream.average_rate if times else stream.guessed_rate or stream.average_rate
    rate = said and Fraction(said)
    return measure_timing(times, tick, rate)


def _describe(
    path: Path,
    container: InputContainer,
    stream: VideoStream,
    seen: tuple[VideoFrame, FrameTiming],
    counts: Mapping[int, PacketCount],
) -> Clip:
    frame, timing = seen
    tick = Fraction(frame.time_base or timing.tick)
    kind = container.format.name.split(",")[0].replace("mov", "mp4")
    start = Fraction(0) if kind == "avi" else (frame.pts or 0) * tick
    rotation, mirrored = turn_of(frame)
    size = square_size(frame, stream.sample_aspect_ratio)
    missing = missing_bytes(path)
    return Clip(
        kind=kind,
        path=path,
        size=Size(size.height, size.width) if rotation % 180 else size,
        timing=timing,
        frames=counts[stream.index].packets or None,
        duration=_declared_duration(container, stream, start),
        start=start,
        rotation=rotation,
        mirrored=mirrored,
        sound=tuple(
            SoundTrack(
                track.codec_context.codec.canonical_name,
                track.codec_context.sample_rate,
                track.language or "",
                track.index,
                counts[track.index].changes,
            )
            for track in container.streams.audio
            if track.codec_context is not None
        ),
        cut=missing > 0,
        notes=_notes(frame, size, missing),
        paths=(path,),
    )


def _declared_duration(
    container: InputContainer, stream: VideoStream, start: Fraction
) -> Fraction | None:
    if stream.duration and stream.time_base:
        return stream.duration * stream.time_base
    tag = stream.metadata.get("DURATION")
    end = _clock(tag) if tag else None
    if end is None and container.duration:
        end = Fraction(container.duration + max(0, container.start_time or 0), av.time_base)
    return end - start if end and end > start else None


def _clock(text: str) -> Fraction | None:
    """Read Matroska's "00:00:07.800000000"."""
    try:
        hours, minutes, seconds = text.strip("\0").split(":")
        return (int(hours) * 60 + int(minutes)) * 60 + fraction_of(seconds)
    except ValueError:
        return None


def _notes(frame: VideoFrame, size: Size, missing: int) -> tuple[str, ...]:
    notes = []
    if missing:
        notes.append(f"The file is truncated: {missing:,} bytes are missing.")
    if frame.interlaced_frame:
        notes.append("The video is interlaced: each pair of fields was merged into one frame.")
    if is_hdr(frame.color_trc):
        notes.append("The video is HDR: its colors were tone-mapped to SDR.")
    if size != (frame.width, frame.height):
        notes.append(
            f"The video has non-square pixels: {frame.width}x{frame.height} is displayed as {size}."
        )
    return tuple(notes)
