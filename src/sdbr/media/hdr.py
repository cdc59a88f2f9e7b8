"""HDR (PQ, HLG) and wide gamuts, brought to what BT.709 shows on a usual screen."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sdbr.media.clip import Pixels
from sdbr.media.color_codes import BT709, BT2020, HLG, PQ, PRIMARIES, is_hdr

Depth = npt.NDArray[np.uint16]
_Floats = npt.NDArray[np.float64]
_Singles = npt.NDArray[np.float32]

# In cd/m²: diffuse white (ITU-R BT.2408), and what an HLG screen shows at most (BT.2100).
_WHITE, _PEAK = 203, 1000
_MOST = 50  # Diffuse whites: what PQ can say.
# Mobius leaves darker colors as they are. Diffuse white comes to level 239, the peak to 255.
_KNEE = 0.7
_SCREEN_GAMMA = 2.4  # ITU-R BT.1886
_LAST = 65535
_ROWS = 16  # As much as stays in the processor's cache: whole frames took half as long again.


def in_bt709(planes: Sequence[Depth], curve: int, primaries: int, white: int = _LAST) -> Pixels:
    """Return red, green and blue, 0 to `white` in 16 bits each, as 8-bit RGB in BT.709.

    Within a level of what zimg and FFmpeg's vf_tonemap make of it with `zscale=t=linear:npl=203,
    format=gbrpf32le,zscale=p=bt709,tonemap=mobius:param=0.7:peak=4.926:desat=0,zscale=t=bt709`.
    """
    known = PRIMARIES.get(primaries, PRIMARIES[BT2020])
    matrix = np.linalg.inv(rgb_to_xyz(PRIMARIES[BT709])) @ rgb_to_xyz(known)
    matrix = matrix.astype(np.float32)
    light, gain, level = _tables(curve, white)
    height, width = planes[0].shape
    image = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, _ROWS):
        rows = slice(top, top + _ROWS)
        source = [light[plane[rows]] for plane in planes]
        channels = [sum(w * c for w, c in zip(row, source, strict=True)) for row in matrix]
        if is_hdr(curve):
            # The brightest channel decides for all three, which keeps the hue.
            brightest = np.maximum(np.maximum(channels[0], channels[1]), channels[2])
            factor = gain[_index(brightest / _MOST)]
            channels = [channel * factor for channel in channels]
        for number, channel in enumerate(channels):
            # By its root, because the levels of dark colors are close together.
            image[rows, :, number] = level[_index(np.sqrt(np.maximum(channel, 0)))]
    return image


def _index(values: _Singles) -> Depth:
    """The place in a table of values from 0 to 1; what is beyond is at its ends."""
    return np.clip(values * _LAST, 0, _LAST).astype(np.uint16)


@lru_cache(maxsize=2)
def _tables(curve: int, white: int) -> tuple[_Singles, _Singles, Pixels]:
    """In 65536 steps: the light of a signal, the tone curve's gain, and the level of a root."""
    signal = np.linspace(0, 1, _LAST + 1)
    light = np.maximum(signal * _MOST, 1 / _LAST)
    gain = _mobius(light) / light
    level = np.rint(255 * signal ** (2 / _SCREEN_GAMMA))
    return (
        _light(np.minimum(signal * _LAST / white, 1), curve).astype(np.float32),
        gain.astype(np.float32),
        level.astype(np.uint8),
    )


def _light(signal: _Floats, curve: int) -> _Floats:
    """The light that a screen gives for the signal; 1 is diffuse white (BT.2100, tables 4 and 5).

    HLG's system gamma of 1.2 is applied to each channel, as zimg does unless told otherwise: the
    scene in the look that an SDR camera gives it. Applied to luminance it would leave bars made
    from SDR pale: red at (184, 40, 30) in place of (191, 0, 0).
    """
    if curve == PQ:
        root = signal ** (32 / 2523)
        dark, bright = np.maximum(root - 3424 / 4096, 0), 2413 / 128 - 2392 / 128 * root
        return np.asarray(10000 / _WHITE * (dark / bright) ** (16384 / 2610), np.float64)
    if curve == HLG:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
        return np.asarray(_PEAK / _WHITE * scene**1.2, np.float64)
    return np.asarray(signal**_SCREEN_GAMMA, np.float64)


def _mobius(light: _Floats) -> _Floats:
    """The curve of that name in FFmpeg's vf_tonemap: linear up to the knee, 1 at the peak."""
    knee, peak = _KNEE, _PEAK / _WHITE
    a = -(knee**2) * (peak - 1) / (knee**2 - 2 * knee + peak)
    b = (knee**2 - 2 * knee * peak + peak) / (peak - 1)
    bent = (b**2 + 2 * b * knee + knee**2) / (b - a) * (light + a) / (light + b)
    return np.where(light <= knee, light, bent)


def rgb_to_xyz(points: Sequence[float]) -> _Floats:
    """Return the XYZ of red, green and blue as columns; their sum is white with a Y of 1.

    `points` are the x and y of white, red, green and blue. Raises ValueError where they span no
    colors, ArithmeticError where a number is none of an eye's.
    """
    x, y = np.array(points, np.float64).reshape(4, 2).T
    with np.errstate(all="raise"):
        xyz = np.stack([x / y, np.ones(4), (1 - x - y) / y])
    return np.asarray(xyz[:, 1:] * np.linalg.solve(xyz[:, 1:], xyz[:, 0]), np.float64)
