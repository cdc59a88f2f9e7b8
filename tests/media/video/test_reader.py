from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import Colorspace

from sdbr.media.clip import Pixels
from sdbr.media.open import Reader, open_reader
from tests.media.made_clips import Film, make_film, picture, psnr

RED = (235, 60, 30)


def opened(tmp_path: Path, film: Film, name: str = "film.mp4") -> tuple[Reader, list[Pixels]]:
    reader = open_reader(make_film(tmp_path / name, film))
    return reader, [frame.image for frame in reader.frames()]


def mean_error(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one.astype(int) - other).mean())


@pytest.mark.parametrize(
    ("rotation", "mirrored", "corner"),
    [
        (0, False, (0, 0)),
        (90, False, (0, -1)),
        (180, False, (-1, -1)),
        (270, False, (-1, 0)),
        (0, True, (0, -1)),
        (90, True, (0, 0)),
        (270, True, (-1, -1)),
    ],
)
def test_pictures_are_turned_and_flipped_upright(
    tmp_path: Path, rotation: int, mirrored: bool, corner: tuple[int, int]
) -> None:
    reader, images = opened(tmp_path, Film(rotation=rotation, mirrored=mirrored))
    width, height = (64, 96) if rotation % 180 else (96, 64)
    assert reader.clip.size == (width, height)
    assert images[0].shape == (height, width, 3)
    y = slice(0, 8) if corner[0] == 0 else slice(-8, None)
    x = slice(0, 8) if corner[1] == 0 else slice(-8, None)
    assert mean_error(images[0][y, x], np.array(RED, np.uint8)) < 6


@pytest.mark.parametrize(
    ("aspect", "size"), [(Fraction(4, 3), (128, 64)), (Fraction(2, 3), (96, 96))]
)
def test_pixels_that_are_not_square_become_square(
    tmp_path: Path, aspect: Fraction, size: tuple[int, int]
) -> None:
    reader, images = opened(tmp_path, Film(aspect=aspect))
    assert reader.clip.size == size
    assert images[0].shape[1::-1] == size
    assert "non-square" in " ".join(reader.notes)


@pytest.mark.parametrize(
    "film",
    [
        Film(),
        Film(codec="libx264", pix_fmt="yuv420p10le"),
        Film(codec="libx264", pix_fmt="yuvj420p", full_range=True),
        Film(codec="libx264", matrix=Colorspace.ITU601, tags={"colorspace": 6}),
        Film(codec="libx264", matrix=Colorspace.ITU601, tags={}),
        Film(codec="libx265", pix_fmt="yuv420p10le"),
        Film(codec="mpeg4", matrix=Colorspace.ITU601, tags={}, options={"qscale": "2", "b": "4M"}),
    ],
    ids=["plain", "10-bit", "full-range", "bt601", "untagged", "hevc-10-bit", "mpeg4"],
)
def test_colors_come_back_right(tmp_path: Path, film: Film) -> None:
    _, images = opened(tmp_path, film)
    assert len(images) == 8
    for number, image in enumerate(images):
        assert psnr(image, picture(number)) > 33
        # The encoding side of full range is itself half a level off in color.
        slack = 1.0 if film.full_range else 0.5
        assert abs(float(image.mean()) - float(picture(number).mean())) < slack


@pytest.mark.parametrize(("name", "codec"), [("a.webm", "libvpx"), ("a.webm", "libvpx-vp9")])
def test_webm_codecs_are_read(tmp_path: Path, name: str, codec: str) -> None:
    film = Film(codec=codec, options={"crf": "4", "b": "4M"}, matrix=Colorspace.ITU601, tags={})
    _, images = opened(tmp_path, film, name)
    assert [psnr(image, picture(n)) > 33 for n, image in enumerate(images)] == [True] * 8


def test_motion_jpeg_in_avi_is_full_range(tmp_path: Path) -> None:
    film = Film(
        codec="mjpeg",
        pix_fmt="yuvj420p",
        full_range=True,
        matrix=Colorspace.ITU601,
        tags={},
        tick=Fraction(1, 25),
        options={"qmin": "1", "qmax": "2"},
    )
    reader, images = opened(tmp_path, film, "a.avi")
    assert reader.clip.kind == "avi"
    assert all(psnr(image, picture(n)) > 33 for n, image in enumerate(images))


def test_film_of_720_lines_that_says_nothing_is_bt709(tmp_path: Path) -> None:
    image = picture(0, 1280, 720)
    film = Film(times=(Fraction(0),), tags={}, options={"preset": "ultrafast"})
    path = make_film(tmp_path / "a.mp4", film, [image])
    back = next(open_reader(path).frames()).image
    assert mean_error(back, image) < 2


def test_interlaced_film_becomes_whole_frames(tmp_path: Path) -> None:
    """A bar that moves between the two fields leaves no comb."""
    options = {"x264-params": "tff=1", "crf": "4"}
    film = Film(interlaced=True, options=options)
    reader = open_reader(make_film(tmp_path / "a.mp4", film, combed()))
    assert "interlaced" in " ".join(reader.notes)
    frames = list(reader.frames())
    assert [frame.at for frame in frames] == [Fraction(n, 25) for n in range(8)]
    assert max(comb(frame.image) for frame in frames[1:-1]) < 0.4 * comb(combed()[3])


def combed() -> list[Pixels]:
    images = []
    for number in range(8):
        image = np.full((64, 96, 3), 40, np.uint8)
        for field in (0, 1):
            left = 4 + 8 * number + 4 * field
            image[field::2, left : left + 16] = 220
        images.append(image)
    return images


def comb(image: Pixels) -> float:
    luma = image.mean(axis=2)
    return float(np.abs(2 * luma[1:-1] - luma[:-2] - luma[2:]).mean())


UNEVEN = tuple(Fraction(n, 90000) for n in (0, 9000, 16200, 45000, 48000, 90000))


def test_variable_times_are_exact(tmp_path: Path) -> None:
    film = Film(times=UNEVEN, tick=Fraction(1, 90000))
    reader = open_reader(make_film(tmp_path / "a.mp4", film))
    assert [frame.at for frame in reader.frames()] == list(UNEVEN)
    assert reader.clip.timing.variable


def test_a_clock_that_starts_late_begins_at_zero(tmp_path: Path) -> None:
    times = [Fraction(7) + Fraction(n, 25) for n in range(8)]
    reader = open_reader(make_film(tmp_path / "a.mkv", Film(times=times)))
    assert reader.clip.start >= Fraction(6)
    assert [frame.at for frame in reader.frames()] == [Fraction(n, 25) for n in range(8)]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
def test_a_part_from_the_middle_is_found_by_seeking(tmp_path: Path, name: str) -> None:
    times = [Fraction(n, 25) for n in range(50)]
    film = Film(times=times, options={"g": "10"}, tick=Fraction(1, 25))
    reader = open_reader(make_film(tmp_path / name, film))
    start, end = Fraction(23, 25), Fraction(31, 25)
    assert [frame.at for frame in reader.frames(start, end)] == times[23:31]
    first = next(reader.frames(start, end)).image
    assert psnr(first, picture(23)) > 30


def test_a_cut_file_gives_what_is_there_and_says_so(tmp_path: Path) -> None:
    times = [Fraction(n, 25) for n in range(50)]
    path = make_film(tmp_path / "a.mp4", Film(times=times, options={"g": "5"}), noisy(50))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    reader = open_reader(path)
    count = sum(1 for _ in reader.frames())
    assert 5 < count < 50
    assert "truncated" in " ".join(reader.notes)
    assert "only" in " ".join(reader.notes)


def noisy(count: int) -> Sequence[Pixels]:
    random = np.random.default_rng(4)
    return [random.integers(0, 255, (64, 96, 3), np.uint8) for _ in range(count)]


def test_damaged_frames_are_counted(tmp_path: Path) -> None:
    times = [Fraction(n, 25) for n in range(40)]
    path = make_film(tmp_path / "a.mkv", Film(times=times, options={"g": "10", "bf": "0"}))
    with av.open(str(path)) as container:
        keyframes = [bytes(packet) for packet in container.demux(video=0) if packet.is_keyframe]
    data = bytearray(path.read_bytes())
    begin = data.find(keyframes[2])
    for place in range(begin + 40, begin + len(keyframes[2]), 7):
        data[place] ^= 0x55
    path.write_bytes(data)
    reader = open_reader(path)
    assert len(list(reader.frames())) == 40
    assert reader.notes == ("Damaged frames, partly reconstructed by the decoder: 1.",)


def test_broken_packets_cost_only_themselves(tmp_path: Path) -> None:
    times = [Fraction(n, 25) for n in range(40)]
    path = make_film(tmp_path / "a.mkv", Film(codec="mjpeg", pix_fmt="yuvj420p", times=times))
    data = bytearray(path.read_bytes())
    middle = data.find(b"\xff\xd8\xff", len(data) // 2)
    data[middle : middle + 300] = b"\0" * 300
    path.write_bytes(data)
    reader = open_reader(path)
    assert 36 <= sum(1 for _ in reader.frames()) <= 40
