from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from sdbr.emulator.models import data
from sdbr.emulator.painter.landscape import text_picture
from sdbr.emulator.painter.styles import LOOKS, PRESETS, style_of
from sdbr.emulator.painter.words import tokens

PICTURE = text_picture("a lighthouse at dusk", "", 1, (192, 128))


def test_each_of_bedrocks_presets_has_a_style() -> None:
    assert set(data()["presets"]) == set(PRESETS) - {"blurred"}
    assert len(data()["presets"]) == 17


@pytest.mark.parametrize("name", sorted(PRESETS))
@pytest.mark.parametrize("size", [(192, 128), (65, 64)])
def test_a_style_keeps_the_size(name: str, size: tuple[int, int]) -> None:
    styled = PRESETS[name](PICTURE.resize(size))
    assert (styled.size, styled.mode) == (size, "RGB")


def test_no_two_presets_look_alike() -> None:
    looks = {name: np.asarray(style(PICTURE), np.float32) for name, style in PRESETS.items()}
    looks[""] = np.asarray(PICTURE, np.float32)
    near = {
        (one, other): float(np.abs(looks[one] - looks[other]).mean())
        for one, other in combinations(sorted(looks), 2)
    }
    assert min(near.values()) > 2, min(near, key=lambda pair: near[pair])


def test_the_preset_wins_over_a_word_of_the_prompt() -> None:
    words = tokens("a fox, oil painting")
    assert style_of(words, "anime") is PRESETS["anime"]
    assert style_of(words, "") is LOOKS["oil"]
    assert style_of(tokens("a fox"), "") is None


def test_pixel_art_is_made_of_blocks() -> None:
    pixels = np.asarray(PRESETS["pixel-art"](PICTURE))
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) < 2000
    assert (pixels[:, 1:] == pixels[:, :-1]).all(axis=2).mean() > 0.4


def test_line_art_is_dark_lines_on_light_paper() -> None:
    grey = np.asarray(PRESETS["line-art"](PICTURE).convert("L"))
    assert np.median(grey) > 220
    assert (grey < 80).mean() > 0.005


def test_a_woodcut_has_two_inks_that_move_with_the_picture() -> None:
    wide = text_picture("a lighthouse in the forest", "", 1, (400, 256))
    cuts = [
        np.asarray(LOOKS["woodcut"](wide.crop((left, 0, left + 384, 256))).convert("L"), np.float32)
        for left in (0, 12)
    ]
    ink, paper = (cuts[0] < 80).mean(), (cuts[0] > 180).mean()
    assert ink > 0.1
    assert paper > 0.1
    assert ink + paper > 0.75
    assert np.abs(cuts[0][32:-32, 44:-32] - cuts[1][32:-32, 32:-44]).mean() < 3


def test_a_woodcuts_warm_colors_stand_out_from_cold_ones_as_dark() -> None:
    warm, cold = Image.new("RGB", (256, 256), "#d9652a"), Image.new("RGB", (256, 256), "#3c7c8c")
    light = [np.asarray(LOOKS["woodcut"](it).convert("L")).mean() for it in (warm, cold)]
    assert light[0] > light[1] + 30
