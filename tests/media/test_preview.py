from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from sdbr.media.clip import FrameTiming, TimedFrame
from sdbr.media.open import open_reader, origin_of
from sdbr.media.preview import Preview, open_preview
from tests.media.made_clips import Film, make_film, picture, psnr, timeline

PACE = FrameTiming.even(Fraction(25))
FRAMES = timeline([Fraction(1, 25)] * 30)
# Frames that the writer, the encoder and the container still hold.
HELD = 3


def shown(path: Path) -> list[Fraction]:
    with av.open(str(path)) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]


def test_what_is_finished_plays_while_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "a.preview.mp4"
    preview = Preview(path, PACE, None)
    for number, frame in enumerate(FRAMES, 1):
        preview.add(frame)
        if number > HELD:
            assert len(shown(path)) >= number - HELD
    preview.keep()
    assert shown(path) == [frame.at for frame in FRAMES]


def test_it_shows_the_pictures_small_and_in_their_colors(tmp_path: Path) -> None:
    path = tmp_path / "a.preview.mp4"
    preview = Preview(path, PACE, None)
    preview.add(TimedFrame(picture(3, 1280, 720), Fraction(0), Fraction(1, 25)))
    preview.keep()
    (frame,) = open_reader(path).frames()
    assert frame.image.shape == (360, 640, 3)
    assert psnr(frame.image, picture(3, 1280, 720)[::2, ::2]) > 25


def test_its_sound_comes_as_far_as_its_pictures(tmp_path: Path) -> None:
    times = [Fraction(n, 25) for n in range(100)]
    clip = open_reader(make_film(tmp_path / "a.mp4", Film(times=times, sounds=["aac"]))).clip
    preview = Preview(tmp_path / "b.mp4", PACE, origin_of(clip))
    for frame in FRAMES:
        preview.add(frame)
    preview.keep()
    with av.open(str(tmp_path / "b.mp4")) as container:
        (sound,) = container.streams.audio
        heard = [p.pts * p.time_base for p in container.demux(sound) if p.pts is not None]
    assert FRAMES[-1].at - Fraction(1, 20) < heard[-1] < FRAMES[-1].end + Fraction(1, 20)


def test_after_the_process_was_killed_it_still_plays(tmp_path: Path) -> None:
    path = tmp_path / "a.preview.mp4"
    code = """if True:
        import os, sys
        from pathlib import Path
        from tests.media.test_preview import FRAMES, PACE, Preview
        preview = Preview(Path(sys.argv[1]), PACE, None)
        for frame in FRAMES:
            preview.add(frame)
        os.kill(os.getpid(), 9)
    """
    killed = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert killed.returncode == -9
    assert len(shown(path)) >= len(FRAMES) - HELD


def test_a_new_one_takes_the_place_of_an_old_one_and_is_removed_when_done(tmp_path: Path) -> None:
    path = tmp_path / "a.preview.mp4"
    for _ in range(2):
        preview = Preview(path, PACE, None)
        for frame in FRAMES[:9]:
            preview.add(frame)
        preview.keep()
        assert len(shown(path)) == 9
    Preview(path, PACE, None).keep()
    assert len(shown(path)) == 9
    preview = Preview(path, PACE, None)
    for frame in FRAMES[:9]:
        preview.add(frame)
    assert path.exists()
    preview.remove()
    assert not path.exists()


def test_an_empty_one_of_a_killed_process_makes_way(tmp_path: Path) -> None:
    path = tmp_path / "a.preview.mp4"
    path.touch()
    preview = Preview(path, PACE, None)
    preview.add(FRAMES[0])
    preview.keep()
    assert len(shown(path)) == 1


@pytest.mark.parametrize("theirs", [b"not a film", b""])
def test_a_file_of_the_users_is_left_alone(tmp_path: Path, theirs: bytes) -> None:
    path = tmp_path / "a.preview.mp4"
    if theirs:
        path.write_bytes(theirs)
    else:
        make_film(path, Film())
    before = path.read_bytes()
    preview = Preview(path, PACE, None)
    preview.add(FRAMES[0])
    preview.remove()
    assert path.read_bytes() == before
    assert preview.frames == 0


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.parent.rmdir(),
        lambda path: path.mkdir(),
    ],
)
def test_one_that_cannot_be_written_stops_nothing(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    folder = tmp_path / "videos"
    folder.mkdir()
    damage(folder / "a.preview.mp4")
    preview = Preview(folder / "a.preview.mp4", PACE, None)
    preview.add(FRAMES[0])
    preview.add(TimedFrame(np.zeros((9, 9, 3), np.uint8), Fraction(0), Fraction(1)))
    preview.keep()
    preview.remove()


def test_one_that_fails_midway_ends_and_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "a.preview.mp4"
    preview = Preview(path, PACE, None)
    for frame in FRAMES[:9]:
        preview.add(frame)
    preview.add(TimedFrame(np.zeros((9, 9, 3), np.uint8), Fraction(1), Fraction(1)))
    preview.add(FRAMES[9])
    assert preview.frames == 9
    assert path.exists()
    preview.remove()
    assert not path.exists()


def test_where_it_plays_is_said_once(tmp_path: Path) -> None:
    told: list[str] = []
    path = tmp_path / "a.preview.mp4"

    def stopped() -> None:
        with open_preview(path, PACE, None, told.append) as preview:
            preview.add(FRAMES[0])
            preview.tell()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert told == [f"Preview of the finished part: {path}"]
