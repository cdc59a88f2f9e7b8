from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from sdbr.media.clip import Origin
from sdbr.media.open import open_reader, origin_of
from sdbr.media.writer import open_writer
from tests.media.made_clips import Film, make_film, rewritten, sound_packets

TIMES = [Fraction(n, 25) for n in range(50)]
TICK = Fraction(1, 48000)


@pytest.mark.parametrize(
    ("source", "codec", "target"),
    [
        ("a.mp4", "aac", "b.mp4"),
        ("a.mp4", "libmp3lame", "b.mp4"),
        ("a.mp4", "ac3", "b.mov"),
        ("a.mov", "pcm_s16le", "b.mkv"),
        ("a.mkv", "aac", "b.mp4"),
        ("a.mkv", "libopus", "b.webm"),
        ("a.mkv", "flac", "b.mkv"),
        ("a.mkv", "flac", "b.mp4"),
        ("a.mkv", "libopus", "b.mp4"),
    ],
)
def test_sound_that_the_container_holds_is_copied_bit_for_bit(
    tmp_path: Path, source: str, codec: str, target: str
) -> None:
    path = make_film(tmp_path / source, Film(times=TIMES, sounds=[codec]))
    writer = rewritten(path, tmp_path / target)
    before, after = sound_packets(path), sound_packets(tmp_path / target)
    assert [data for _, data in after] == [data for _, data in before]
    slack = Fraction(2, 1000) if "mkv" in source + target else 2 * TICK
    assert all(abs(a - b) <= slack for (a, _), (b, _) in zip(after, before, strict=True))
    assert writer.notes == ()


@pytest.mark.parametrize(
    ("source", "codec", "target", "becomes"),
    [
        ("a.avi", "pcm_s16le", "b.mp4", "aac"),
        ("a.mp4", "aac", "b.webm", "opus"),
        ("a.mkv", "libopus", "b.mov", "aac"),
        ("a.mkv", "flac", "b.mov", "aac"),
    ],
)
def test_other_sound_is_encoded_again_and_stays_in_step(
    tmp_path: Path, source: str, codec: str, target: str, becomes: str
) -> None:
    film = Film(times=TIMES, sounds=[codec], tick=Fraction(1, 25), options={"bf": "0"})
    path = make_film(tmp_path / source, film)
    writer = rewritten(path, tmp_path / target)
    assert becomes in " ".join(writer.notes)
    assert open_reader(tmp_path / target).clip.sound[0].codec == becomes
    before, after = samples(path), samples(tmp_path / target)
    assert abs(len(before) - len(after)) < 3000
    # WebM's clock counts milliseconds, 48 samples each, and Opus in Matroska begins between two.
    assert abs(shift(before, after)) <= (48 if target == "b.webm" or codec == "libopus" else 2)


@pytest.mark.parametrize("target", ["b.mp4", "b.mkv", "b.webm"])
def test_cut_sound_starts_with_the_first_picture(tmp_path: Path, target: str) -> None:
    path = make_film(tmp_path / "a.mkv", Film(times=TIMES, sounds=["libopus"]))
    start, end = Fraction(3, 5), Fraction(8, 5)
    rewritten(path, tmp_path / target, start, end)
    part = samples(tmp_path / target)
    assert abs(len(part) - 48000) < 2400
    wanted = samples(path)[28800 : 28800 + len(part)]
    assert abs(shift(wanted[4800:40000], part[4800:40000])) <= (4 if target == "b.mp4" else 48)


def test_copied_packets_keep_their_place_after_a_cut(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4", Film(times=TIMES, sounds=["aac"]))
    start = Fraction(1)
    rewritten(path, tmp_path / "b.mp4", start)
    times = {data: at for at, data in sound_packets(path)}
    after = sound_packets(tmp_path / "b.mp4")
    assert all(abs(times[data] - start - at) <= 2 * TICK for at, data in after)
    assert -Fraction(1024, 48000) < after[0][0] <= 0
    assert len(after) in (48, 49, 50)


def test_sound_that_begins_before_the_pictures_is_kept_in_its_place(tmp_path: Path) -> None:
    late = [Fraction(1, 2) + time for time in TIMES]
    path = make_film(tmp_path / "a.mkv", Film(times=late, sounds=["aac"]))
    rewritten(path, tmp_path / "b.mp4")
    before, after = sound_packets(path), sound_packets(tmp_path / "b.mp4")
    assert [data for _, data in after] == [data for _, data in before]
    assert all(abs(a[0] - b[0]) < Fraction(2, 1000) for a, b in zip(after, before, strict=True))
    assert before[0][0] < Fraction(-2, 5)
    assert [f.at for f in open_reader(tmp_path / "b.mp4").frames()][:3] == TIMES[:3]


def test_several_tracks_stay(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mkv", Film(times=TIMES, sounds=["aac", "libmp3lame"]))
    rewritten(path, tmp_path / "b.mp4")
    assert [track.codec for track in open_reader(tmp_path / "b.mp4").clip.sound] == ["aac", "mp3"]
    for track in (0, 1):
        after = [data for _, data in sound_packets(tmp_path / "b.mp4", track)]
        assert after == [data for _, data in sound_packets(path, track)]


def test_longer_sound_is_not_cut_by_shorter_pictures(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4", Film(times=TIMES, sounds=["aac"]))
    reader = open_reader(path)
    with open_writer(
        tmp_path / "b.mp4", reader.clip.timing, origin=origin_of(reader.clip)
    ) as writer:
        for frame in list(reader.frames())[:10]:
            writer.add(frame)
    assert len(sound_packets(tmp_path / "b.mp4")) == len(sound_packets(path))
    assert sum(1 for _ in open_reader(tmp_path / "b.mp4").frames()) == 10


def test_broken_sound_never_stops_the_pictures(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mkv", Film(times=TIMES, sounds=["flac"]))
    packets = sound_packets(path)
    data = bytearray(path.read_bytes())
    for _, packet in packets[5:9]:
        at = data.find(packet)
        data[at : at + len(packet)] = bytes(len(packet))
    path.write_bytes(data)
    rewritten(path, tmp_path / "b.mov")
    assert sum(1 for _ in open_reader(tmp_path / "b.mov").frames()) == 50
    assert len(sound_packets(tmp_path / "b.mov")) > 70


def test_a_missing_sound_file_is_noted(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4", Film())
    reader = open_reader(path)
    origin = Origin(tmp_path / "gone.mp4")
    with open_writer(tmp_path / "b.mp4", reader.clip.timing, origin=origin) as writer:
        for frame in reader.frames():
            writer.add(frame)
    assert "audio could not be copied" in " ".join(writer.notes)


def test_a_gif_says_that_it_holds_no_sound(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4", Film(sounds=["aac"]))
    assert "sound was left out" in " ".join(rewritten(path, tmp_path / "b.gif").notes)


def samples(path: Path) -> np.ndarray:
    """Mono samples from the first picture's time on, silence where nothing sounds."""
    with av.open(str(path)) as container:
        first = next(iter(container.decode(video=0)))
        assert first.pts is not None
        assert first.time_base is not None
        # AVI has no times of showing: its first picture is shown at zero.
        zero = first.pts * first.time_base if path.suffix != ".avi" else Fraction(0)
    whole = np.zeros(48000 * 4)
    end = 0
    resampler = av.AudioResampler("flt", "mono", 48000)
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            for part in resampler.resample(frame):
                assert part.pts is not None
                assert part.time_base is not None
                at = round((part.pts * part.time_base - zero) * 48000)
                heard = part.to_ndarray()[0][max(0, -at) :]
                at = max(0, at)
                whole[at : at + len(heard)] = heard[: len(whole) - at]
                end = max(end, at + len(heard))
    return whole[:end]


def shift(before: np.ndarray, after: np.ndarray, most: int = 400) -> int:
    """How many samples later `after` sounds: where the loudness curves agree best."""
    length = min(len(before), len(after)) - 2 * most
    middle = before[most : most + length]
    errors = [
        float(np.mean((after[most + lag : most + lag + length] - middle) ** 2))
        for lag in range(-most, most)
    ]
    return int(np.argmin(errors)) - most


@pytest.mark.parametrize("target", ["b.mp4", "b.mov", "b.mkv", "b.webm"])
def test_what_an_edit_list_took_away_is_neither_seen_nor_heard(tmp_path: Path, target: str) -> None:
    begin = Fraction(-12, 25)
    film = Film(times=[begin + time for time in TIMES], sounds=["aac"], sound_from=begin)
    path = make_film(tmp_path / "a.mp4", film)
    with av.open(str(path)) as container:
        assert any(packet.is_discard for packet in container.demux(audio=0))
    rewritten(path, tmp_path / target)
    after = open_reader(tmp_path / target)
    assert [frame.at for frame in after.frames()] == TIMES[:38]
    before, heard = samples(path), samples(tmp_path / target)
    assert abs(len(before) - len(heard)) < 3000
    assert abs(shift(before[4800:60000], heard[4800:60000])) <= 480


@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1", "7.1"])
def test_sound_that_is_encoded_anew_keeps_its_speakers(tmp_path: Path, layout: str) -> None:
    film = Film(times=TIMES, sounds=["pcm_s16le"], sound_layout=layout)
    rewritten(make_film(tmp_path / "a.mkv", film), tmp_path / "b.mp4")
    with av.open(str(tmp_path / "b.mp4")) as container:
        assert container.streams.audio[0].codec_context.layout.name == layout
