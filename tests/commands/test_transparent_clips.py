"""Clips that are in part transparent: what is sent of them, and what is written."""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sdbr.media.clip import Pixels
from tests.commands.clip_runs import frames, invocations
from tests.media.made_clips import Film, make_film, picture

CLEAR = (slice(34, 42), slice(14, 18))
"""Where the clip is transparent in all its frames."""
IMAGES = [picture(number % 2, alpha=True) for number in range(8)]


@pytest.fixture
def clip(workspace: Path) -> str:
    film = Film("qtrle", "argb", tags={})
    return make_film(workspace / "clip.mov", film, IMAGES).name


def sent(emulator):
    image = base64.b64decode(invocations(emulator)[0].body["image"])
    small = Image.open(BytesIO(image)).convert("RGB").resize((96, 64))
    return np.asarray(small).astype(int)


@pytest.mark.parametrize(("color", "level"), [("black", 0), ("white", 255)])
def test_the_background_is_sent_and_written(sdbr, emulator, clip, color, level):
    told = ("--background", color, "--container", "mp4", "--strength", "0")
    ran = sdbr("vid2vid", clip, "ink", *told)
    assert ran.code == 0, ran.errors
    assert np.abs(sent(emulator)[CLEAR] - level).mean() < 6
    assert np.abs(frames(ran.paths[0])[3].image[CLEAR].astype(int) - level).mean() < 6


def test_another_background_is_another_request(sdbr, emulator, clip):
    calls = [0]
    for color in ("black", "white"):
        assert sdbr("vid2vid", clip, "ink", "--background", color, "--seed", "7").code == 0
        calls.append(len(invocations(emulator)))
    assert calls[0] < calls[1] < calls[2]


def test_an_unknown_background_is_refused_before_a_call(sdbr, emulator, clip):
    ran = sdbr("vid2vid", clip, "ink", "--background", "beautiful")
    assert ran.code == 2
    assert "'beautiful' is not a color" in ran.errors
    assert not invocations(emulator)


def alpha_error(path: str, wanted: list[Pixels]) -> float:
    shown = [frame.image[..., 3].astype(int) for frame in frames(path)]
    return float(np.mean([abs(a - b[..., 3]) for a, b in zip(shown, wanted, strict=True)]))


@pytest.mark.parametrize("container", [None, "mov", "webp", "apng", "frames"])
def test_a_transparent_clip_keeps_its_alpha(sdbr, clip, container):
    chosen = ("--container", container) if container else ()
    ran = sdbr("vid2vid", clip, "ink", "--offline", *chosen)
    assert ran.code == 0, ran.errors
    assert Path(ran.paths[0]).suffix == f".{container or 'webm'}".removesuffix(".frames")
    assert alpha_error(ran.paths[0], IMAGES) < 3
    assert "Transparent areas were filled" not in ran.errors
    assert ("is written as WebM" in ran.errors) == (container is None)


@pytest.mark.parametrize("told", [("--container", "mp4"), ("-o", "a.mp4"), ("--background", "red")])
def test_who_chooses_otherwise_gets_it_and_is_told(sdbr, clip, told):
    ran = sdbr("vid2vid", clip, "ink", "--offline", *told)
    assert Path(ran.paths[0]).suffix == ".mp4"
    assert "mp4 does not support transparency. Write .webm or .mov to keep it." in ran.errors


def test_alpha_that_hides_nothing_makes_a_plain_film(sdbr, workspace):
    film = Film("qtrle", "argb", tags={})
    opaque = [np.dstack([picture(n), np.full((64, 96), 255, np.uint8)]) for n in range(8)]
    make_film(workspace / "clip.mov", film, opaque)
    ran = sdbr("vid2vid", "clip.mov", "ink", "--offline", "-o", "a.mov")
    assert "Transparent" not in ran.errors
    assert frames(ran.paths[0])[0].image.shape[2] == 3
    assert Path(sdbr("vid2vid", "clip.mov", "ink", "--offline").paths[0]).suffix == ".mp4"


@pytest.mark.parametrize("container", [None, "gif"])
def test_a_removed_background_is_transparent_in_every_frame(sdbr, workspace, container):
    """The emulator takes what is like the border for the background."""
    ball = [np.full((64, 96, 3), 235, np.uint8) for _ in range(8)]
    for number, image in enumerate(ball):
        image[20:44, 20 + 4 * number : 44 + 4 * number] = (200, 30, 20)
    make_film(workspace / "clip.mp4", Film(), ball)
    chosen = ("--container", container) if container else ()
    ran = sdbr("vid2vid", "clip.mp4", "--model", "remove-background", "--offline", *chosen)
    assert ran.code == 0, ran.errors
    assert Path(ran.paths[0]).suffix == f".{container or 'webm'}".removesuffix(".frames")
    for number, frame in enumerate(frames(ran.paths[0])):
        alpha = frame.image[..., 3]
        assert alpha[24:40, 24 + 4 * number : 40 + 4 * number].min() > 240
        assert alpha[:8].max() < 16
        assert alpha[24:40, :12].max() < 16


def test_keyframes_of_a_removed_background_are_refused(sdbr, emulator, clip):
    ran = sdbr("vid2vid", clip, "--model", "remove-background", "--keyframes", "every:4")
    assert ran.code == 2
    assert "generates each frame from the source, so --keyframes has no effect" in ran.errors
    assert not invocations(emulator)
