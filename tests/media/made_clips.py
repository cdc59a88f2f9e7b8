"""Small clips and measures that the tests of film share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream
from av.codec.context import Flags
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from av.video.stream import VideoStream

from sdbr.media.clip import Pixels, TimedFrame
from sdbr.media.open import open_reader, origin_of
from sdbr.media.writer import Writer, open_writer

WIDTH, HEIGHT = 96, 64
EXACT = (
    Interpolation.BILINEAR
    | Interpolation.ACCURATE_RND
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.FULL_CHR_H_INP
)


def picture(number: int, width: int = WIDTH, height: int = HEIGHT, alpha: bool = False) -> Pixels:
    """A smooth colored picture with a bright corner at the top left; each number differs."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    image = np.stack(
        [
            110 + 60 * np.sin(x / 25 + number / 4),
            110 + 60 * np.sin(y / 20 - number / 5),
            110 + 50 * np.cos((x + y) / 30),
        ],
        -1,
    ).astype(np.uint8)
    image[: height // 4, : width // 4] = (235, 60, 30)
    if not alpha:
        return image
    solid = np.full((height, width, 1), 255, np.uint8)
    left = 8 + 4 * number % 40
    solid[height // 2 : height // 2 + 12, left : left + 12] = 0
    return np.concatenate([image, solid], axis=2)


def timeline(lengths: Sequence[Fraction], alpha: bool = False) -> list[TimedFrame]:
    """Frames of the given lengths in seconds, one after the other."""
    frames, at = [], Fraction(0)
    for number, lasts in enumerate(lengths):
        frames.append(TimedFrame(picture(number, alpha=alpha), at, lasts))
        at += lasts
    return frames


def psnr(one: Pixels, other: Pixels) -> float:
    """Peak signal to noise ratio in dB; 99 for equal pictures."""
    error = float(np.mean((one.astype(np.float64) - other.astype(np.float64)) ** 2))
    return 99.0 if error == 0 else 10 * float(np.log10(255**2 / error))


@dataclass
class Film:
    """How a source file is encoded; the defaults are eight plain frames of H.264."""

    codec: str = "libx264"
    pix_fmt: str = "yuv420p"
    times: Sequence[Fraction] = tuple(Fraction(i, 25) for i in range(8))
    tick: Fraction = Fraction(1, 12800)
    matrix: Colorspace = Colorspace.ITU709
    tags: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("colorspace", "color_primaries", "color_trc"), 1)
    )
    full_range: bool = False
    rotation: int = 0
    mirrored: bool = False
    aspect: Fraction | None = None
    options: dict[str, str] = field(default_factory=dict)
    interlaced: bool = False
    sounds: Sequence[str] = ()
    sound_from: Fraction = Fraction(0)
    sound_more: Fraction = Fraction(0)
    sound_rate: int = 48000
    sound_layout: str = "mono"


def make_film(
    path: Path, film: Film, images: Iterable[Pixels | npt.NDArray[np.uint16]] | None = None
) -> Path:
    """Encode the images (or pictures 0, 1, …) with av, not with the code under test."""
    shown = list(images or (picture(i) for i in range(len(film.times))))
    options = {"movflags": "+faststart"} if path.suffix == ".mp4" else {}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(film.codec, rate=25, options=_quiet(film))
        assert isinstance(stream, VideoStream)
        _configure(stream, film, shown[0])
        tracks = [_sound_track(container, codec, film) for codec in film.sounds]
        for time, image in zip(film.times, shown, strict=True):
            layout = "rgba" if image.shape[2] == 4 else "rgb24"
            layout = "rgb48le" if image.dtype == np.uint16 else layout
            frame = av.VideoFrame.from_ndarray(image, format=layout).reformat(
                format=film.pix_fmt,
                src_colorspace=film.matrix,
                dst_colorspace=film.matrix,
                src_color_range=ColorRange.JPEG,
                dst_color_range=ColorRange.JPEG if film.full_range else ColorRange.MPEG,
                interpolation=EXACT,
            )
            frame.pts, frame.time_base = round(time / film.tick), film.tick
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        for number, track in enumerate(tracks):
            _sing(container, track, film, number)
    return path


def _quiet(film: Film) -> dict[str, str]:
    quiet = {"libx265": {"x265-params": "log-level=none", "crf": "8"}, "libx264": {"crf": "8"}}
    return quiet.get(film.codec, {}) | film.options


def _configure(stream: VideoStream, film: Film, first: Pixels | npt.NDArray[np.uint16]) -> None:
    stream.height, stream.width = first.shape[:2]
    stream.pix_fmt = film.pix_fmt
    context = stream.codec_context
    context.time_base = film.tick
    for name, value in film.tags.items():
        setattr(context, name, value)
    if film.tags or film.full_range:
        context.color_range = ColorRange.JPEG if film.full_range else ColorRange.MPEG
    if film.aspect:
        context.sample_aspect_ratio = film.aspect
    if film.interlaced:
        context.flags |= int(Flags.interlaced_dct) | int(Flags.interlaced_me)
    if film.rotation or film.mirrored:
        stream.set_display_rotation(-film.rotation, hflip=film.mirrored)


def _sound_track(container: av.container.OutputContainer, codec: str, film: Film) -> AudioStream:
    track = container.add_stream(codec, rate=film.sound_rate, layout=film.sound_layout)
    assert isinstance(track, AudioStream)
    return track


def _sing(
    container: av.container.OutputContainer, track: AudioStream, film: Film, number: int
) -> None:
    """Write a tone that rises, so that no two packets are equal and any delay can be heard."""
    seconds = float(film.times[-1] - film.sound_from + film.sound_more) + 0.04
    steps = np.arange(int(48000 * seconds))
    tone = 9000 * np.sin((0.03 + 0.01 * number + steps * 1.5e-6) * steps)
    for begin in range(0, len(steps), 4800):
        part = tone[begin : begin + 4800].astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
        frame.sample_rate, frame.time_base = 48000, Fraction(1, 48000)
        frame.pts = begin + round(film.sound_from * 48000)
        container.mux(track.encode(frame))
    container.mux(track.encode(None))


def join(path: Path, *parts: Path) -> Path:
    """Put files one behind the other, as `cat` does: transport streams allow it."""
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def rewritten(
    source: Path,
    target: Path,
    start: Fraction = Fraction(0),
    end: Fraction | None = None,
    comment: str = "",
) -> Writer:
    """Read a part of a clip and write it with what goes with it; the writer has the notes."""
    reader = open_reader(source)
    origin = origin_of(reader.clip, end)
    with open_writer(target, reader.clip.timing, origin=origin, comment=comment) as writer:
        for frame in reader.frames(start, end):
            writer.add(frame)
    return writer


def sound_packets(path: Path, track: int = 0) -> list[tuple[Fraction, bytes]]:
    """Each packet's time after the first picture, in seconds, and its bytes."""
    with av.open(str(path)) as container:
        first = next(iter(container.decode(video=0)))
        assert first.pts is not None
        assert first.time_base is not None
        zero = first.pts * first.time_base
    with av.open(str(path)) as container:
        return [
            (packet.pts * packet.time_base - zero, bytes(packet))
            for packet in container.demux(container.streams.audio[track])
            if packet.size and packet.pts is not None
        ]
