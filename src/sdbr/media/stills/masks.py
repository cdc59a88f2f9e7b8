"""Masks: gray pictures that say where a model repaints. White is repainted, black is kept."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageChops

from sdbr.errors import InputProblem
from sdbr.media.stills.open import open_picture
from sdbr.request import Size

# A mask drawn on a scaled copy of the picture may be off by rounding, not by more.
_SHAPE_TOLERANCE = 0.02


def prepare_mask(source: Path | bytes, size: Size, *, invert: bool = False) -> Image.Image:
    """Open a mask and bring it to the picture's size, as gray ("L").

    Transparent parts count as black. `invert` is for masks where black is repainted. Raises
    InputProblem for a mask of another shape than the picture's, or one that repaints nothing.
    """
    name = str(source) if isinstance(source, Path) else "The mask"
    mask = open_picture(source, background="black", name=name).image.convert("L")
    shape = (mask.width * size.height) / (mask.height * size.width)
    if abs(shape - 1) > _SHAPE_TOLERANCE:
        raise InputProblem(
            f"{name} is {mask.width}x{mask.height} and the picture {size}. "
            "Give a mask of the picture's shape."
        )
    if invert:
        mask = ImageChops.invert(mask)
    mask = mask.resize(size, Image.Resampling.BILINEAR)
    if mask.getextrema() == (0, 0):
        raise InputProblem(f"{name} repaints nothing: make white what is to change.")
    return mask
