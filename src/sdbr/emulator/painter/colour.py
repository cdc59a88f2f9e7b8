"""Colours as three floats from 0 to 255, and what mixes them."""

from __future__ import annotations

import colorsys

Colour = tuple[float, float, float]


def parse(text: str) -> Colour:
    """The colour of `#rrggbb`."""
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return float(red), float(green), float(blue)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """From `first` (share 0) to `second` (share 1)."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return red, green, blue


def turned(colour: Colour, degrees: float, saturation: float = 1.0) -> Colour:
    """The colour with its hue turned round the circle and its saturation multiplied."""
    hue, light, depth = colorsys.rgb_to_hls(*(part / 255 for part in colour))
    red, green, blue = colorsys.hls_to_rgb(
        (hue + degrees / 360) % 1.0, light, min(1.0, depth * saturation)
    )
    return red * 255, green * 255, blue * 255


def toned(colour: Colour, lightness: float) -> Colour:
    """The colour with its lightness multiplied."""
    hue, light, depth = colorsys.rgb_to_hls(*(part / 255 for part in colour))
    red, green, blue = colorsys.hls_to_rgb(hue, min(1.0, light * lightness), depth)
    return red * 255, green * 255, blue * 255


def luminance(colour: Colour) -> float:
    """Rec. 601 luma, 0 to 255."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def whole(colour: Colour) -> tuple[int, int, int]:
    """The colour as Pillow takes it."""
    red, green, blue = (max(0, min(255, round(part))) for part in colour)
    return red, green, blue
