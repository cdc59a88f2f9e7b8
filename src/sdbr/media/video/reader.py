"""Frames of a video file, upright, in RGB, with their true times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import av
import numpy as np
from av.filter import Graph
from av.packet import Packet
from av.video import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from sdbr.media.clip import Clip, Pixels, TimedFrame
from sdbr.media.stills.pixels import array_in_srgb, with_channels
from sdbr.media.video import yuv
from sdbr.media.video.alpha import AlphaDecoder
from sdbr.media.video.clock import mend
from sdbr.media.video.probe import open_container, refuse_giants, square_size, unreadable
from sdbr.media.video.tracks import picture_stream
from sdbr.request import Size, Tell


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the frames of one run of a stream have in common; it may change midway."""

    width: int
    height: int
    pixel_format: str
    aspect: Fraction


class _Picture(NamedTuple):
    """A decoded frame and the size at which its pixels are square."""

    frame: VideoFrame
    square: Size


_TimedPicture = tuple[Fraction, _Picture]


def frames(clip: Clip, start: Fraction, end: Fraction | None, note: Tell) -> Iterator[TimedFrame]:
    """Yield the frames whose `at` is in [start, end), in seconds; `note` takes what was odd.

    A frame that is shown for longer than usual, or a second, is cut at `start` and `end`. Raises
    InputProblem where nothing decodes at all.
    """
    reformatter = VideoReformatter()
    usual = min(1 / clip.timing.rate, Fraction(1))
    for at, lasts, picture in _with_lengths(clip, _decode(clip, start, note), note):
        if end is not None and at >= end:
            return
        if at < start and at + lasts > start + usual:
            at, lasts = start, at + lasts - start
        if end is not None and at + lasts > end + usual:
            lasts = end - at
        if at >= start:
            yield TimedFrame(_upright(picture, clip, reformatter), at, lasts)


def _upright(picture: _Picture, clip: Clip, reformatter: VideoReformatter) -> Pixels:
    refuse_giants(clip.path, picture.frame.width, picture.frame.height)
    size = Size(*clip.size[::-1]) if clip.rotation % 180 else clip.size
    inside = _inside(picture.square, size)
    image = yuv.to_rgb(picture.frame, inside, reformatter)
    image = with_channels(image, 4) if clip.has_alpha else image[..., :3]
    if inside != size:
        image = _frame_in_black(image, size)
    if clip.profile:
        image = array_in_srgb(image, {"icc_profile": clip.profile})
    if clip.mirrored:
        image = image[:, ::-1]
    return np.ascontiguousarray(np.rot90(image, -clip.rotation // 90))


def _inside(square: Size, size: Size) -> Size:
    """Return how large a picture is that is fitted whole into a clip of `size`."""
    scale = min(Fraction(size.width, square.width), Fraction(size.height, square.height))
    inside = Size(round(square.width * scale), round(square.height * scale))
    # Half a percent is rounding to whole pixels, and no bar.
    near = max(2, size.width // 200), max(2, size.height // 200)
    missing = size.width - inside.width, size.height - inside.height
    return size if missing[0] <= near[0] and missing[1] <= near[1] else inside


def _frame_in_black(image: Pixels, size: Size) -> Pixels:
    """Put the picture amid black bars."""
    height, width = image.shape[:2]
    top, left = (size.height - height) // 2, (size.width - width) // 2
    framed = np.zeros((size.height, size.width, image.shape[2]), np.uint8)
    framed[..., 3:] = 255
    framed[top : top + height, left : left + width] = image
    return framed


def _with_lengths(
    clip: Clip, pictures: Iterable[_TimedPicture], note: Tell
) -> Iterator[tuple[Fraction, Fraction, _Picture]]:
    """Say of each picture how long it is shown: until the next, or as long as the file says."""
    held: _TimedPicture | None = None
    count = 0
    for at, picture in pictures:
        if held is not None:
            # Two frames at one time would leave one of them no time at all.
            at = max(at, held[0] + clip.timing.tick)
            yield held[0], at - held[0], held[1]
        held, count = (at, picture), count + 1
    if held is not None:
        lasts = _last_length(clip, held[0], held[1].frame)
        yield held[0], lasts, held[1]
        _compare(clip, count, held[0] + lasts, note)


def _last_length(clip: Clip, at: Fraction, picture: VideoFrame) -> Fraction:
    """The end that the track declares counts where it is likely, else the packet's own length.

    Matroska gives the last frame no length of its own; MP4's follow the coding order.
    """
    length = 1 / clip.timing.rate
    if clip.cut:
        return length
    if picture.duration and picture.time_base:
        length = picture.duration * picture.time_base
    declared = (clip.duration or Fraction(0)) - at
    likely = clip.kind == "matroska" or length / 2 <= declared <= length * 2
    return declared if declared > 0 and likely else length


def _compare(clip: Clip, count: int, end: Fraction, note: Tell) -> None:
    # Of a file that is cut off libav just gives fewer frames, without an error.
    if clip.duration and end + 2 / clip.timing.rate < clip.duration:
        of = f" of {clip.frames}" if clip.frames else ""
        note(
            f"The file declares {float(clip.duration):.3f} s, but only {float(end):.3f} s of it "
            f"can be decoded (the last {count}{of} frames read)."
        )


def _decode(clip: Clip, start: Fraction, note: Tell) -> Iterator[_TimedPicture]:
    """Yield pictures with their times, beginning at or before `start`."""
    # From the top as well, where the file's index leads behind the start or nowhere. Alpha beside
    # a film has key frames of its own.
    beside = clip.kind == "matroska" and clip.has_alpha
    seekable = clip.kind != "avi" and not clip.breaks and not beside
    for seeks in (True, False) if start > 0 and seekable else (False,):
        with open_container(clip.path) as container:
            stream = picture_stream(container, clip.track)
            if seeks:
                tick = Fraction(stream.time_base or clip.timing.tick)
                with suppress(av.FFmpegError, OSError):
                    container.seek(int((clip.start + start) / tick), stream=stream)
            packets = mend(container.demux(stream), clip.breaks)
            pictures = _add_times(
                clip, _runs(_decoded_packets(packets, stream, note), stream), note
            )
            first = next(pictures, None)
            if first is not None and (first[0] <= start or not seeks):
                yield first
                yield from pictures
                return
    raise unreadable(clip.path)


def _decoded_packets(
    packets: Iterator[Packet[VideoStream]], stream: VideoStream, note: Tell
) -> Iterator[tuple[_Shape, VideoFrame]]:
    """Decode packet by packet, so that a broken one costs only itself."""
    # Threads by slices took two and a half times as long.
    stream.thread_type = "AUTO"
    broken = damaged = 0
    decoder = _Decoder(stream)
    alpha = AlphaDecoder()
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            break
        except (av.FFmpegError, OSError) as error:
            note(f"Reading the file failed: {error.strerror or error}.")
            break
        alpha.take(packet)
        try:
            frames = [alpha.join(frame) for frame in decoder.decode(packet)]
        except av.FFmpegError:
            broken += 1
            continue
        aspect = Fraction(
            stream.codec_context.sample_aspect_ratio or stream.sample_aspect_ratio or 1
        )
        for frame in frames:
            damaged += frame.is_corrupt
            yield _Shape(frame.width, frame.height, frame.format.name, aspect), frame
    if broken:
        note(f"Skipped damaged video packets: {broken}.")
    if damaged:
        note(f"Damaged frames, partly reconstructed by the decoder: {damaged}.")


class _Decoder:
    """Decodes packets, and takes out the picture that libav holds back where MPEG-2 grows.

    Its decoder drops that picture when a new sequence header brings another size.
    """

    def __init__(self, stream: VideoStream) -> None:
        self._context = stream.codec_context
        self._has_headers = self._context.codec.canonical_name in ("mpeg1video", "mpeg2video")
        self._size = b""

    def decode(self, packet: Packet[VideoStream]) -> list[VideoFrame]:
        """Return the frames that are ready. Raises av.FFmpegError for a broken packet."""
        rest: list[VideoFrame] = []
        if self._has_headers and packet.is_keyframe:
            # ISO/IEC 13818-2 section 6.2.2.1: two times twelve bits behind the start code.
            _, found, header = bytes(packet).partition(b"\0\0\1\xb3")
            if found and self._size and header[:3] != self._size:
                rest = self._context.decode(None)
                self._context.flush_buffers()
            self._size = header[:3] or self._size
        return rest + packet.decode()


def _runs(pictures: Iterator[tuple[_Shape, VideoFrame]], stream: VideoStream) -> Iterator[_Picture]:
    """Pass on whole frames, each run of one shape through a filter of its own."""
    for shape, run in groupby(pictures, key=itemgetter(0)):
        for frame in _deinterlace((frame for _, frame in run), stream):
            yield _Picture(frame, square_size(frame, shape.aspect))


def _add_times(clip: Clip, pictures: Iterable[_Picture], note: Tell) -> Iterator[_TimedPicture]:
    at, zero = -1 / clip.timing.rate, clip.start
    before: _Picture | None = None
    for picture in pictures:
        mark, tick = picture.frame.pts, picture.frame.time_base
        if clip.kind == "avi":
            # AVI keeps no time of showing, only the order and time of coding.
            mark = picture.frame.dts
            zero = mark * tick if before is None and mark is not None and tick else zero
        at = at + 1 / clip.timing.rate if mark is None or tick is None else mark * tick - zero
        if before is not None and picture.square != before.square:
            note(
                f"The frame size changes from {before.square} to {picture.square} at "
                f"{float(at):.3f} s; later frames were fitted into {clip.size}."
            )
        before = picture
        yield at, picture


def _deinterlace(pictures: Iterator[VideoFrame], stream: VideoStream) -> Iterator[VideoFrame]:
    """Pass whole frames on, and make one whole frame of each pair of fields (bwdif).

    The filter starts with the first interlaced frame, so that other films never pay for it.
    """
    graph: Graph | None = None
    for picture in pictures:
        if graph is None and not picture.interlaced_frame:
            yield picture
            continue
        if graph is None:
            graph = _field_filter(picture, stream)
        graph.push(picture)
        yield from _pull(graph)
    if graph is not None:
        graph.push(None)
        yield from _pull(graph)


def _field_filter(picture: VideoFrame, stream: VideoStream) -> Graph:
    graph = Graph()
    source = graph.add_buffer(
        width=picture.width,
        height=picture.height,
        format=picture.format,
        time_base=picture.time_base or stream.time_base,
    )
    fields = graph.add("bwdif", "mode=send_frame:parity=auto:deint=interlaced")
    graph.link_nodes(source, fields, graph.add("buffersink")).configure()
    return graph


def _pull(graph: Graph) -> Iterator[VideoFrame]:
    while True:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        if isinstance(frame, VideoFrame):
            yield frame
