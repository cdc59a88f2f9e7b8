"""What every container keeps of a clip: count, times, length, pictures, text."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from sdbr.errors import InputProblem
from sdbr.media.clip import FrameTiming, TimedFrame
from sdbr.media.open import open_reader, read_comment
from sdbr.media.writer import open_writer
from tests.media.made_clips import psnr, timeline

FILMS = {".mp4", ".mov", ".mkv", ".webm"}
SUFFIXES = [*sorted(FILMS), ".gif", ".webp", ".png", ""]
CLOCK = {".mkv": 1000, ".webm": 1000, ".gif": 100, ".webp": 1000}
EVEN = [Fraction(1001, 30000)] * 9
UNEVEN = [Fraction(n, 100) for n in (10, 5, 25, 10, 27, 90)]
COMMENT = '{"prompt": "ein Fuchs – 狐", "seed": 7}'


@pytest.fixture(params=["even", "uneven"])
def timing_and_lengths(request: pytest.FixtureRequest) -> tuple[FrameTiming, list[Fraction]]:
    if request.param == "even":
        return FrameTiming.even(Fraction(30000, 1001)), EVEN
    return FrameTiming(Fraction(6, 1), Fraction(1, 100), variable=True), UNEVEN


def written(
    target: Path, timing: FrameTiming, frames: list[TimedFrame], comment: str = COMMENT
) -> Path:
    with open_writer(target, timing, comment=comment) as writer:
        for frame in frames:
            writer.add(frame)
    return target


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_clip_comes_back_as_it_was_written(
    tmp_path: Path, suffix: str, timing_and_lengths: tuple[FrameTiming, list[Fraction]]
) -> None:
    timing, lengths = timing_and_lengths
    frames = timeline(lengths)
    path = written(tmp_path / f"clip{suffix}", timing, frames)
    back = list(open_reader(path).frames())
    tick = Fraction(1, CLOCK.get(suffix, 30000))
    assert len(back) == len(frames)
    assert all(abs(b.at - f.at) <= tick for b, f in zip(back, frames, strict=True))
    assert abs(back[-1].end - frames[-1].end) <= tick
    assert all(a.end == b.at for a, b in pairwise(back))
    least = 28 if suffix == ".gif" else 36
    assert all(psnr(b.image, f.image) > least for b, f in zip(back, frames, strict=True))
    assert [path.name] == [entry.name for entry in tmp_path.iterdir()]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_text_that_says_how_it_was_made_comes_back(tmp_path: Path, suffix: str) -> None:
    long = COMMENT[:-1] + ', "negative": "' + "blurry, " * 200 + '"}'
    path = written(
        tmp_path / f"clip{suffix}", FrameTiming.even(Fraction(12)), timeline(EVEN[:2]), long
    )
    assert read_comment(path) == long
    bare = written(
        tmp_path / f"bare{suffix}", FrameTiming.even(Fraction(12)), timeline(EVEN[:2]), ""
    )
    assert read_comment(bare) is None


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ""])
def test_transparency_and_its_moving_holes_stay(tmp_path: Path, suffix: str) -> None:
    frames = timeline(UNEVEN, alpha=True)
    reader = open_reader(
        written(tmp_path / f"clip{suffix}", FrameTiming.even(Fraction(12)), frames)
    )
    assert reader.clip.has_alpha
    for back, frame in zip(reader.frames(), frames, strict=True):
        assert np.array_equal(back.image[..., 3], frame.image[..., 3])


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_film_without_transparency_shows_white_and_says_so(tmp_path: Path, suffix: str) -> None:
    with open_writer(tmp_path / f"clip{suffix}", FrameTiming.even(Fraction(12))) as writer:
        for frame in timeline(EVEN[:3], alpha=True):
            writer.add(frame)
    assert "white" in " ".join(writer.notes)
    image = next(open_reader(tmp_path / f"clip{suffix}").frames()).image
    assert image[36:40, 11:15].min() > 235


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_error_in_the_middle_leaves_nothing_behind(tmp_path: Path, suffix: str) -> None:
    def interrupted() -> None:
        with open_writer(tmp_path / f"clip{suffix}", FrameTiming.even(Fraction(12))) as writer:
            for frame in timeline(EVEN[:3]):
                writer.add(frame)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_frames_is_an_error_and_no_file(tmp_path: Path, suffix: str) -> None:
    with (
        pytest.raises(InputProblem, match="no frame"),
        open_writer(tmp_path / f"clip{suffix}", FrameTiming.even(Fraction(12))),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_part_of_a_clip_is_the_same_frames(tmp_path: Path, suffix: str) -> None:
    reader = open_reader(
        written(tmp_path / f"clip{suffix}", FrameTiming.even(Fraction(12)), timeline(UNEVEN))
    )
    start, end = Fraction(12, 100), Fraction(1, 2)
    whole = [(f.at, f.lasts, f.image.tobytes()) for f in reader.frames() if start <= f.at < end]
    part = [(f.at, f.lasts, f.image.tobytes()) for f in reader.frames(start, end)]
    assert part == whole
    assert len(part) == 2


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_time_begins_with_the_first_written_frame(tmp_path: Path, suffix: str) -> None:
    frames = timeline(UNEVEN)[2:]
    back = list(
        open_reader(
            written(tmp_path / f"c{suffix}", FrameTiming.even(Fraction(12)), frames)
        ).frames()
    )
    assert back[0].at == 0
    assert abs(back[1].at - UNEVEN[2]) <= Fraction(1, 100)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_equal_pictures_in_a_row_stay_as_many(tmp_path: Path, suffix: str) -> None:
    still = timeline([Fraction(1, 10)] * 5)
    frames = [TimedFrame(still[0].image, frame.at, frame.lasts) for frame in still]
    back = list(
        open_reader(
            written(tmp_path / f"c{suffix}", FrameTiming.even(Fraction(10)), frames)
        ).frames()
    )
    assert [b.at for b in back] == [f.at for f in frames]
    assert back[-1].end == frames[-1].end
