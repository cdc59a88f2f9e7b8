"""Styles: each turns a picture into one that looks drawn in another way.

`PRESETS` are Bedrock's seventeen; `LOOKS` are words of a prompt that ask for a style.
"""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

from sdbr.emulator.painter.styles import form, ink, paint

Style = Callable[[Image.Image], Image.Image]

BLURRED = "blurred"  # What a withheld picture looks like; no preset of Bedrock's.
PRESETS: dict[str, Style] = {
    "3d-model": form.model_3d,
    "analog-film": paint.analog_film,
    "anime": ink.anime,
    "cinematic": paint.cinematic,
    "comic-book": ink.comic_book,
    "digital-art": paint.digital_art,
    "enhance": paint.enhance,
    "fantasy-art": paint.fantasy_art,
    "isometric": form.isometric,
    "line-art": ink.line_art,
    "low-poly": form.low_poly,
    "modeling-compound": form.modeling_compound,
    "neon-punk": ink.neon_punk,
    "origami": form.origami,
    "photographic": paint.photographic,
    "pixel-art": form.pixel_art,
    "tile-texture": form.tile_texture,
    BLURRED: paint.blurred,
}
LOOKS: dict[str, Style] = {
    "woodcut": ink.woodcut,
    "linocut": ink.woodcut,
    "engraving": ink.woodcut,
    "etching": ink.woodcut,
    "watercolour": paint.watercolor,
    "watercolor": paint.watercolor,
    "aquarelle": paint.watercolor,
    "oil": paint.oil,
    "gogh": paint.impressionist,
    "impressionist": paint.impressionist,
    "monet": paint.impressionist,
    "pastel": paint.pastel,
    "pencil": ink.pencil,
    "sketch": ink.pencil,
    "graphite": ink.pencil,
    "drawing": ink.pencil,
    "charcoal": ink.charcoal,
    "ink": ink.line_art,
    "lineart": ink.line_art,
    "anime": ink.anime,
    "manga": ink.anime,
    "ghibli": ink.anime,
    "cartoon": ink.comic_book,
    "comic": ink.comic_book,
    "neon": ink.neon_punk,
    "cyberpunk": ink.neon_punk,
    "synthwave": ink.neon_punk,
    "pixel": form.pixel_art,
    "pixelated": form.pixel_art,
    "lowpoly": form.low_poly,
    "polygon": form.low_poly,
    "mosaic": form.low_poly,
    "origami": form.origami,
    "paper": form.origami,
    "clay": form.modeling_compound,
    "plasticine": form.modeling_compound,
    "3d": form.model_3d,
    "film": paint.analog_film,
    "kodak": paint.analog_film,
    "vintage": paint.vintage,
    "sepia": paint.vintage,
    "cinematic": paint.cinematic,
    "photo": paint.photographic,
    "photograph": paint.photographic,
    "fantasy": paint.fantasy_art,
    "ukiyo": paint.print_of_japan,
    "hokusai": paint.print_of_japan,
    "japanese": paint.print_of_japan,
}


def style_of(words: tuple[str, ...], preset: str) -> Style | None:
    """The style that a preset or a word of the prompt asks for; the preset wins."""
    if preset in PRESETS:
        return PRESETS[preset]
    return next((LOOKS[word] for word in words if word in LOOKS), None)
