from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pytest

from sdbr.emulator.painter import paint
from sdbr.emulator.painter.landscape import text_picture
from sdbr.emulator.painter.order import Order
from sdbr.emulator.painter.subjects import PLACES, shape
from sdbr.emulator.painter.words import read, vocabulary

SIZE = (160, 112)
Floats = npt.NDArray[np.float32]


def pixels(prompt: str, seed: int = 1, negative: str = "") -> Floats:
    return np.asarray(text_picture(prompt, negative, seed, SIZE), np.float32)


def difference(first: Floats, second: Floats) -> float:
    return float(np.abs(first - second).mean())


@pytest.mark.parametrize("size", [(1536, 640), (640, 1536), (97, 61), (64, 64), (5, 3)])
def test_a_picture_has_the_size_asked_for(size: tuple[int, int]) -> None:
    assert text_picture("a lighthouse at dusk", "", 1, size).size == size


def test_the_same_order_gives_the_same_bytes_on_every_thread() -> None:
    order = Order(prompt="a fox in a snowy forest", seed=7, size=SIZE, style="anime")
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(paint, [order] * 8))) == 1


def test_the_same_order_gives_the_same_bytes_in_every_process() -> None:
    code = (
        "import hashlib\n"
        "from sdbr.emulator.painter import paint\n"
        "from sdbr.emulator.painter.order import Order\n"
        "order = Order(prompt='city, sea and fox at night', seed=7, size=(160, 112))\n"
        "print(hashlib.sha256(paint(order)).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_the_seed_moves_the_composition() -> None:
    assert difference(pixels("a lighthouse at dusk", 1), pixels("a lighthouse at dusk", 2)) > 4


def test_the_prompt_decides_the_light() -> None:
    assert pixels("mountains at night").mean() < 60 < 120 < pixels("mountains at noon").mean()


def test_a_colour_in_the_prompt_tints_the_picture() -> None:
    red, blue = pixels("a red meadow"), pixels("a blue meadow")
    assert red[:, :, 0].mean() - red[:, :, 2].mean() > blue[:, :, 0].mean() - blue[:, :, 2].mean()


def test_the_negative_prompt_takes_its_subject_out_and_shifts_the_rest_a_little() -> None:
    assert read("a fox in a forest", "fox").subjects == ()
    plain, shifted = pixels("a forest at dusk"), pixels("a forest at dusk", negative="blurry")
    assert 0 < difference(plain, shifted) < 25


def test_plurals_and_capitals_are_understood() -> None:
    assert read("Foxes and POPPIES").subjects == ("fox", "flower")


@pytest.mark.parametrize("name", sorted(PLACES))
def test_every_subject_can_be_seen(name: str) -> None:
    word = vocabulary()["subjects"][name][-1]
    assert name in read(word).subjects
    parts = shape("oak" if name == "blossom" else name)
    with_it, without = pixels(f"hills, {word}"), pixels(f"hills, {word}", negative=word)
    assert parts
    assert difference(with_it, without) > 0.5


@pytest.mark.parametrize("scene", sorted(vocabulary()["scenes"]))
def test_every_scene_can_be_painted(scene: str) -> None:
    word = vocabulary()["scenes"][scene][0]
    assert pixels(word).std() > 5


def test_a_portrait_has_a_face_in_the_middle() -> None:
    red, green, blue = pixels("portrait of a woman at noon")[50:62, 72:88].mean((0, 1))
    assert red > green > blue
