"""Writes mp4, mov, mkv and webm: H.264, VP9 or ProRes, exact times, BT.709 tags, other streams."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.codec.context import Flags
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import PictureType
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from sdbr.errors import InputProblem
from sdbr.media.clip import EncodingSettings, FrameTiming, Origin, Pixels, TimedFrame
from sdbr.media.color_codes import BT709
from sdbr.media.metadata import xmp
from sdbr.media.stills import pixels
from sdbr.media.timing import timescale, to_tick
from sdbr.media.video import yuv
from sdbr.media.video.side_streams import SideStreams
from sdbr.media.video.sound_feed import SoundFeed
from sdbr.media.video.xmp_tags import TAG, append_box, packet_of
from sdbr.request import Size, Tell

_GROWING_SIDE = 640
"""Pixels that a file which grows is at most wide or high: it is for looking at meanwhile."""
_MILLISECOND = Fraction(1, 1000)
# With x264's preset veryfast, 17 is as like as 18 with its medium, in a third of the CPU and at
# 3 to 14 % more bytes.
_CRF, _CRF_VP9 = 17, 28
# Luma SSIM of at least 0.990 for pictures full of hard edges, where the CRF gives 0.958.
_EXACT_QP = 12


@dataclass(frozen=True, slots=True)
class VideoTarget:
    """What one video file is to be: its kind, clock, encoding, label and where the rest is from.

    One that is `growing` can be played while it is written: its pictures are small, and of `origin`
    it has the sound alone.
    """

    kind: str
    timing: FrameTiming
    settings: EncodingSettings
    comment: str = ""
    origin: Origin | None = None
    growing: bool = False
    source: xmp.DigitalSource | None = None

    @property
    def tick(self) -> Fraction:
        """The step of the container's clock in seconds; Matroska counts milliseconds."""
        if self.kind in ("matroska", "webm"):
            return _MILLISECOND
        return Fraction(1, timescale(self.timing))


@dataclass(frozen=True, slots=True)
class _Encoding:
    codec: str
    options: dict[str, str]
    pix_fmt: str = "yuv420p"

    @property
    def alpha(self) -> bool:
        return self.pix_fmt.startswith("yuva")

    @property
    def title(self) -> str:
        return {"libx264": "H.264", "prores_ks": "ProRes"}.get(self.codec, "VP9")

    @property
    def even(self) -> bool:
        return self.codec == "libx264" or self.pix_fmt == "yuv422p10le"


class VideoSink:
    """One video file being written."""

    def __init__(self, target: Path, job: VideoTarget, first: TimedFrame, note: Tell) -> None:
        height, width, channels = first.image.shape
        self._tick = job.tick
        self._encoding = _encoding(job, see_through=channels == 4)
        self._background = job.settings.background
        self._beside: SideStreams | SoundFeed | None = None
        self._pads = self._encoding.even and not job.growing
        self._reformatter = VideoReformatter()
        self._target = target
        self._packet = _packet(job)
        self._container = open_output(target, job, self._packet)
        try:
            given = self._size = Size(width, height)
            if self._pads:
                self._size = Size(width + width % 2, height + height % 2)
            elif job.growing:
                self._size = _small_size(given)
            self._stream = _video_stream(self._container, self._size, job, self._encoding)
            if job.origin and not job.growing:
                self._beside = SideStreams(
                    self._container, self._stream, job.origin, first.at, note
                )
            elif job.origin and job.origin.audio:
                self._beside = SoundFeed(self._container, job.origin, first.at, note)
        except BaseException:
            self.abort()
            raise
        self._next = self._end = self._count = 0
        self._exact = _exact(job) if self._encoding.codec == "libx264" else frozenset()
        self._last: Packet[VideoStream] | None = None
        self._begins: int | None = None
        self._growing = job.growing
        self._exact_end = job.kind in ("mp4", "mov")
        self._boxed = job.kind == "mp4" and bool(self._packet)
        self._shift = to_tick(self._beside.lead, self._tick) if self._beside else 0
        if channels == 4 and not self._encoding.alpha:
            kind = {"matroska": "mkv"}.get(job.kind, job.kind)
            note(
                f"Transparent areas were filled with {self._background}: {kind} does not "
                "support transparency. Write .webm or .mov to keep it."
            )
        if self._pads and self._size != given:
            note(
                f"The result is {self._size} instead of {given}: the last row or column is "
                f"duplicated, because {self._encoding.title} players need even dimensions."
            )

    def add(self, image: Pixels, at: Fraction, lasts: Fraction) -> None:
        """Encode one picture; what goes with it up to its time is written along."""
        if not self._encoding.alpha:
            image = pixels.flatten(image, self._background)
        image = pixels.pad_to_even(image) if self._pads else image
        frame = yuv.to_yuv(image, self._size, self._reformatter, self._encoding.pix_fmt)
        if self._count and self._count in self._exact:
            frame.pict_type = PictureType.P  # x264 sets the quantizer of no other kind.
        self._count += 1
        frame.time_base = self._tick
        frame.pts = max(self._next, to_tick(at, self._tick) + self._shift)
        frame.duration = max(1, to_tick(at + lasts, self._tick) + self._shift - frame.pts)
        self._next = frame.pts + 1
        self._end = frame.pts + frame.duration
        self._take_packets(self._stream.encode(frame))

    def finish(self) -> None:
        """Flush the encoder and what goes with it, and write the index."""
        self._take_packets(self._stream.encode(None))
        self._end_exactly()
        if self._beside:
            self._beside.feed(self._end * self._tick if self._growing else None)
            self._beside.close()
        self._container.close()
        if self._boxed:
            append_box(self._target, self._packet)

    def abort(self) -> None:
        """Close the file as it is."""
        with suppress(av.FFmpegError, OSError, ValueError):
            self._container.close()
        if self._beside:
            self._beside.close()

    def _take_packets(self, packets: list[Packet[VideoStream]]) -> None:
        for packet in packets:
            if self._last is None:
                self._begins = packet.dts
            else:
                self._mux(self._last)
            self._last = packet

    def _end_exactly(self) -> None:
        """Mux the last packet so long that the track ends with the last picture shown.

        MP4 counts a track's length in the order of coding, from the first packet's `dts`.
        """
        last = self._last
        if last is None:
            return
        if self._exact_end and last.dts is not None and self._begins is not None:
            length = self._end - self._shift - (last.dts - self._begins)
            last.duration = length if length > 0 else last.duration
        self._mux(last)

    def _mux(self, packet: Packet[VideoStream]) -> None:
        reached = packet.dts if packet.dts is not None else packet.pts
        if self._beside and reached is not None:
            self._beside.feed(reached * packet.time_base)
        self._container.mux(packet)


def _small_size(size: Size) -> Size:
    """The size, as small as a growing file's pictures are, both sides even."""
    scale = min(1.0, _GROWING_SIDE / max(size))
    return Size(*(2 * max(1, round(side * scale / 2)) for side in size))


def _packet(job: VideoTarget) -> str:
    """The source's XMP with the digital source type in it; "" where none is wanted."""
    if job.source is None:
        return ""
    return xmp.with_source(packet_of(job.origin.path) if job.origin else "", job.source)


def open_output(target: Path, job: VideoTarget, packet: str = "") -> OutputContainer:
    """Open a container for writing, with the comment in it, and what it can hold of the XMP."""
    options = {}
    if job.kind in ("mp4", "mov"):
        scale = job.tick.denominator
        # The edit list counts in the film's own clock: a coarser one would cut the last frame.
        options = {"movflags": "+faststart", "movie_timescale": str(max(scale, 1000))}
    if job.growing:
        flags = "+frag_every_frame+empty_moov+default_base_moof"
        options = {"movflags": flags, "flush_packets": "1"}
    container = av.open(str(target.absolute()), "w", format=job.kind, options=options)
    if job.comment:
        container.metadata["comment"] = job.comment
    if packet and job.kind == "mov":
        container.metadata["xmp"] = packet
    elif job.source and job.kind in ("matroska", "webm"):
        container.metadata[TAG] = job.source.uri
    return container


def _video_stream(
    container: OutputContainer, size: Size, job: VideoTarget, encoding: _Encoding
) -> VideoStream:
    codec = encoding.codec
    rate = job.timing.rate.limit_denominator(100_000)
    try:
        stream = container.add_stream(codec, rate=rate, options=encoding.options)
    except (av.FFmpegError, ValueError) as error:
        raise InputProblem(f"This build of PyAV cannot write {codec}. Reinstall av.") from error
    assert isinstance(stream, VideoStream)
    stream.width, stream.height = size
    stream.pix_fmt = encoding.pix_fmt
    context = stream.codec_context
    context.time_base = job.tick
    context.flags |= int(Flags.frame_duration)
    context.color_range = yuv.LIMITED_RANGE
    context.colorspace = context.color_primaries = context.color_trc = BT709
    return stream


def _exact(job: VideoTarget) -> frozenset[int]:
    """The frames that are kept closer than the others; who sets a CRF sets theirs, too."""
    return job.settings.exact if job.settings.crf is None else frozenset()


def _zones(exact: frozenset[int]) -> str:
    """x264's zones with the quantizer of these frames."""
    zones = [f"{number},{number},q={_EXACT_QP}" for number in sorted(exact)]
    return f":zones={'/'.join(zones)}" if zones else ""


def _encoding(job: VideoTarget, see_through: bool) -> _Encoding:
    crf = job.settings.crf
    if job.kind == "webm":
        speed = {"deadline": "good", "cpu-used": "4", "row-mt": "1"}
        options = {"crf": str(_CRF_VP9 if crf is None else crf), "b": "0", **speed}
        if not see_through:
            return _Encoding("libvpx-vp9", options)
        # With alternate references the frames of color and of alpha would not pair up.
        return _Encoding("libvpx-vp9", {**options, "auto-alt-ref": "0"}, "yuva420p")
    if job.kind == "mov" and (see_through or job.settings.prores):
        profile, pix_fmt = ("4444", "yuva444p10le") if see_through else ("hq", "yuv422p10le")
        return _Encoding("prores_ks", {"profile": profile, "vendor": "apl0"}, pix_fmt)
    options = {
        "crf": str(_CRF if crf is None else crf),
        "preset": job.settings.preset,
        # Without it the same frames give other bytes now and then: fast paths of the look-ahead.
        "x264-params": f"cpu-independent=1{_zones(_exact(job))}",
    }
    if job.growing:
        # Each picture leaves the encoder at once.
        options["tune"] = "zerolatency"
    if job.timing.variable:
        # With B-frames the track's declared length follows the coding order, and is wrong where
        # frames are not equally long.
        options["bf"] = "0"
    return _Encoding("libx264", options)
