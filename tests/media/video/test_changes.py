"""Streams whose size, aspect, fields, rate or channels change midway are complete to their end."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from sdbr.media.clip import Pixels
from sdbr.media.open import open_reader
from tests.media.made_clips import Film, join, make_film, picture, rewritten
from tests.media.video.test_sound_feed import samples

TIMES = [Fraction(n, 25) for n in range(10)]
LATE = [Fraction(10 + n, 25) for n in range(10)]


def mpeg2(times: list[Fraction], interlaced: bool = False, **more: Fraction) -> Film:
    return Film(
        "mpeg2video", times=times, tick=Fraction(1, 25), tags={}, interlaced=interlaced, **more
    )


def plain(width: int, height: int) -> list[Pixels]:
    return [np.full((height, width, 3), 180, np.uint8)] * 10


@pytest.mark.parametrize("codec", ["mpeg2video", "libx264"])
@pytest.mark.parametrize("interlaced", [False, True])
def test_later_pictures_of_another_size_are_fitted_and_none_is_lost(
    tmp_path: Path, codec: str, interlaced: bool
) -> None:
    options = {"flags": "+ildct"} if interlaced and codec == "libx264" else {}
    films = [
        Film(
            codec,
            times=times,
            tick=Fraction(1, 25),
            tags={},
            interlaced=interlaced,
            options=options,
        )
        for times in (TIMES, LATE)
    ]
    one = make_film(tmp_path / "1.ts", films[0], plain(160, 96))
    two = make_film(tmp_path / "2.ts", films[1], plain(96, 96))
    reader = open_reader(join(tmp_path / "a.ts", one, two))
    frames = list(reader.frames())
    assert len(frames) == 20
    assert {frame.image.shape for frame in frames} == {(96, 160, 3)}
    last = frames[-1].image
    assert abs(last[48, 80].mean() - 180) < 3
    assert last[48, 10].max() < 3
    assert last[48, 150].max() < 3
    assert "changes from 160x96 to 96x96" in " ".join(reader.notes)


def test_a_new_aspect_keeps_the_shape_of_what_is_shown(tmp_path: Path) -> None:
    one = make_film(tmp_path / "1.ts", mpeg2(TIMES, aspect=Fraction(4, 3)), plain(96, 96))
    two = make_film(tmp_path / "2.ts", mpeg2(LATE, aspect=Fraction(16, 9)), plain(96, 96))
    reader = open_reader(join(tmp_path / "a.ts", one, two))
    frames = list(reader.frames())
    width = reader.clip.size.width
    assert len(frames) == 20
    assert frames[0].image[0, width // 2].min() > 170
    assert frames[-1].image[0, width // 2].max() < 10
    assert frames[-1].image[48, 2].min() > 170


def test_whole_pictures_after_interlaced_ones_are_all_there(tmp_path: Path) -> None:
    one = make_film(tmp_path / "1.ts", mpeg2(TIMES, interlaced=True))
    two = make_film(tmp_path / "2.ts", mpeg2(LATE))
    assert len(list(open_reader(join(tmp_path / "a.ts", one, two)).frames())) == 20


@pytest.mark.parametrize("codec", ["aac", "mp2", "ac3"])
def test_sound_whose_rate_and_channels_change_is_complete(tmp_path: Path, codec: str) -> None:
    times = [Fraction(n, 25) for n in range(25)]
    film = Film("mpeg2video", times=times, tick=Fraction(1, 25), tags={}, sounds=[codec])
    one = make_film(tmp_path / "1.ts", film)
    film.times, film.sound_from = [1 + time for time in times], Fraction(1)
    film.sound_rate, film.sound_layout = 32000, "stereo"
    two = make_film(tmp_path / "2.ts", film)
    writer = rewritten(join(tmp_path / "a.ts", one, two), tmp_path / "b.mp4")
    assert "Audio track 1 was re-encoded as aac, because its rate or channels" in " ".join(
        writer.notes
    )
    heard = np.abs(samples(tmp_path / "b.mp4"))
    loud = [heard[begin : begin + 2400].max() > 0.05 for begin in range(4800, 91200, 2400)]
    assert abs(len(heard) - 96000) < 3000
    assert all(loud)


def test_pictures_of_one_size_are_not_touched(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4", Film(times=TIMES))
    reader = open_reader(path)
    assert np.abs(next(reader.frames()).image.astype(int) - picture(0)).mean() < 3
    assert reader.notes == ()
