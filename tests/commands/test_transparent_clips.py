"""Clips that are in part transparent: what is sent of them, and what is written."""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.commands.clip_runs import frames, invocations
from tests.media.made_clips import Film, make_film, picture

CLEAR = (slice(34, 42), slice(14, 18))
"""Where the clip is transparent in all its frames."""


@pytest.fixture
def clip(workspace: Path) -> str:
    film = Film("qtrle", "argb", tags={})
    images = [picture(number % 2, alpha=True) for number in range(8)]
    return make_film(workspace / "clip.mov", film, images).name


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
    calls = []
    for color in ("black", "white", "black"):
        assert sdbr("vid2vid", clip, "ink", "--background", color, "--seed", "7").code == 0
        calls.append(len(invocations(emulator)))
    assert calls[0] < calls[1] == calls[2]


def test_an_unknown_background_is_refused_before_a_call(sdbr, emulator, clip):
    ran = sdbr("vid2vid", clip, "ink", "--background", "beautiful")
    assert ran.code == 2
    assert "'beautiful' is not a colour" in ran.errors
    assert not invocations(emulator)
