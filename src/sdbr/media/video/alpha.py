"""Transparency of films: alpha beside VP8, VP9 or AV1, and alpha that only fills 32 bits.

WebM and Matroska keep alpha as a second film: BlockAdditional 1 of each packet is a picture whose
luma is the alpha channel (WebM Container Guidelines, "Alpha channel"). libav's decoders skip it.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import Final, cast

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video import VideoFrame
from av.video.codeccontext import VideoCodecContext
from av.video.plane import VideoPlane
from av.video.stream import VideoStream

from sdbr.media.clip import Pixels
from sdbr.media.video import yuv
from sdbr.media.video.tracks import PIXEL_LIMIT

_LOOKED_AT = 600
"""Packets, 10 to 25 s of film: titles begin with nothing shown, but seldom for so long."""
_BESIDE: Final = "matroska_block_additional"
_ALPHA_ID = (1).to_bytes(8, "big")


class AlphaDecoder:
    """Decodes the alpha beside a stream's packets, and joins it to the frames they become."""

    def __init__(self) -> None:
        self._decoder: VideoCodecContext | None = None
        self._waiting: dict[int | None, VideoFrame] = {}

    def take(self, packet: Packet[VideoStream]) -> None:
        """Decode the alpha beside a packet; without any, its frame is opaque."""
        data = bytes(packet.get_sidedata(_BESIDE)) if packet.has_sidedata(_BESIDE) else b""
        if not data.startswith(_ALPHA_ID):
            return
        self._decoder = self._decoder or _decoder_like(packet.stream)
        beside = Packet(data[len(_ALPHA_ID) :])
        beside.pts, beside.dts, beside.time_base = packet.pts, packet.dts, packet.time_base
        with suppress(av.FFmpegError):
            for picture in self._decoder.decode(beside):
                self._waiting[picture.pts] = picture

    def join(self, frame: VideoFrame) -> VideoFrame:
        """Return the frame with its alpha as yuva420p; as it is where there is none beside it."""
        beside = self._waiting.pop(frame.pts, None)
        if beside is None:
            return frame
        joined = frame.reformat(format="yuva420p")
        beside = beside.reformat(frame.width, frame.height, "yuv420p")
        _levels(joined.planes[3])[:] = _levels(beside.planes[0])
        return joined


def is_meant(container: InputContainer, stream: VideoStream, first: VideoFrame) -> bool:
    """Tell whether a stream, read from its top, has alpha that says what is transparent.

    Alpha that is 0 in all of the first frames (600 packets) is no transparency but padding, as
    32-bit RGB in AVI has it: nothing at all would be seen.
    """
    packets = container.demux(stream)
    decoder = AlphaDecoder()
    possible = yuv.has_alpha(first) or stream.metadata.get("alpha_mode") == "1"
    with suppress(av.FFmpegError, OSError):
        for packet in islice(packets, _LOOKED_AT):
            possible = possible or packet.has_sidedata(_BESIDE)
            if not possible:
                break
            decoder.take(packet)
            with suppress(av.InvalidDataError):
                if any(_shows(decoder.join(frame)) for frame in packet.decode()):
                    return True
    return False


def _shows(frame: VideoFrame) -> bool:
    return yuv.has_alpha(frame) and bool(frame.reformat(format="rgba").to_ndarray()[..., 3].any())


def _decoder_like(stream: VideoStream) -> VideoCodecContext:
    decoder = av.CodecContext.create(stream.codec_context.codec.name, "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.options = dict(PIXEL_LIMIT)
    # No threads by frames: a picture of alpha must be there before the frame that it is for.
    decoder.thread_type, decoder.thread_count = "SLICE", 1
    return decoder


def _levels(plane: VideoPlane) -> Pixels:
    rows = np.frombuffer(cast(memoryview, plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width]
