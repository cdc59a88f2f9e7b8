"""Clips that are played backward, or there and back: each picture and sound in its new place."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from sdbr.media.clip import EncodingSettings, FrameTiming, Pixels, Playback
from sdbr.media.open import open_reader, origin_of
from sdbr.media.playback import PlayOrder
from sdbr.media.writer import Writer, open_writer
from tests.media.made_clips import Film, make_film, picture, psnr, timeline

LENGTHS = tuple(Fraction(length, 25) for length in (1, 3, 1, 1, 2, 1))
SHOWN = {"reverse": [5, 4, 3, 2, 1, 0], "ping-pong": [0, 1, 2, 3, 4, 5, 4, 3, 2, 1]}


def played(source: Path, target: Path, playback: Playback, start: Fraction = Fraction(0)) -> Writer:
    reader = open_reader(source)
    settings = EncodingSettings(playback=playback)
    with open_writer(
        target, reader.clip.timing, origin=origin_of(reader.clip), settings=settings
    ) as writer:
        for frame in reader.frames(start):
            writer.add(frame)
    return writer


@pytest.mark.parametrize("playback", ["reverse", "ping-pong"])
@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".mov", ".mkv", ".gif", ".webp", ".apng", ""])
def test_pictures_are_shown_in_turn_each_as_long_as_it_was(
    tmp_path: Path, suffix: str, playback: Playback
) -> None:
    target = tmp_path / f"a{suffix}"
    settings = EncodingSettings(playback=playback)
    timing = FrameTiming(Fraction(25), Fraction(1, 100), variable=True)
    with open_writer(target, timing, settings=settings) as writer:
        for frame in timeline(LENGTHS):
            writer.add(frame)
    frames = list(open_reader(target).frames())
    numbers = [nearest(frame.image) for frame in frames]
    assert numbers == SHOWN[playback]
    assert [frame.lasts for frame in frames] == [LENGTHS[number] for number in numbers]
    assert sorted(path.name for path in tmp_path.iterdir()) == [target.name]


def nearest(image: Pixels) -> int:
    return max(range(len(LENGTHS)), key=lambda number: psnr(image, picture(number)))


def test_transparency_stays(tmp_path: Path) -> None:
    settings = EncodingSettings(playback="reverse")
    timing = FrameTiming.even(Fraction(25))
    with open_writer(tmp_path / "a.apng", timing, settings=settings) as writer:
        for frame in timeline(LENGTHS, alpha=True):
            writer.add(frame)
    images = [frame.image for frame in open_reader(tmp_path / "a.apng").frames()]
    for number, image in enumerate(reversed(images)):
        assert np.array_equal(image[..., 3], picture(number, alpha=True)[..., 3])


def test_many_more_pictures_than_are_held_come_back_in_order(tmp_path: Path) -> None:
    settings = EncodingSettings(playback="reverse")
    count = 61
    with open_writer(tmp_path / "a", FrameTiming.even(Fraction(25)), settings=settings) as writer:
        for frame in timeline([Fraction(1, 25)] * count):
            writer.add(frame)
    images = [frame.image for frame in open_reader(tmp_path / "a").frames()]
    assert len(images) == count
    assert all(np.array_equal(image, picture(count - 1 - n)) for n, image in enumerate(images))


def heard(path: Path) -> npt.NDArray[np.float32]:
    """The samples of the first track, -1 to 1."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("flt", "mono", 48000)
        frames = [*container.decode(audio=0), None]
        parts = [part.to_ndarray()[0] for one in frames for part in resampler.resample(one)]
    return np.concatenate(parts)


@pytest.mark.parametrize(("suffix", "off"), [(".mkv", 1e-4), (".mov", 1e-4), (".mp4", 0.02)])
@pytest.mark.parametrize("start", [Fraction(0), Fraction(2, 25)])
def test_sound_turns_around_with_the_pictures(
    tmp_path: Path, suffix: str, off: float, start: Fraction
) -> None:
    film = Film(sounds=["pcm_s16le"], sound_more=Fraction(1, 25))
    source = make_film(tmp_path / "a.mov", film)
    begin, end = round(start * 48000), round(Fraction(8, 25) * 48000)
    before = heard(source)[begin:end]
    played(source, tmp_path / f"b{suffix}", "reverse", start)
    after = heard(tmp_path / f"b{suffix}")
    assert len(after) == pytest.approx(len(before), abs=1024)
    length = min(len(before), len(after))
    assert np.abs(after[:length] - before[::-1][:length]).mean() < off


def test_the_sound_of_a_ping_pong_goes_there_and_back(tmp_path: Path) -> None:
    source = make_film(tmp_path / "a.mkv", Film(sounds=["pcm_s16le"]))
    played(source, tmp_path / "b.mkv", "ping-pong")
    there, frame = heard(source), 48000 // 25
    there = np.pad(there, (0, 8 * frame))[: 8 * frame]
    back = there[frame : 7 * frame][::-1]
    after = heard(tmp_path / "b.mkv")
    assert len(after) == 14 * frame
    assert np.abs(after - np.concatenate([there, back])).max() < 1e-4


def test_what_only_fits_the_way_forward_is_left_out_and_told(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mov"), "w") as container:
        container.metadata.update({"timecode": "01:00:00:00", "title": "Harbor"})
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number in range(4):
            container.mux(
                stream.encode(av.VideoFrame.from_ndarray(picture(number), format="rgb24"))
            )
        container.mux(stream.encode(None))
    writer = played(tmp_path / "a.mov", tmp_path / "b.mov", "reverse")
    assert writer.notes == (
        "Left out, because it only fits a clip that plays forward: start timecode.",
    )
    with av.open(str(tmp_path / "b.mov")) as container:
        assert not container.streams.data
        assert container.metadata["title"] == "Harbor"


@pytest.mark.parametrize(("count", "shown"), [(1, [0]), (2, [0, 1]), (3, [0, 1, 2, 1])])
def test_the_way_back_repeats_neither_end(count: int, shown: list[int]) -> None:
    order = PlayOrder((Fraction(1, 25),) * count, "ping-pong")
    assert [*order.forward, *order.backward] == shown
    assert order.duration == Fraction(len(shown), 25)
