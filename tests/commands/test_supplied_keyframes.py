"""Keyframes that the user supplies: never sent, never paid for, and shown as they are."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFilter, ImageOps

from tests.commands.clip_runs import frames, invocations
from tests.commands.test_vid2vid_calls import shots_in

SEED = ("--seed", "7")
EVERY = ("--keyframes", "every:4")  # Frames 1, 5 and 9 of each shot of nine.


@pytest.fixture
def clip(workspace):
    return shots_in(workspace, count=1)


@pytest.fixture
def painted(sdbr, clip, emulator):  # noqa: ARG001
    """The exported keyframes, each painted over."""
    paths = sdbr("vid2vid", clip, *EVERY, "--export-keyframes", "painted").paths
    for path in paths:
        paint(path)
    return paths


def paint(path: Path, to: Path | None = None) -> Path:
    with Image.open(path) as image:
        red, green, blue = ImageOps.mirror(image.convert("RGB")).split()
        brushed = Image.merge("RGB", (blue, red, green)).filter(ImageFilter.GaussianBlur(2))
        brushed.save(to or path)
    return to or path


def likeness(frame, path):
    """The SSIM of a frame to a picture (Wang et al. 2004), in gray."""
    with Image.open(path) as image:
        pair = [
            np.asarray(Image.fromarray(frame).convert("L"), float),
            np.asarray(image.convert("L"), float),
        ]

    def mean(values):
        return cv2.GaussianBlur(values, (11, 11), 1.5)

    a, b = map(mean, pair)
    aa, bb, ab = (
        mean(x * y) - mean(x) * mean(y) for x, y in ((pair[0],) * 2, (pair[1],) * 2, pair)
    )
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return ((2 * a * b + c1) * (2 * ab + c2) / ((a**2 + b**2 + c1) * (aa + bb + c2))).mean()


def test_exported_keyframes_are_the_source_frames_that_would_be_sent(sdbr, clip, emulator):
    ran = sdbr("vid2vid", clip, *EVERY, "--export-keyframes", "painted")
    assert ran.code == 0, ran.errors
    assert [path.name for path in ran.paths] == [
        "000001-0.000s.png",
        "000005-0.160s.png",
        "000009-0.320s.png",
    ]
    assert not invocations(emulator)
    assert "--keyframes-from 'painted'" in ran.errors
    sources = frames(clip)
    for path, number in zip(ran.paths, (0, 4, 8), strict=True):
        assert np.array_equal(np.asarray(Image.open(path)), sources[number].image)


@pytest.mark.parametrize(("rule", "count"), [("all", 18), ("every:8", 4), ("auto:fine", None)])
def test_as_many_are_exported_as_the_price_counts(sdbr, workspace, emulator, rule, count):
    flags = ("vid2vid", shots_in(workspace), "ink", "--keyframes", rule)
    (line,) = sdbr(*flags, "--dry-run", "--json").lines
    ran = sdbr(*flags, "--export-keyframes", "painted", "--json")
    told = [json.loads(one) for one in ran.lines]
    assert [one["frame"] for one in told] == json.loads(line)["keyframes"]
    assert count in (None, len(told))
    assert {one["cost"] for one in told} == {0}
    assert not invocations(emulator)


def test_a_second_export_keeps_what_was_painted_and_says_so(sdbr, clip, painted):
    before = painted[1].read_bytes()
    painted[2].unlink()
    ran = sdbr("vid2vid", clip, *EVERY, "--export-keyframes", "painted")
    assert ran.paths == painted
    assert painted[1].read_bytes() == before
    assert [p.name in ran.errors for p in painted] == [True, True, False]
    sdbr("vid2vid", clip, *EVERY, "--export-keyframes", "painted", "--overwrite")
    assert painted[1].read_bytes() != before


def test_with_every_keyframe_supplied_nothing_is_sent_and_no_account_is_needed(
    sdbr, clip, painted, emulator, monkeypatch
):
    for name in emulator.environment():
        monkeypatch.delenv(name)
    ran = sdbr("vid2vid", clip, *EVERY, "--keyframes-from", "painted", "--json")
    assert ran.code == 0, ran.errors
    assert "9 frames: 3 keyframes, all supplied = 0.00 USD" in ran.errors
    assert not invocations(emulator)
    told = json.loads(ran.lines[0])
    assert (told["cost"], told["supplied"], told["keyframes"]) == (0, [1, 5, 9], [1, 5, 9])
    film = frames(told["path"])
    for path, number in zip(painted, (0, 4, 8), strict=True):
        kept = Image.open(f"generate/frames/clip/{number + 1:06d}.png")
        assert np.array_equal(np.asarray(kept), np.asarray(Image.open(path)))
        assert likeness(film[number].image, path) > 0.98


def test_only_keyframes_that_are_not_supplied_are_sent_and_paid_for(sdbr, clip, painted, emulator):
    painted[0].unlink()
    flags = ("vid2vid", clip, "ink", *SEED, *EVERY, "--keyframes-from", "painted", "--crf", "10")
    ran = sdbr(*flags, "--json")
    assert "3 keyframes, 2 supplied: 1 × 0.08 USD = 0.08 USD" in ran.errors
    told = json.loads(ran.lines[0])
    assert told["cost"] == pytest.approx(0.08)
    assert len(invocations(emulator)) == 1
    film = frames(told["path"])
    assert likeness(film[4].image, painted[1]) > 0.98
    assert likeness(film[8].image, painted[2]) > 0.98
    again = sdbr(*flags)
    assert "3 keyframes, 2 supplied, 1 cached = 0.00 USD" in again.errors
    assert len(invocations(emulator)) == 1


def test_a_supplied_frame_that_the_plan_would_not_draw_becomes_a_keyframe(sdbr, clip, painted):
    paint(painted[0], painted[0].with_name("3.png"))
    paint(painted[0], painted[0].with_name("0.24s.jpg"))
    (line,) = sdbr("vid2vid", clip, *EVERY, "--keyframes-from", "painted", "--json").lines
    assert json.loads(line)["supplied"] == [1, 3, 5, 7, 9]
    film = frames(json.loads(line)["path"])
    assert likeness(film[2].image, painted[0].with_name("3.png")) > 0.98


def test_with_every_frame_drawn_and_filtered_a_supplied_one_stays_as_it_is(sdbr, clip, painted):
    flags = (*SEED, "--keyframes", "all", "--keyframes-from", "painted", "--yes")
    ran = sdbr("vid2vid", clip, "ink", *flags)
    assert "9 frames, 3 supplied: 6 × 0.08 USD" in ran.errors
    assert likeness(frames(ran.paths[0])[4].image, painted[1]) > 0.98


def test_a_drawn_keyframe_that_was_retouched_takes_its_place(sdbr, clip, emulator, workspace):
    flags = ("vid2vid", clip, "ink", *EVERY)
    (first,) = sdbr(*flags).paths
    (workspace / "own").mkdir()
    own = paint(workspace / "generate/frames/clip/000005.png", workspace / "own/000005.png")
    sent, before = len(invocations(emulator)), first.read_bytes()
    ran = sdbr(*flags, "--keyframes-from", "own")
    assert "3 keyframes, 1 supplied, 2 cached = 0.00 USD" in ran.errors
    assert len(invocations(emulator)) == sent == 3
    assert ran.paths == [first]
    assert likeness(frames(first)[4].image, own) > 0.98
    (kept,) = {*first.parent.glob("clip-*.mp4")}
    assert kept.read_bytes() == before
    assert sdbr(*flags).paths == [first]
    assert first.read_bytes() == before


@pytest.mark.parametrize(
    ("size", "suffix"), [((192, 128), "webp"), ((48, 32), "tif"), ((100, 100), "bmp")]
)
def test_pictures_of_any_size_and_format_are_fitted(sdbr, clip, painted, size, suffix):
    other = painted[1].with_suffix(f".{suffix}")
    with Image.open(painted[1]) as image:
        image.resize(size, Image.Resampling.LANCZOS).save(other)
    painted[1].unlink()
    ran = sdbr("vid2vid", clip, *EVERY, "--keyframes-from", "painted")
    assert ran.code == 0, ran.errors
    assert frames(ran.paths[0])[4].image.shape == frames(clip)[4].image.shape


@pytest.mark.usefixtures("emulator")
def test_transparent_parts_are_laid_on_the_background(sdbr, clip, painted):
    hole = Image.new("RGBA", (160, 96), (0, 0, 0, 0))
    hole.paste((0, 0, 200, 255), (0, 0, 80, 96))
    hole.save(painted[0])
    flags = ("--keyframes-from", "painted", "--background", "#ff0000")
    assert sdbr("vid2vid", clip, *EVERY, *flags).code == 0
    shown = np.asarray(Image.open("generate/frames/clip/000001.png"))
    assert shown[48, 120].tolist() == [255, 0, 0]
    assert shown[48, 40].tolist() == [0, 0, 200]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("000010.png", "is for frame 10, but 9 frames"),
        ("0.png", "is for frame 0, but 9 frames"),
        ("1.5s.png", "is for 1.5 s, but the frames used are from 0.000 to 0.360 s"),
        ("final.png", "does not name a frame"),
        ("5.jpg", "are both for frame 5"),
        ("000003-0.160s.png", "frame 3 is at 0.080 s, not at 0.16 s"),
    ],
)
def test_a_name_of_no_frame_is_refused_before_anything_is_sent(
    sdbr, clip, painted, emulator, name, why
):
    paint(painted[0], painted[0].with_name(name))
    painted[0].unlink()
    ran = sdbr("vid2vid", clip, "ink", *EVERY, "--keyframes-from", "painted", "--yes")
    assert ran.code == 3
    assert why in ran.failure
    assert not invocations(emulator)


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", b"no picture"])
def test_a_file_that_is_no_picture_is_refused_before_anything_is_sent(
    sdbr, clip, painted, emulator, data
):
    painted[0].unlink()
    painted[2].write_bytes(data)
    ran = sdbr("vid2vid", clip, "ink", *EVERY, "--keyframes-from", "painted", "--yes")
    assert ran.code == 3
    assert painted[2].name in ran.failure
    assert not invocations(emulator)


@pytest.mark.parametrize("folder", ["missing", "clip.mp4", "empty"])
def test_a_folder_without_pictures_is_refused(sdbr, clip, workspace, emulator, folder):
    (workspace / "empty").mkdir()
    ran = sdbr("vid2vid", clip, "ink", "--keyframes-from", folder, "--yes")
    assert ran.code == 3
    assert folder in ran.failure
    assert not invocations(emulator)


def test_without_a_prompt_what_is_not_supplied_is_refused(sdbr, clip, painted, emulator):
    painted[0].unlink()
    ran = sdbr("vid2vid", clip, *EVERY, "--keyframes-from", "painted", "--yes")
    assert ran.code == 2
    missing = f"1 keyframe missing from --keyframes-from: {painted[0].name}. Add it, or a prompt."
    assert missing in ran.failure
    assert not invocations(emulator)


def test_a_redraw_leaves_supplied_keyframes(sdbr, clip, painted, emulator):
    painted[0].unlink()
    flags = ("vid2vid", clip, "ink", *SEED, *EVERY, "--keyframes-from", "painted")
    sdbr(*flags)
    ran = sdbr(*flags, "--redraw", "1,2")
    assert "Keyframe 2 is supplied, so it is not regenerated." in ran.errors
    assert "Keyframe 1" not in ran.errors
    assert len(invocations(emulator)) == 2
    sdbr(*flags, "--redraw", "2")
    assert len(invocations(emulator)) == 2


def test_the_cap_counts_only_what_is_paid_for(sdbr, clip, painted, emulator):
    painted[0].unlink()
    flags = ("vid2vid", clip, "ink", *SEED, *EVERY, "--keyframes-from", "painted")
    assert sdbr(*flags, "--max-cost", "0.08").code == 0
    assert len(invocations(emulator)) == 1


def test_the_contact_sheet_of_a_review_costs_only_the_others(sdbr, clip, painted, emulator):
    painted[0].unlink()
    flags = ("vid2vid", clip, "ink", *SEED, *EVERY, "--keyframes-from", "painted", "--review")
    ran = sdbr(*flags)
    assert ran.code == 0, ran.errors
    assert len(invocations(emulator)) == 1


def test_a_picture_that_was_not_painted_over_is_told(sdbr, clip, painted):
    sdbr("vid2vid", clip, *EVERY, "--export-keyframes", "painted", "--overwrite")
    paint(painted[0])
    ran = sdbr("vid2vid", clip, *EVERY, "--keyframes-from", "painted")
    assert "2 supplied keyframes identical to the source: 000005-0.160s.png, 000009" in ran.errors


@pytest.mark.usefixtures("emulator")
def test_a_replay_uses_the_same_pictures_or_says_that_they_changed(sdbr, clip, painted):
    (result,) = sdbr("vid2vid", clip, *EVERY, "--keyframes-from", "painted").paths
    before = result.read_bytes()
    told = sdbr("inspect", str(result)).lines
    assert sum(line.strip().startswith("keyframe: ") for line in told) == 3
    assert sdbr("replay", str(result)).paths == [result]
    assert result.read_bytes() == before
    extra = paint(painted[0], painted[0].with_name("3.png"))
    assert "other keyframes" in sdbr("replay", str(result)).failure
    extra.unlink()
    paint(painted[1])
    ran = sdbr("replay", str(result))
    assert ran.code == 3
    assert painted[1].name in ran.failure


def test_the_ledger_and_the_report_tell_of_supplied_keyframes(sdbr, clip, painted, workspace):
    painted[0].unlink()
    sdbr("vid2vid", clip, "ink", *SEED, *EVERY, "--keyframes-from", "painted")
    with sqlite3.connect(workspace / ".sdbr/ledger.db") as ledger:
        ((supplied,),) = ledger.execute("SELECT supplied FROM runs").fetchall()
    assert supplied == 2
    assert "2 supplied" in "".join(sdbr("ledger").lines)
    (page,) = sdbr("report", "last", "-o", "page.html").paths
    text = page.read_text("utf-8")
    assert "Supplied: frames 5, 9." in text
    assert "0.08 USD for 1 generated frame" in text
