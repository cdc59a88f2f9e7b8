"""What pictures say of their colors without a profile, and profiles of it for LittleCMS."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sdbr.media.color_codes import BT709, PRIMARIES, WIDE
from sdbr.media.formats import PNG_SIGNATURE, boxed_format, png_chunks

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_SRGB_POINTS = PRIMARIES[BT709]
_SRGB_GAMMA, _NEAR = 1 / 2.2, 0.05  # As in libpng: what is so near to sRGB's means sRGB's curve.
# The white that profiles are relative to, and the matrix that adapts to it (ICC.1, annex E).
_D50 = (0.9642, 1.0, 0.8249)
_BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
# g, a, b, c, d of the curve (ax + b)^g from d up and cx below (IEC 61966-2-1).
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)

# By H.273's numbers; the curves of video are shown as sRGB's.
_GAMMAS = {4: 1 / 2.2, 5: 1 / 2.8, 8: 1.0}
_BOX, _PROFILES = b"colrnclx", (b"colrprof", b"colrrICC")


class ColorCode(NamedTuple):
    """The H.273 numbers of a picture's primaries and curve."""

    primaries: int
    curve: int

    def profile(self) -> bytes | None:
        """Return a profile that says the same; None for sRGB, and where nothing is said."""
        if self.primaries not in WIDE and self.curve not in _GAMMAS:
            return None
        points, gamma = PRIMARIES.get(self.primaries, _SRGB_POINTS), _GAMMAS.get(self.curve)
        return matrix_profile(gamma, points, f"primaries {self.primaries}, curve {self.curve}")


def color_code(head: bytes) -> ColorCode | None:
    """Read cICP of a PNG, which goes before a profile, or nclx of an AVIF or HEIC without one."""
    if head.startswith(PNG_SIGNATURE):
        bodies = (head[c.start : c.end] for c in png_chunks(head) if c.name == b"cICP")
        body = next(bodies, b"")
        return ColorCode(body[0], body[1]) if len(body) == 4 else None
    at = head.find(_BOX) if boxed_format(head) else -1
    if at < 0 or any(profile in head for profile in _PROFILES):
        return None
    body = head[at + len(_BOX) :][:4]
    return ColorCode(*struct.unpack(">HH", body)) if len(body) == 4 else None


def profile_of_chunks(info: Mapping[str | tuple[int, int], object]) -> bytes | None:
    """Return a profile of what Pillow read from gAMA and cHRM; None where these say nothing."""
    gamma, points = info.get("gamma"), info.get("chromaticity")
    if "srgb" in info or (gamma is None and points is None):
        return None
    if not isinstance(gamma, float) or abs(gamma / _SRGB_GAMMA - 1) <= _NEAR:
        gamma = None
    try:
        return matrix_profile(
            gamma, points if isinstance(points, tuple) else _SRGB_POINTS, "gAMA, cHRM"
        )
    except (ValueError, ArithmeticError, struct.error):
        return None


def matrix_profile(
    gamma: float | None, points: Sequence[float] = _SRGB_POINTS, title: str = ""
) -> bytes:
    """Return a profile of RGB whose values are light to the power of `gamma`; None is sRGB's curve.

    `points` are the x and y of white, red, green and blue. Raises ValueError where they span no
    colors, ArithmeticError or struct.error where a number is none of an eye's.
    """
    kind, parameters = (3, _SRGB_CURVE) if gamma is None else (0, (1 / gamma,))
    curve = b"para" + struct.pack(">4xH2x", kind) + _fixed_point(*parameters)
    words = title.encode("utf-16-be")
    text = b"mluc" + struct.pack(">4xII4sII", 1, 12, b"enUS", len(words), 28) + words
    red, green, blue = (
        b"XYZ " + bytes(4) + _fixed_point(*column) for column in _colorants(points).T
    )
    return _assemble(
        {b"desc": text, b"cprt": text, b"wtpt": b"XYZ " + bytes(4) + _fixed_point(*_D50)}
        | {b"rXYZ": red, b"gXYZ": green, b"bXYZ": blue}
        | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    )


def _colorants(points: Sequence[float]) -> npt.NDArray[np.float64]:
    """The XYZ of red, green and blue as columns, under D50."""
    import numpy as np

    from sdbr.media.hdr import rgb_to_xyz

    xyz, bradford = rgb_to_xyz(points), np.array(_BRADFORD)
    adapted = np.diag((bradford @ _D50) / (bradford @ xyz.sum(axis=1)))
    return np.asarray(np.linalg.inv(bradford) @ adapted @ bradford @ xyz, np.float64)


def _fixed_point(*numbers: float) -> bytes:
    return struct.pack(f">{len(numbers)}i", *(round(65536 * number) for number in numbers))


def _assemble(tags: Mapping[bytes, bytes]) -> bytes:
    """A display profile of RGB in version 4.2 (ICC.1, section 7)."""
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(">I4xI", start + len(body), 0x04200000) + b"mntrRGB XYZ "
    header += bytes(12) + b"acsp" + bytes(28) + _fixed_point(*_D50)
    return header.ljust(128, b"\0") + table + body
