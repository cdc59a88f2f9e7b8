"""Bars that are brought from SDR to HDR here, by the published formulas, come back as they were."""

from __future__ import annotations

from collections.abc import Callable
from colorsys import rgb_to_hsv
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from av.video.reformatter import Colorspace

from sdbr.media.clip import Pixels
from sdbr.media.open import open_reader
from tests.media.made_clips import Film, make_film

Floats = npt.NDArray[np.float64]

PQ, HLG, SDR = 16, 18, 14
# Gray, skin, and the saturated colors at three quarters of an SDR screen's signal.
BARS = np.array(
    [
        *([191, 191, 191], [102, 102, 102], [191, 140, 115]),
        *([191, 191, 0], [0, 191, 191], [0, 191, 0], [191, 0, 191], [191, 0, 0], [0, 0, 191]),
    ]
)
TO_BT2020 = [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]
"""ITU-R BT.2087."""
TO_P3 = [[0.8225, 0.1775, 0.0], [0.0332, 0.9668, 0.0], [0.0171, 0.0724, 0.9105]]
"""SMPTE EG 432-1, from its primaries and BT.709's."""


def pq(nits: Floats) -> Floats:
    """SMPTE ST 2084."""
    power = (nits / 10000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def hlg(nits: Floats) -> Floats:
    """ITU-R BT.2100 for a screen of 1000 cd/m², with its system gamma in each channel."""
    scene = (nits / 1000) ** (1 / 1.2)
    high = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), high)


def bt1886(nits: Floats) -> Floats:
    return (nits / 203) ** (1 / 2.4)


CURVES: dict[int, Callable[[Floats], Floats]] = {PQ: pq, HLG: hlg, SDR: bt1886}


def read_back(
    folder: Path,
    bars: npt.ArrayLike,
    curve: int,
    *,
    brightness: float = 1.0,
    primaries: int = 9,
    pix_fmt: str = "yuv420p10le",
) -> tuple[Pixels, tuple[str, ...]]:
    """Film the bars, SDR levels, so many times as bright; the middle of each, as it is read."""
    light = (np.asarray(bars) / 255) ** 2.4 @ np.array(TO_P3 if primaries == 12 else TO_BT2020).T
    signal = CURVES[curve](np.clip(light, 0, None) * brightness * 203)
    white = 255 * 256  # To swscale, which encodes it.
    picture = np.repeat(np.rint(signal * white).astype(np.uint16)[None], 16, axis=1)
    tags = {"colorspace": 9, "color_primaries": primaries, "color_trc": curve}
    film = Film("ffv1", pix_fmt, (Fraction(0),), Fraction(1, 1000), Colorspace.BT2020, tags)
    path = make_film(folder / "bars.mkv", film, [np.repeat(picture, 8, axis=0)])
    reader = open_reader(path)
    image = next(reader.frames()).image
    assert (image == image[0]).all(), "lines of one pixel"
    return image[4, 8::16], reader.notes


@pytest.mark.parametrize("curve", [PQ, HLG], ids=["PQ", "HLG"])
def test_hdr_film_of_sdr_bars_shows_the_bars(tmp_path: Path, curve: int) -> None:
    shown, notes = read_back(tmp_path, BARS, curve)
    assert np.abs(shown.astype(int) - BARS)[BARS > 0].max() <= 1
    assert shown[BARS == 0].max() <= 12  # A step of ten bits, where levels are close together.
    assert np.abs(shown.astype(int) - BARS).mean() < 1
    assert notes == ("The video is HDR: its colors were tone-mapped to SDR.",)


@pytest.mark.parametrize("curve", [PQ, HLG], ids=["PQ", "HLG"])
def test_what_is_brighter_than_white_keeps_hue_and_order_of_saturation(
    tmp_path: Path, curve: int
) -> None:
    orange = np.array([[191, 160, 140], [191, 120, 80], [191, 90, 40]])
    shown, _ = read_back(tmp_path, orange, curve, brightness=4)
    before, after = ([rgb_to_hsv(*color) for color in bars / 255] for bars in (orange, shown))
    assert [hue for hue, _, _ in after] == pytest.approx([hue for hue, _, _ in before], abs=0.01)
    saturations = [saturation for _, saturation, _ in after]
    assert saturations == sorted(saturations)
    assert saturations == pytest.approx([saturation for _, saturation, _ in before], abs=0.02)


@pytest.mark.parametrize("curve", [PQ, HLG], ids=["PQ", "HLG"])
def test_highlights_stay_apart_up_to_the_peak(tmp_path: Path, curve: int) -> None:
    """Diffuse white is 203 cd/m² (ITU-R BT.2408), and a screen of HLG ends at 1000."""
    white = np.full((1, 3), 255)
    levels = [
        read_back(tmp_path, white, curve, brightness=nits / 203)[0][0].tolist()
        for nits in (203, 400, 700, 1000)
    ]
    assert levels[0] == [239] * 3
    assert levels[-1] == [255] * 3
    assert levels == sorted(levels)
    assert len({level[0] for level in levels}) == 4


@pytest.mark.parametrize("primaries", [9, 12], ids=["BT.2020", "Display P3"])
def test_sdr_film_in_a_wide_gamut_is_converted(tmp_path: Path, primaries: int) -> None:
    shown, notes = read_back(tmp_path, BARS, SDR, primaries=primaries)
    assert np.abs(shown.astype(int) - BARS)[BARS > 0].max() <= 1
    assert np.abs(shown.astype(int) - BARS).mean() < 1
    assert not notes


def test_hdr_film_keeps_its_transparency(tmp_path: Path) -> None:
    shown, _ = read_back(tmp_path, BARS, HLG, pix_fmt="yuva444p10le")
    assert shown.shape == (9, 4)
    assert (shown[:, 3] == 255).all()
    assert np.abs(shown[:, :3].astype(int) - BARS).mean() < 1
