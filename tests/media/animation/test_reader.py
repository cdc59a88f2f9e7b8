from __future__ import annotations

import struct
import zlib
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sdbr.errors import InputProblem
from sdbr.media.clip import FrameTiming, Pixels
from sdbr.media.open import open_reader
from sdbr.media.writer import open_writer
from tests.media.made_clips import picture, timeline

RED, GREEN, BLUE, CLEAR = (255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255), (0, 0, 0, 0)
PALETTE = bytes([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9])
KEEP, BACKGROUND, PREVIOUS = 1, 2, 3


def gif(frames: list[bytes], size: tuple[int, int] = (4, 4)) -> bytes:
    loop = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x05\x00\x00"
    head = b"GIF89a" + struct.pack("<HH", *size) + b"\xf1\0\0" + PALETTE
    return head + loop + b"".join(frames) + b";"


def frame(
    pixels: list[list[int]], at: tuple[int, int] = (0, 0), delay: int = 5, disposal: int = KEEP
) -> bytes:
    """One GIF image; the color 3 is transparent. Every code is written alone, so no table."""
    flat = [value for line in pixels for value in line]
    bits = "".join(f"{code:04b}"[::-1][:3] for value in flat for code in (4, value)) + "101"
    packed = bytes(int(bits[i : i + 8][::-1], 2) for i in range(0, len(bits), 8))
    control = b"\x21\xf9\x04" + bytes([disposal << 2 | 1]) + struct.pack("<H", delay) + b"\x03\0"
    box = struct.pack("<HHHHB", *at, len(pixels[0]), len(pixels), 0)
    return control + b"," + box + b"\x02" + bytes([len(packed)]) + packed + b"\0"


def shown(path: Path) -> list[Pixels]:
    return [f.image for f in open_reader(path).frames()]


def test_disposal_and_transparency_are_composited(tmp_path: Path) -> None:
    """Red all over; green shown and taken back; blue shown and cleared; then a single green dot."""
    path = tmp_path / "a.gif"
    red = frame([[0] * 4] * 4)
    green = frame([[1, 3], [1, 1]], at=(1, 1), disposal=PREVIOUS)
    blue = frame([[2, 2]], at=(0, 0), disposal=BACKGROUND)
    dot = frame([[1]], at=(3, 3))
    path.write_bytes(gif([red, green, blue, dot]))
    first, second, third, fourth = shown(path)
    assert (first == RED).all()
    assert tuple(second[1, 1]) == GREEN
    assert tuple(second[1, 2]) == RED
    assert tuple(third[0, 1]) == BLUE
    assert tuple(third[1, 1]) == RED
    assert [int(pixel[3]) for pixel in fourth[0]] == [0, 0, 255, 255]
    assert tuple(fourth[3, 3]) == GREEN
    assert tuple(fourth[2, 2]) == RED


def test_delays_of_nought_and_one_play_as_browsers_play_them(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    path.write_bytes(gif([frame([[0] * 4] * 4, delay=n) for n in (0, 1, 2, 7)]))
    reader = open_reader(path)
    hundredths = [f.lasts * 100 for f in reader.frames()]
    assert hundredths == [10, 10, 2, 7]
    assert reader.clip.duration == Fraction(29, 100)
    assert reader.clip.loop == 6  # Once, and five times again.


def test_a_gif_without_holes_is_plain_rgb(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    path.write_bytes(gif([frame([[0] * 4] * 4), frame([[1, 3]], at=(1, 1))]))
    assert not open_reader(path).clip.has_alpha
    assert shown(path)[1].shape == (4, 4, 3)


@pytest.mark.parametrize("shown", [False, True])
def test_an_animation_of_which_nothing_is_shown_is_padded(tmp_path: Path, shown: bool) -> None:
    path = tmp_path / "a.png"
    images = [picture(number, alpha=True) for number in range(3)]
    for image in images[: 2 if shown else 3]:
        image[..., 3] = 0
    pictures = [Image.fromarray(image) for image in images]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=100)
    reader = open_reader(path)
    assert reader.clip.has_alpha == shown
    first = next(reader.frames()).image
    assert first.shape[2] == 3 + shown
    assert shown or np.array_equal(first, picture(0))


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp"])
def test_a_cut_animation_gives_what_is_there_and_says_so(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    with open_writer(path, FrameTiming.even(Fraction(10))) as writer:
        for one in timeline([Fraction(1, 10)] * 10):
            writer.add(one)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    reader = open_reader(path)
    count = sum(1 for _ in reader.frames())
    assert 2 <= count < 10
    assert "truncated" in " ".join(reader.notes)


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp"])
def test_an_animation_cut_in_its_first_frame_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    with open_writer(path, FrameTiming.even(Fraction(10))) as writer:
        for one in timeline([Fraction(1, 10)] * 3):
            writer.add(one)
    path.write_bytes(path.read_bytes()[: 900 if suffix == ".gif" else 150])
    with pytest.raises(InputProblem, match=r"a\.") as caught:
        sum(1 for _ in open_reader(path).frames())
    assert "\n" not in str(caught.value)


def test_the_still_picture_before_an_animated_png_is_no_frame(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    images = [Image.fromarray(picture(n)) for n in range(3)]
    images[0].save(path, save_all=True, append_images=images[1:], default_image=True, duration=40)
    frames = list(open_reader(path).frames())
    assert [f.at for f in frames] == [0, Fraction(1, 25)]
    assert np.array_equal(frames[0].image, picture(1))


def test_a_declared_canvas_of_gigapixels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    path.write_bytes(gif([frame([[0] * 4] * 4)], size=(60000, 60000)))
    with pytest.raises(InputProblem, match="more"):
        open_reader(path)


def test_a_png_of_gigapixels_that_claims_to_be_animated_is_refused(tmp_path: Path) -> None:
    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    control = struct.pack(">5I2H2B", 0, 60000, 60000, 0, 0, 1, 10, 0, 0)
    path = tmp_path / "a.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"acTL", struct.pack(">II", 1, 0))
        + chunk(b"fcTL", control)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )
    with pytest.raises(InputProblem, match="more"):
        open_reader(path)


def test_pillows_own_animations_are_read_with_their_times(tmp_path: Path) -> None:
    images = [Image.fromarray(picture(n)) for n in range(4)]
    times = [40, 120, 250, 90]
    for name in ("a.gif", "a.webp", "a.png"):
        images[0].save(tmp_path / name, save_all=True, append_images=images[1:], duration=times)
        lasts = [f.lasts * 1000 for f in open_reader(tmp_path / name).frames()]
        assert lasts == times


@pytest.mark.parametrize("local", [False, True])
def test_a_gif_may_have_its_colors_for_the_whole_file_or_for_each_frame(tmp_path, local) -> None:
    """The bits for the table's size may be set where there is none."""
    with BytesIO() as file:
        four = Image.frombytes("P", (8, 8), bytes(range(4)) * 16)
        four.putpalette(bytes(range(12)))
        four.save(file, "GIF")
        data = bytearray(file.getvalue())
    assert data[10] & 7 == 1
    size = 3 << (data[10] & 7) + 1
    at = data.index(b",", 13 + size)
    frame = data[at:-1]
    if local:
        frame = bytes([*frame[:9], 0x80 | data[10] & 7, *data[13 : 13 + size], *frame[10:]])
        data = data[:10] + bytes([data[10] & 7]) + data[11:13]
    path = tmp_path / "x.gif"
    path.write_bytes(bytes(data[: 13 if local else at]) + bytes(frame) * 2 + b";")
    with Image.open(path) as image:
        assert image.n_frames == 2
    clip = open_reader(path).clip
    assert (clip.frames, clip.cut) == (2, False)


def test_frames_that_last_unevenly_have_a_mean_rate_and_are_told_as_such(tmp_path: Path) -> None:
    for name, delays in (("even.gif", (5, 5)), ("uneven.gif", (5, 15))):
        still = [[0] * 4] * 4
        (tmp_path / name).write_bytes(gif([frame(still, delay=delay) for delay in delays]))
    even, uneven = (
        open_reader(tmp_path / f"{name}.gif").clip.timing for name in ("even", "uneven")
    )
    assert (even.rate, even.variable) == (20, False)
    assert (uneven.rate, uneven.variable) == (10, True)


@pytest.mark.parametrize(("disposal", "shows_through"), [(KEEP, False), (BACKGROUND, True)])
def test_what_a_frame_leaves_behind_it_may_show_through(tmp_path, disposal, shows_through) -> None:
    path = tmp_path / "a.gif"
    path.write_bytes(gif([frame([[0] * 4] * 4, disposal=disposal), frame([[1]])]))
    assert open_reader(path).clip.has_alpha == shows_through
