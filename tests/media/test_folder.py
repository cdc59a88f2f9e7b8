from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sdbr.errors import InputProblem
from sdbr.media.folder import load_times, pictures_in
from sdbr.media.open import open_reader
from sdbr.media.stills.pixels import encode_png
from sdbr.workspace import natural_key
from tests.media.made_clips import picture


def save(folder: Path, *names: str) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(names):
        (folder / name).write_bytes(encode_png(picture(number)))
    return [folder / name for name in names]


def test_a_folder_is_read_in_natural_order(tmp_path: Path) -> None:
    save(tmp_path / "f", "frame10.png", "frame9.png", "Frame1.png", "notes.txt", ".hidden.png")
    names = [path.name for path in pictures_in(tmp_path / "f")]
    assert names == ["Frame1.png", "frame9.png", "frame10.png"]


def test_natural_order_takes_any_name() -> None:
    names = ["10", "2", "a", "a2b10", "a2b9", "²", "", "x.10.2", "x.9"]
    ordered = sorted(names, key=natural_key)
    assert [name for name in ordered if name.startswith("a")] == ["a", "a2b9", "a2b10"]


def test_given_pictures_keep_the_order_given(tmp_path: Path) -> None:
    paths = save(tmp_path / "f", "b.png", "a.png", "c.png")
    images = [frame.image for frame in open_reader(paths, Fraction(8)).frames()]
    assert all(np.array_equal(image, picture(n)) for n, image in enumerate(images))
    frames = list(open_reader(paths, Fraction(8)).frames())
    assert [frame.at for frame in frames] == [0, Fraction(1, 8), Fraction(1, 4)]


@pytest.mark.parametrize("shown", [False, True])
def test_pictures_of_which_nothing_is_shown_are_padded(tmp_path: Path, shown: bool) -> None:
    paths = save(tmp_path / "f", "a.png", "b.png", "c.png")
    for number, path in enumerate(paths):
        image = picture(number, alpha=True)
        image[..., 3] = image[..., 3] if shown and number == 2 else 0
        path.write_bytes(encode_png(image))
    reader = open_reader(tmp_path / "f")
    images = [frame.image for frame in reader.frames()]
    assert reader.clip.has_alpha == shown
    assert images[0].shape[2] == 3 + shown
    assert np.array_equal(images[0][..., :3], picture(0))


def test_a_picture_of_another_size_is_named(tmp_path: Path) -> None:
    paths = save(tmp_path / "f", "a.png", "b.png")
    paths[1].write_bytes(encode_png(picture(0, 30, 20)))
    with pytest.raises(InputProblem, match=r"b\.png is 30x20"):
        list(open_reader(tmp_path / "f").frames())


def test_a_picture_that_lies_down_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "f").mkdir()
    Image.fromarray(picture(0)).save(tmp_path / "f" / "a.jpg", quality=95, exif=exif)
    assert open_reader(tmp_path / "f").clip.size == (64, 96)


def test_a_broken_picture_is_named(tmp_path: Path) -> None:
    paths = save(tmp_path / "f", "a.png", "b.png")
    paths[1].write_bytes(paths[1].read_bytes()[:200])
    with pytest.raises(InputProblem, match=r"b\.png"):
        list(open_reader(tmp_path / "f").frames())


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputProblem, match="no pictures"):
        open_reader(tmp_path)


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"rate": "0/0"}', '{"frames": 3}'])
def test_times_that_make_no_sense_are_not_used(tmp_path: Path, content: str) -> None:
    save(tmp_path / "f", "a.png", "b.png")
    (tmp_path / "f" / "frames.json").write_text(content)
    assert load_times(tmp_path / "f") is None
    frames = list(open_reader(tmp_path / "f", Fraction(5)).frames())
    assert [frame.at for frame in frames] == [0, Fraction(1, 5)]


def test_a_nonsense_rate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputProblem, match="not a frame rate"):
        open_reader(save(tmp_path / "f", "a.png"), Fraction(-1))


def test_any_kind_of_picture_is_a_frame(tmp_path: Path) -> None:
    """Deep gray is scaled, not cut off, and CMYK becomes RGB."""
    Image.fromarray(np.full((8, 8), 32896, np.uint16)).save(tmp_path / "1.png")
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "2.tif")
    shown = [frame.image[4, 4].tolist() for frame in open_reader(tmp_path).frames()]
    assert shown == [[128] * 3, [255, 0, 0]]
