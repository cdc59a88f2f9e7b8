from __future__ import annotations

import base64
from fractions import Fraction
from pathlib import Path

import pytest

from sdbr.errors import InputProblem
from sdbr.media.clip import EncodingSettings, FrameTiming, TimedFrame
from sdbr.media.open import open_reader
from sdbr.media.writer import open_writer
from tests import browser
from tests.media.made_clips import picture, timeline

PACE = FrameTiming.even(Fraction(12))
STEP = Fraction(1, 12)


def write(target: Path, frames: list[TimedFrame]) -> None:
    with open_writer(target, PACE) as writer:
        for frame in frames:
            writer.add(frame)


def test_an_earlier_file_stays_when_the_new_one_fails(tmp_path: Path) -> None:
    target = tmp_path / "film.mp4"
    target.write_bytes(b"earlier")
    with pytest.raises(InputProblem), open_writer(target, PACE):
        pass
    assert target.read_bytes() == b"earlier"


def test_a_frame_of_another_size_is_named(tmp_path: Path) -> None:
    other = [
        TimedFrame(picture(0), Fraction(0), STEP),
        TimedFrame(picture(0, 40, 30), STEP, STEP),
    ]
    with pytest.raises(InputProblem, match="Frame 2 is 40x30, but earlier frames are 96x64"):
        write(tmp_path / "film.mp4", other)


def test_a_frame_out_of_order_is_named(tmp_path: Path) -> None:
    twice = [TimedFrame(picture(0), STEP, STEP), TimedFrame(picture(1), STEP, STEP)]
    with pytest.raises(InputProblem, match=r"Frame 2 at .* is not later"):
        write(tmp_path / "film.gif", twice)


@pytest.mark.parametrize(
    "name", ["a:b.mp4", "-x.gif", "100%d.mkv", "狐" * 80 + ".webm", "a b.webp"]
)
def test_any_name_can_be_written_and_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path(name), timeline([STEP] * 3))
    assert sum(1 for _ in open_reader(Path(name)).frames()) == 3


def test_an_unknown_suffix_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputProblem, match=r"\.mp4 .*\.gif"), open_writer(tmp_path / "a.wmv", PACE):
        pass


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with (
        pytest.raises(InputProblem, match="not a folder"),
        open_writer(tmp_path / "no" / "a.mp4", PACE),
    ):
        pass


def test_a_folder_that_holds_something_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "frames").mkdir()
    (tmp_path / "frames" / "000001.png").write_bytes(b"mine")
    with pytest.raises(InputProblem, match="already"), open_writer(tmp_path / "frames", PACE):
        pass
    assert (tmp_path / "frames" / "000001.png").read_bytes() == b"mine"


def test_h264_gets_even_sides_and_vp9_keeps_odd_ones(tmp_path: Path) -> None:
    for name, size in (("a.mp4", (42, 32)), ("a.webm", (41, 31))):
        with open_writer(tmp_path / name, PACE) as writer:
            writer.add(TimedFrame(picture(0, 41, 31), Fraction(0), STEP))
            writer.add(TimedFrame(picture(1, 41, 31), STEP, STEP))
        assert open_reader(tmp_path / name).clip.size == size
        assert ("42x32" in " ".join(writer.notes)) == (name == "a.mp4")


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_a_width_scales_an_animation_in_its_shape(tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"a{suffix}"
    with open_writer(target, PACE, settings=EncodingSettings(width=48)) as writer:
        for frame in timeline([STEP] * 3):
            writer.add(frame)
    assert open_reader(target).clip.size == (48, 32)


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
@pytest.mark.parametrize("loop", [0, 2, 3])
def test_the_loop_count_is_kept(tmp_path: Path, suffix: str, loop: int) -> None:
    target = tmp_path / f"a{suffix}"
    with open_writer(target, PACE, settings=EncodingSettings(loop=loop)) as writer:
        for frame in timeline([STEP] * 3):
            writer.add(frame)
    assert open_reader(target).clip.loop == loop


@pytest.mark.skipif(browser.found() is None, reason="no browser is installed")
def test_a_browser_plays_every_format_as_often_as_was_told(tmp_path: Path) -> None:
    page = browser.Browser(str(browser.found()))
    (tmp_path / "page.html").write_text("<p>")
    try:
        page.open(tmp_path / "page.html")
        for kind, suffix in (("gif", ".gif"), ("webp", ".webp"), ("png", ".png")):
            for loop in (0, 1, 2, 3):
                target = tmp_path / f"{loop}{suffix}"
                with open_writer(target, PACE, settings=EncodingSettings(loop=loop)) as writer:
                    for frame in timeline([STEP] * 3):
                        writer.add(frame)
                packed = base64.b64encode(target.read_bytes()).decode()
                again = page.run(
                    "(async () => { const decoder = new ImageDecoder({"
                    f"type: 'image/{kind}', data: Uint8Array.from(atob('{packed}'), "
                    "one => one.charCodeAt(0))}); await decoder.tracks.ready;"
                    "await decoder.completed;"
                    "return String(decoder.tracks.selectedTrack.repetitionCount) })()"
                )
                assert again == ("Infinity" if loop == 0 else str(loop - 1)), target.name
    finally:
        page.close()


@pytest.mark.parametrize(
    ("suffix", "shown"), [(".gif", 655.35), (".webp", 700.0), (".apng", 700.0)]
)
def test_a_last_picture_is_shown_as_long_as_its_format_can(
    tmp_path: Path, suffix: str, shown: float
) -> None:
    first, last = timeline([STEP, Fraction(700)])
    with open_writer(target := tmp_path / f"a{suffix}", PACE) as writer:
        writer.add(first)
        writer.add(last)
    assert float(list(open_reader(target).frames())[-1].lasts) == shown
    assert any("655.35 s" in note for note in writer.notes) == (suffix == ".gif")


def test_a_picture_of_an_animated_png_may_be_shown_for_nine_hours_to_the_half_second(tmp_path):
    first, last = timeline([STEP, Fraction(65535, 2)])
    with open_writer(target := tmp_path / "a.apng", PACE) as writer:
        writer.add(first)
        writer.add(last)
    assert list(open_reader(target).frames())[-1].lasts == Fraction(65535, 2)


def test_lossless_webp_is_lossless(tmp_path: Path) -> None:
    frames = timeline([STEP] * 4, alpha=True)
    with open_writer(tmp_path / "a.webp", PACE, settings=EncodingSettings(lossless=True)) as writer:
        for frame in frames:
            writer.add(frame)
    back = open_reader(tmp_path / "a.webp").frames()
    assert all((b.image == f.image).all() for b, f in zip(back, frames, strict=True))
