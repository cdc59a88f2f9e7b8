"""Clocks that restart or jump: every picture keeps its length, and the sound goes with it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.video.stream import VideoStream

from sdbr.media.open import open_reader
from tests.media.made_clips import Film, join, make_film, picture, rewritten, sound_packets

FRAMES = 25
TIMES = [Fraction(n, 25) for n in range(FRAMES)]


def part(path: Path, begin: Fraction = Fraction(0), sounds: tuple[str, ...] = ("mp2",)) -> Path:
    film = Film(
        codec="mpeg2video",
        times=[begin + time for time in TIMES],
        tick=Fraction(1, 25),
        tags={},
        sounds=sounds,
        sound_from=begin,
    )
    return make_film(path, film)


def lengths(path: Path) -> list[Fraction]:
    return [frame.lasts for frame in open_reader(path).frames()]


@pytest.mark.parametrize("suffix", ["ts", "vob"])
def test_parts_joined_by_cat_play_one_after_the_other(tmp_path: Path, suffix: str) -> None:
    one = part(tmp_path / f"one.{suffix}")
    path = join(tmp_path / f"both.{suffix}", one, one)
    reader = open_reader(path)
    frames = list(reader.frames())
    assert [frame.at for frame in frames] == [Fraction(n, 25) for n in range(2 * FRAMES)]
    assert {frame.lasts for frame in frames} == {Fraction(1, 25)}
    assert "go back by 1.000 s at 1.000 s" in " ".join(reader.notes)
    assert reader.clip.duration == 2


def test_a_recording_resumed_an_hour_later_has_no_gap(tmp_path: Path) -> None:
    late = part(tmp_path / "late.ts", Fraction(3600))
    path = join(tmp_path / "both.ts", part(tmp_path / "one.ts"), late)
    assert lengths(path) == [Fraction(1, 25)] * 2 * FRAMES
    assert "s ahead at 1.000 s" in " ".join(open_reader(path).notes)


def test_a_silent_recording_resumed_later_has_no_gap_either(tmp_path: Path) -> None:
    late = part(tmp_path / "late.ts", Fraction(90), sounds=())
    path = join(tmp_path / "both.ts", part(tmp_path / "one.ts", sounds=()), late)
    assert lengths(path) == [Fraction(1, 25)] * 2 * FRAMES


def test_a_picture_that_stands_while_the_sound_goes_on_stands(tmp_path: Path) -> None:
    standing = [*TIMES, Fraction(30)]
    film = Film("mpeg2video", times=standing, tick=Fraction(1, 25), tags={}, sounds=["mp2"])
    reader = open_reader(make_film(tmp_path / "a.ts", film))
    assert [frame.lasts for frame in reader.frames()][-2] == 30 - Fraction(24, 25)
    assert reader.clip.breaks == ()


def test_sound_goes_with_the_pictures_of_its_part(tmp_path: Path) -> None:
    one = part(tmp_path / "one.ts")
    path = join(tmp_path / "both.ts", one, part(tmp_path / "late.ts", Fraction(3600)), one)
    rewritten(path, tmp_path / "b.mkv")
    alone, after = dict(_by_data(one)), sound_packets(tmp_path / "b.mkv")
    parts = [0, 0, 0]
    for at, data in after:
        number = min(2, int(at + Fraction(1, 50)))
        # Matroska counts milliseconds; the parts' sound is as long as their pictures and a packet.
        assert abs(at - number - alone[data]) < Fraction(2, 1000)
        parts[number] += 1
    assert all(abs(count - len(alone)) <= 2 for count in parts)


def _by_data(path: Path) -> list[tuple[bytes, Fraction]]:
    return [(data, at) for at, data in sound_packets(path)]


def test_a_part_of_a_joined_clip_is_read_from_its_own_time(tmp_path: Path) -> None:
    one = part(tmp_path / "one.ts")
    reader = open_reader(join(tmp_path / "both.ts", one, one))
    frames = list(reader.frames(Fraction(3, 2), Fraction(7, 4)))
    assert [frame.at for frame in frames] == [Fraction(n, 25) for n in range(38, 44)]
    whole = list(reader.frames())
    assert (frames[0].image == whole[38].image).all()


def test_matroska_joined_with_b_frames_has_one_break(tmp_path: Path) -> None:
    one = make_film(tmp_path / "one.mkv", Film(times=TIMES, options={"bf": "3"}, sounds=["aac"]))
    reader = open_reader(join(tmp_path / "both.mkv", one, one))
    frames = list(reader.frames())
    assert len(reader.clip.breaks) == 1
    assert len(frames) == 2 * FRAMES
    # Matroska counts milliseconds.
    assert all(abs(frame.at - Fraction(n, 25)) < Fraction(1, 500) for n, frame in enumerate(frames))


def test_b_frames_of_a_whole_matroska_file_are_no_break(tmp_path: Path) -> None:
    film = Film(times=TIMES, options={"bf": "3", "g": "8", "x264-params": "open-gop=1"})
    assert open_reader(make_film(tmp_path / "a.mkv", film)).clip.breaks == ()


@pytest.mark.parametrize("rate", [10, 30])
def test_a_raw_stream_has_the_rate_that_it_says(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "a.h264"
    with av.open(str(path), "w", format="h264") as container:
        stream = container.add_stream("libx264", rate=rate)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number in range(rate):
            frame = av.VideoFrame.from_ndarray(picture(number), format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert lengths(path) == [Fraction(1, rate)] * rate


def test_a_long_frame_is_cut_where_the_part_begins_and_ends(tmp_path: Path) -> None:
    times = [*TIMES[:5], Fraction(8)]
    reader = open_reader(make_film(tmp_path / "a.mp4", Film(times=times, options={"bf": "0"})))
    part = [(frame.at, frame.lasts) for frame in reader.frames(Fraction(2), Fraction(5))]
    assert part == [(2, 3)]
    ends = [frame.end for frame in reader.frames(Fraction(0), Fraction(3))]
    assert ends[-1] == 3
    short = [frame.end for frame in reader.frames(Fraction(0), Fraction(1, 10))]
    assert short == [Fraction(1, 25), Fraction(2, 25), Fraction(3, 25)]


def test_sound_that_goes_on_longer_is_no_missing_picture(tmp_path: Path) -> None:
    film = Film("flv1", times=TIMES, tick=Fraction(1, 1000), tags={}, sounds=["libmp3lame"])
    film.sound_rate, film.sound_more = 44100, Fraction(5)
    reader = open_reader(make_film(tmp_path / "a.flv", film))
    assert len(list(reader.frames())) == FRAMES
    assert reader.notes == ()
