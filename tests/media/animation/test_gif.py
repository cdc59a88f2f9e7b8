from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from sdbr.errors import InputProblem, UsageProblem
from sdbr.media.animation.gif import smaller
from sdbr.media.clip import EncodingSettings, FrameTiming, Pixels, TimedFrame
from sdbr.media.open import open_reader
from sdbr.media.writer import Writer, open_writer
from tests.media.made_clips import picture, psnr

PACE = FrameTiming.even(Fraction(12))


def write(
    target: Path, images: list[Pixels], lasts: Fraction = Fraction(1, 12), **options: object
) -> Writer:
    settings = EncodingSettings(**options)  # type: ignore[arg-type]
    with open_writer(target, PACE, settings=settings) as writer:
        for number, image in enumerate(images):
            writer.add(TimedFrame(image, number * lasts, lasts))
    return writer


def moving() -> list[Pixels]:
    return [picture(n) for n in range(10)]


def flat() -> list[Pixels]:
    images = []
    for number in range(6):
        image = np.full((64, 96, 3), (240, 230, 200), np.uint8)
        image[20:40, 10 * number : 10 * number + 20] = (200, 50, 40)
        images.append(image)
    return images


def test_all_frames_share_one_palette(tmp_path: Path) -> None:
    write(tmp_path / "a.gif", moving())
    data = (tmp_path / "a.gif").read_bytes()
    assert data[10] & 0x80
    boxes = [at for at in range(len(data) - 10) if data[at - 4 : at + 1] == b"\x04\0\0\0,"]
    assert not any(data[at + 9] & 0x80 for at in boxes)


def test_flat_art_comes_back_exactly(tmp_path: Path) -> None:
    write(tmp_path / "a.gif", flat())
    for frame, image in zip(open_reader(tmp_path / "a.gif").frames(), flat(), strict=True):
        assert np.array_equal(frame.image, image)


def test_still_parts_do_not_flicker(tmp_path: Path) -> None:
    """What does not change in the source does not change in the GIF."""
    images = []
    for number in range(6):
        image = picture(0).copy()
        image[40:50, 12 * number : 12 * number + 10] = (250, 250, 20)
        images.append(image)
    write(tmp_path / "a.gif", images)
    shown = [frame.image for frame in open_reader(tmp_path / "a.gif").frames()]
    assert all(np.array_equal(image[:40], shown[0][:40]) for image in shown)


def test_pixels_that_stay_by_chance_do_not_tear_a_plain_frame_apart(tmp_path: Path) -> None:
    """Half of the plain frame equals the noise before it, and would be drawn see-through."""
    chance = np.random.default_rng(1)
    noise = chance.choice(np.uint8([20, 90]), (60, 80, 1)).repeat(3, axis=2)
    write(tmp_path / "one.gif", [noise])
    write(tmp_path / "two.gif", [noise, np.full_like(noise, 90)])
    sizes = [(tmp_path / name).stat().st_size for name in ("one.gif", "two.gif")]
    assert sizes[1] - sizes[0] < 300


@pytest.mark.parametrize("dither", ["none", "bayer", "floyd", "sierra"])
def test_every_dither_stays_near_the_picture(tmp_path: Path, dither: str) -> None:
    write(tmp_path / "a.gif", moving(), dither=dither)
    shown = [frame.image for frame in open_reader(tmp_path / "a.gif").frames()]
    assert min(psnr(a, b) for a, b in zip(shown, moving(), strict=True)) > 26


def test_a_size_limit_is_kept_and_said(tmp_path: Path) -> None:
    write(tmp_path / "free.gif", moving())
    limit = (tmp_path / "free.gif").stat().st_size // 2
    writer = write(tmp_path / "small.gif", moving(), max_bytes=limit)
    assert (tmp_path / "small.gif").stat().st_size <= limit
    assert "colors" in " ".join(writer.notes)
    assert sum(1 for _ in open_reader(tmp_path / "small.gif").frames()) == 10


def test_a_size_limit_counts_the_comment(tmp_path: Path) -> None:
    write(tmp_path / "free.gif", moving())
    limit = (tmp_path / "free.gif").stat().st_size + 100
    with open_writer(
        tmp_path / "b.gif", PACE, settings=EncodingSettings(max_bytes=limit), comment="x" * 900
    ) as writer:
        for number, image in enumerate(moving()):
            writer.add(TimedFrame(image, Fraction(number, 12), Fraction(1, 12)))
    assert (tmp_path / "b.gif").stat().st_size <= limit


def test_an_impossible_size_limit_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputProblem, match="does not fit"):
        write(tmp_path / "a.gif", moving(), max_bytes=300)
    assert list(tmp_path.iterdir()) == []


def look(colors: int, width: int, dither: str) -> EncodingSettings:
    return EncodingSettings(colors=colors, width=width, dither=dither)


def test_dither_goes_before_colors_and_colors_before_width() -> None:
    assert smaller(look(256, 480, "sierra"), 1000, 500) == look(256, 480, "bayer")
    assert smaller(look(256, 480, "bayer"), 900, 500) == look(128, 480, "bayer")
    narrower = smaller(look(64, 480, "bayer"), 800, 400)
    assert narrower is not None
    assert narrower.width is not None
    assert narrower.colors == 64
    assert 300 < narrower.width < 340


def test_the_narrowest_is_tried_before_giving_up() -> None:
    assert smaller(look(64, 480, "none"), 90000, 100) == look(64, 48, "none")
    assert smaller(look(64, 48, "none"), 800, 100) is None


def test_sixty_frames_a_second_keep_their_length(tmp_path: Path) -> None:
    writer = write(tmp_path / "a.gif", moving(), lasts=Fraction(1, 60))
    frames = list(open_reader(tmp_path / "a.gif").frames())
    assert frames[-1].end == Fraction(17, 100)
    assert "50 frames per second" in " ".join(writer.notes)


def test_an_unknown_dither_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="sierra"):
        write(tmp_path / "a.gif", moving(), dither="random")
    assert list(tmp_path.iterdir()) == []
