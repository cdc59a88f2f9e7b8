"""Which pictures of a clip are asked for, and how many: never more than was said."""

from __future__ import annotations

import base64
import json
import re
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.commands.clip_runs import invocations
from tests.media.made_clips import Film, make_film
from tests.motion.scenes import pan

SEED = ("--seed", "7")


def shots_in(folder, count=2, length=9):
    """Write a clip of so many shots and return its name."""
    shots = [frame for seed in range(count) for frame in pan(length, step=1, seed=seed + 2)]
    times = tuple(Fraction(i, 25) for i in range(len(shots)))
    make_film(folder / "clip.mp4", Film(times=times), shots)
    return "clip.mp4"


def noise_in(folder, length, seed=1):
    """Write a clip in which no frame explains another, and return its name."""
    rng = np.random.default_rng(seed)
    noise = [rng.integers(0, 255, (64, 96, 3), np.uint8) for _ in range(length)]
    times = tuple(Fraction(i, 25) for i in range(length))
    make_film(folder / "clip.mp4", Film(times=times), noise)
    return "clip.mp4"


def sent_images(emulator):
    return [record.body["image"] for record in invocations(emulator)]


def pixels(image):
    return np.asarray(Image.open(BytesIO(base64.b64decode(image))).convert("RGB")).astype(int)


def test_after_a_cut_a_shot_starts_from_its_source_alone(sdbr, emulator, workspace):
    flags = ("vid2vid", shots_in(workspace), "ink", *SEED, "--keyframes", "every:4", "--json")
    (line,) = sdbr(*flags, "--workers", "1").lines
    assert json.loads(line)["keyframes"] == [1, 5, 9, 10, 14, 18]
    alone = sent_images(emulator)
    assert len(alone) == 6
    onward = sdbr(*flags, "--init", "from-previous", "--feedback", "0.8")
    assert "6 keyframes, 2 cached: 4 ×" in onward.errors
    mixed = sent_images(emulator)[6:]
    assert len(mixed) == 4
    assert not set(mixed) & set(alone)


def test_the_more_feedback_the_more_of_the_last_result_is_sent(sdbr, emulator, workspace):
    flags = ("vid2vid", shots_in(workspace, count=1), "ink", *SEED, "--keyframes", "every:8")
    assert sdbr(*flags).code == 0
    for share in ("0.2", "0.7"):
        assert sdbr(*flags, "--init", "from-previous", "--feedback", share).code == 0
    _, alone, little, much = (pixels(image) for image in sent_images(emulator))
    assert 5 < np.abs(little - alone).mean() < np.abs(much - alone).mean() / 2
    assert sdbr(*flags, "--init", "from-previous", "--feedback", "0.2").code == 0
    assert len(invocations(emulator)) == 4


@pytest.mark.parametrize(
    ("length", "every", "planned", "extra"), [(12, 11, 2, 2), (25, 3, 9, 2), (25, 2, 13, 3)]
)
def test_a_frame_that_nothing_explains_is_drawn_as_long_as_there_are_few_of_them(
    sdbr, emulator, workspace, length, every, planned, extra
):
    flags = (noise_in(workspace, length), "ink", *SEED, "--keyframes", f"every:{every}", "--yes")
    ran = sdbr("vid2vid", *flags, "--json")
    assert ran.code == 0, ran.errors
    told = json.loads(ran.lines[0])
    assert len(told["keyframes"]) == planned
    assert len(invocations(emulator)) == told["drawn"] == planned + extra
    (most,) = re.findall(r"up to (\S+) USD more where optical flow", ran.errors)
    assert told["cost"] == pytest.approx(0.08 * (planned + extra))
    assert float(most) == pytest.approx(0.08 * extra)
    page = Path(sdbr("report").lines[0]).read_text("utf-8")
    drawn, saved = planned + extra, 0.08 * (length - planned - extra)
    assert f"{0.08 * drawn:.2f} USD for {drawn} generated frames" in page
    assert f"{saved:.2f} by keyframes" in page
    assert f"{saved:.2f} USD compared with generating all {length} frames" in page


@pytest.mark.parametrize(
    ("agreed", "calls"),
    [
        (("--max-cost", "0.16"), 2),
        (("--max-cost", "0.23"), 2),
        (("--max-cost", "0.24"), 3),
        (("--ask-above", "0.16"), 2),
        (("--ask-above", "0.24"), 3),
        (("--ask-above", "9"), 4),
        (("--yes", "--max-cost", "0.24"), 3),
    ],
)
def test_no_more_is_drawn_than_was_agreed_to(sdbr, emulator, workspace, agreed, calls):
    flags = (noise_in(workspace, 12), "ink", *SEED, "--keyframes", "every:11", *agreed)
    ran = sdbr("vid2vid", *flags, "--json")
    assert ran.code == 0, ran.errors
    assert len(invocations(emulator)) == json.loads(ran.lines[0])["drawn"] == calls


def test_two_clips_share_what_may_be_spent(sdbr, emulator, workspace):
    names = []
    for seed, folder in enumerate("ab"):
        (workspace / folder).mkdir()
        names.append(f"{folder}/{noise_in(workspace / folder, 12, seed)}")
    flags = ("ink", *SEED, "--keyframes", "every:11", "--max-cost", "0.40")
    assert sdbr("vid2vid", *names, *flags).code == 0
    assert len(invocations(emulator)) == 5
