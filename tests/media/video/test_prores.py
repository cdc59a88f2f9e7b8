"""ProRes for editors: its profiles, colors, times and sound."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from sdbr.media.clip import EncodingSettings, FrameTiming, TimedFrame
from sdbr.media.open import open_reader, origin_of
from sdbr.media.writer import open_writer
from tests.media.made_clips import Film, make_film, picture, psnr

PRORES = EncodingSettings(prores=True)
NTSC = tuple(Fraction(1001 * number, 30000) for number in range(8))


def rewritten(source: Path, target: Path) -> tuple[str, ...]:
    reader = open_reader(source)
    origin = origin_of(reader.clip)
    with open_writer(target, reader.clip.timing, origin=origin, settings=PRORES) as writer:
        for frame in reader.frames():
            writer.add(frame)
    return writer.notes


@pytest.mark.parametrize(
    ("alpha", "profile", "pix_fmt", "least"),
    [(False, "HQ", "yuv422p10le", 38), (True, "4444", "yuva444p", 50)],
)
def test_transparency_decides_between_422_hq_and_4444(
    tmp_path: Path, alpha: bool, profile: str, pix_fmt: str, least: float
) -> None:
    path = tmp_path / "a.mov"
    images = [picture(number, alpha=alpha) for number in range(4)]
    with open_writer(path, FrameTiming.even(Fraction(25)), settings=PRORES) as writer:
        for number, image in enumerate(images):
            writer.add(TimedFrame(image, Fraction(number, 25), Fraction(1, 25)))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.codec.canonical_name, stream.profile) == ("prores", profile)
        # A decoder gives 4444 twelve bits.
        assert next(container.decode(video=0)).format.name.startswith(pix_fmt)
    read = [frame.image for frame in open_reader(path).frames()]
    assert all(psnr(one, other) > least for one, other in zip(read, images, strict=True))


def test_each_frame_and_the_track_say_that_the_colors_are_bt709(tmp_path: Path) -> None:
    rewritten(make_film(tmp_path / "a.mp4", Film()), tmp_path / "b.mov")
    data = (tmp_path / "b.mov").read_bytes()
    assert b"colrnclc\0\1\0\1\0\1" in data
    with av.open(str(tmp_path / "b.mov")) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == 8
    for frame in frames:
        assert (frame.color_primaries, frame.color_trc, frame.colorspace) == (1, 1, 1)


@pytest.mark.parametrize("times", [NTSC, (*NTSC[:3], *(t + Fraction(1, 7) for t in NTSC[3:]))])
def test_frames_and_their_times_are_the_sources(tmp_path: Path, times: tuple[Fraction]) -> None:
    source = make_film(tmp_path / "a.mp4", Film(times=times, tick=Fraction(1, 30000)))
    rewritten(source, tmp_path / "b.mov")
    before, after = open_reader(source), open_reader(tmp_path / "b.mov")
    assert after.clip.duration == before.clip.duration
    shown = [[(frame.at, frame.lasts) for frame in reader.frames()] for reader in (before, after)]
    assert shown[0] == shown[1]
    assert len(shown[0]) == 8


def test_a_start_timecode_becomes_a_track_of_its_own(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mov"), "w") as container:
        container.metadata["timecode"] = "01:00:00;02"
        stream = container.add_stream("libx264", rate=Fraction(30000, 1001))
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number in range(8):
            frame = av.VideoFrame.from_ndarray(picture(number), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert rewritten(tmp_path / "a.mov", tmp_path / "b.mov") == ()
    with av.open(str(tmp_path / "b.mov")) as container:
        (track,) = container.streams.data
        assert track.metadata["timecode"] == "01:00:00;02"
        assert container.streams.video[0].metadata["timecode"] == "01:00:00;02"


@pytest.mark.parametrize(
    ("suffix", "codec", "kept"),
    [
        (".mp4", "aac", "pcm_s24le"),
        (".mkv", "libopus", "pcm_s24le"),
        (".mov", "pcm_s16le", "pcm_s16le"),
    ],
)
def test_sound_is_pcm_in_step_with_the_pictures(
    tmp_path: Path, suffix: str, codec: str, kept: str
) -> None:
    source = make_film(tmp_path / f"a{suffix}", Film(sounds=[codec], times=NTSC))
    assert rewritten(source, tmp_path / "b.mov") == ()
    with av.open(str(tmp_path / "b.mov")) as container:
        assert container.streams.audio[0].codec_context.codec.canonical_name == kept
    before, after = heard(source), heard(tmp_path / "b.mov")
    length = min(len(before), len(after))
    assert abs(len(before) - len(after)) <= 1024
    assert np.abs(before[:length] - after[:length]).max() < 1e-4


def heard(path: Path) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """The samples of the first track, -1 to 1."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("flt", "mono", 48000)
        frames = [*container.decode(audio=0), None]
        parts = [part.to_ndarray()[0] for one in frames for part in resampler.resample(one)]
    return np.concatenate(parts)


def test_422_gets_the_even_size_that_editors_need_and_4444_keeps_an_odd_one(
    tmp_path: Path,
) -> None:
    for alpha, size in ((False, "82x66"), (True, "81x65")):
        path = tmp_path / f"{alpha}.mov"
        with open_writer(path, FrameTiming.even(Fraction(25)), settings=PRORES) as writer:
            image = picture(0, 81, 65, alpha=alpha)
            writer.add(TimedFrame(image, Fraction(0), Fraction(1, 25)))
        assert str(open_reader(path).clip.size) == size
        assert bool(writer.notes) == (not alpha)
