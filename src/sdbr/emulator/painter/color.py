"""Colors as three floats from 0 to 255, and what mixes them."""

from __future__ import annotations

import colorsys

Color = tuple[float, float, float]


def parse(text: str) -> Color:
    """The color of `#rrggbb`."""
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return float(red), float(green), float(blue)


def mix(first: Color, second: Color, share: float) -> Color:
    """From `first` (share 0) to `second` (share 1)."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return red, green, blue


def turned(color: Color, degrees: float, saturation: float = 1.0) -> Color:
    """The color with its hue turned round the circle and its saturation multiplied."""
    hue, light, depth = colorsys.rgb_to_hls(*(part / 255 for part in color))
    red, green, blue = colorsys.hls_to_rgb(
        (hue + degrees / 360) % 1.0, light, min(1.0, depth * saturation)
    )
    return red * 255, green * 255, blue * 255


def toned(color: Color, lightness: float) -> Color:
    """The color with its lightness multiplied."""
    hue, light, depth = colorsys.rgb_to_hls(*(part / 255 for part in color))
    red, green, blue = colorsys.hls_to_rgb(hue, min(1.0, light * lightness), depth)
    return red * 255, green * 255, blue * 255


def luminance(color: Color) -> float:
    """Rec. 601 luma, 0 to 255."""
    return 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]


def whole(color: Color) -> tuple[int, int, int]:
    """The color as Pillow takes it."""
    red, green, blue = (max(0, min(255, round(part))) for part in color)
    return red, green, blue
