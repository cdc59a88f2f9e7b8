"""ICC profiles of what a PNG says of its colors in chunks, for LittleCMS to read."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

SRGB_POINTS = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
"""White, red, green and blue as x, y."""

_SRGB_GAMMA, _NEAR = 1 / 2.2, 0.05  # As in libpng: what is so near to sRGB's means sRGB's curve.
# The white that profiles are relative to, and the matrix that adapts to it (ICC.1, annex E).
_D50 = np.array((0.9642, 1.0, 0.8249))
_BRADFORD = np.array(
    ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
)
# g, a, b, c, d of the curve (ax + b)^g from d up and cx below (IEC 61966-2-1).
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def profile_of_chunks(info: Mapping[str | tuple[int, int], object]) -> bytes | None:
    """Return a profile of what Pillow read from gAMA and cHRM; None where these say nothing."""
    gamma, points = info.get("gamma"), info.get("chromaticity")
    if "srgb" in info or (gamma is None and points is None):
        return None
    if not isinstance(gamma, float) or abs(gamma / _SRGB_GAMMA - 1) <= _NEAR:
        gamma = None
    try:
        return matrix_profile(
            gamma, points if isinstance(points, tuple) else SRGB_POINTS, "gAMA, cHRM"
        )
    except (ValueError, ArithmeticError, struct.error):
        return None


def matrix_profile(
    gamma: float | None, points: Sequence[float] = SRGB_POINTS, title: str = ""
) -> bytes:
    """Return a profile of RGB whose values are light to the power of `gamma`; None is sRGB's curve.

    `points` are the x and y of white, red, green and blue. Raises ValueError where they span no
    colors, ArithmeticError or struct.error where a number is none of an eye's.
    """
    kind, parameters = (3, _SRGB_CURVE) if gamma is None else (0, (1 / gamma,))
    curve = b"para" + struct.pack(">4xH2x", kind) + _fixed(*parameters)
    words = title.encode("utf-16-be")
    text = b"mluc" + struct.pack(">4xII4sII", 1, 12, b"enUS", len(words), 28) + words
    red, green, blue = (b"XYZ " + bytes(4) + _fixed(*column) for column in _colorants(points).T)
    return _assembled(
        {b"desc": text, b"cprt": text, b"wtpt": b"XYZ " + bytes(4) + _fixed(*_D50)}
        | {b"rXYZ": red, b"gXYZ": green, b"bXYZ": blue}
        | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    )


def _colorants(points: Sequence[float]) -> npt.NDArray[np.float64]:
    """The XYZ of red, green and blue as columns, under D50."""
    x, y = np.array(points, np.float64).reshape(4, 2).T
    with np.errstate(all="raise"):
        xyz = np.stack([x / y, np.ones(4), (1 - x - y) / y])
    white, primaries = xyz[:, 0], xyz[:, 1:]
    adapted = np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white))
    to_d50 = np.linalg.inv(_BRADFORD) @ adapted @ _BRADFORD
    return np.asarray(to_d50 @ primaries * np.linalg.solve(primaries, white), np.float64)


def _fixed(*numbers: float) -> bytes:
    return struct.pack(f">{len(numbers)}i", *(round(65536 * number) for number in numbers))


def _assembled(tags: Mapping[bytes, bytes]) -> bytes:
    """A display profile of RGB in version 4.2 (ICC.1, section 7)."""
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(">I4xI", start + len(body), 0x04200000) + b"mntrRGB XYZ "
    header += bytes(12) + b"acsp" + bytes(28) + _fixed(*_D50)
    return header.ljust(128, b"\0") + table + body
