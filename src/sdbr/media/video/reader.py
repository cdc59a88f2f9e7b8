"""Frames of a video file, upright, in RGB, with their true times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from fractions import Fraction

import av
import numpy as np
from av.container import InputContainer
from av.filter import Graph
from av.video import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from sdbr.media.clip import Clip, Frame, Pixels
from sdbr.media.video import yuv
from sdbr.media.video.probe import open_container, picture_stream, refuse_giants, unreadable
from sdbr.request import Size

Note = Callable[[str], None]
_Timed = tuple[Fraction, VideoFrame]


def frames(clip: Clip, start: Fraction, end: Fraction | None, note: Note) -> Iterator[Frame]:
    """Yield the frames whose `at` is in [start, end), in seconds; `note` takes what was odd.

    Raises InputProblem where nothing decodes at all.
    """
    reformatter = VideoReformatter()
    for at, lasts, picture in _with_lengths(clip, _decoded(clip, start, note), note):
        if end is not None and at >= end:
            return
        if at >= start:
            yield Frame(_upright(picture, clip, reformatter), at, lasts)


def _upright(picture: VideoFrame, clip: Clip, reformatter: VideoReformatter) -> Pixels:
    refuse_giants(clip.path, picture.width, picture.height)
    width, height = clip.size[::-1] if clip.rotation % 180 else clip.size
    image = yuv.to_rgb(picture, Size(width, height), reformatter)
    if clip.mirrored:
        image = image[:, ::-1]
    return np.ascontiguousarray(np.rot90(image, -clip.rotation // 90))


def _with_lengths(
    clip: Clip, pictures: Iterable[_Timed], note: Note
) -> Iterator[tuple[Fraction, Fraction, VideoFrame]]:
    """Say of each picture how long it is shown: until the next, or as long as the file says."""
    held: _Timed | None = None
    count = 0
    for at, picture in pictures:
        if held is not None:
            # Two frames at one time would leave one of them no time at all.
            at = max(at, held[0] + clip.pace.tick)
            yield held[0], at - held[0], held[1]
        held, count = (at, picture), count + 1
    if held is not None:
        lasts = _last_length(clip, *held)
        yield held[0], lasts, held[1]
        _compare(clip, count, held[0] + lasts, note)


def _last_length(clip: Clip, at: Fraction, picture: VideoFrame) -> Fraction:
    """The end that the track declares counts where it is likely, else the packet's own length.

    Matroska gives the last frame no length of its own; MP4's follow the coding order.
    """
    length = 1 / clip.pace.rate
    if clip.cut:
        return length
    if picture.duration and picture.time_base:
        length = picture.duration * picture.time_base
    declared = (clip.duration or Fraction(0)) - at
    likely = clip.kind == "matroska" or length / 2 <= declared <= length * 2
    return declared if declared > 0 and likely else length


def _compare(clip: Clip, count: int, end: Fraction, note: Note) -> None:
    # Of a file that is cut off libav just gives fewer frames, without an error.
    if clip.duration and end + 2 / clip.pace.rate < clip.duration:
        of = f" of {clip.frames}" if clip.frames else ""
        note(
            f"The file declares {float(clip.duration):.3f} s, but only {float(end):.3f} s of it"
            f" can be decoded (the last {count}{of} frames read)."
        )


def _decoded(clip: Clip, start: Fraction, note: Note) -> Iterator[_Timed]:
    """Yield pictures with their times, beginning at or before `start`."""
    # From the top as well, where the file's index leads behind the start or nowhere.
    for seeks in (True, False) if start > 0 and clip.kind != "avi" else (False,):
        with open_container(clip.path) as container:
            stream = picture_stream(container, clip.path)
            if seeks:
                tick = Fraction(stream.time_base or clip.pace.tick)
                with suppress(av.FFmpegError, OSError):
                    container.seek(int((clip.start + start) / tick), stream=stream)
            pictures = _timed(clip, _deinterlaced(_pictures(container, stream, note), stream))
            first = next(pictures, None)
            if first is not None and (first[0] <= start or not seeks):
                yield first
                yield from pictures
                return
    raise unreadable(clip.path)


def _pictures(container: InputContainer, stream: VideoStream, note: Note) -> Iterator[VideoFrame]:
    """Decode packet by packet, so that a broken one costs only itself."""
    # Threads by slices took two and a half times as long.
    stream.thread_type = "AUTO"
    broken = 0
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            break
        except (av.FFmpegError, OSError) as error:
            note(f"The file breaks off: {error.strerror or error}.")
            break
        try:
            yield from packet.decode()
        except av.FFmpegError:
            broken += 1
    if broken:
        note(f"{broken} broken packets of the film were skipped.")


def _timed(clip: Clip, pictures: Iterable[VideoFrame]) -> Iterator[_Timed]:
    at, zero = -1 / clip.pace.rate, clip.start
    for number, picture in enumerate(pictures):
        mark, tick = picture.pts, picture.time_base
        if clip.kind == "avi":
            # AVI keeps no time of showing, only the order and time of coding.
            mark = picture.dts
            zero = mark * tick if number == 0 and mark is not None and tick else zero
        at = at + 1 / clip.pace.rate if mark is None or tick is None else mark * tick - zero
        yield at, picture


def _deinterlaced(pictures: Iterator[VideoFrame], stream: VideoStream) -> Iterator[VideoFrame]:
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
        yield from _pulled(graph)
    if graph is not None:
        graph.push(None)
        yield from _pulled(graph)


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


def _pulled(graph: Graph) -> Iterator[VideoFrame]:
    while True:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        if isinstance(frame, VideoFrame):
            yield frame
