"""The numbers of ITU-T H.273 that pictures and film say their colors by, and what they mean."""

from __future__ import annotations

BT709, BT2020, DISPLAY_P3 = 1, 9, 12
PQ, HLG = 16, 18

PRIMARIES = {
    BT709: (0.3127, 0.3290, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060),
    BT2020: (0.3127, 0.3290, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    DISPLAY_P3: (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
}
"""White, red, green and blue as x, y (table 2)."""

WIDE = PRIMARIES.keys() - {BT709}
"""The primaries that show more colors than BT.709's."""


def is_hdr(curve: int) -> bool:
    """Tell whether a curve's number is that of PQ or HLG."""
    return curve in (PQ, HLG)


def is_wide(curve: int, primaries: int) -> bool:
    """Tell whether these numbers are those of HDR, of BT.2020 or of Display P3."""
    return is_hdr(curve) or primaries in WIDE
