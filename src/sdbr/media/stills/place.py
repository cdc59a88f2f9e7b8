"""Bring a picture and its mask to the size a model takes, and the model's picture back.

A mask is a gray picture that says where a model repaints: white is repainted, black is kept.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageChops, ImageFilter

from sdbr.errors import InputProblem
from sdbr.media.stills.fit import CropBox, Placement
from sdbr.media.stills.open import open_picture
from sdbr.request import Size

_LANCZOS = Image.Resampling.LANCZOS
# A mask drawn on a scaled copy of the picture may be off by rounding, not by more.
_SHAPE_TOLERANCE = 0.02


def apply(image: Image.Image, placement: Placement, fill: int | None = None) -> Image.Image:
    """Return the picture as the placement says, at `placement.size`.

    The image may be smaller than `placement.source`, as one decoded at a reduced scale is.
    Padding continues the picture, mirrored at its edges and blurred, so that a model finds
    nothing to invent a border from; `fill` (a gray level) takes its place, as a mask needs.
    """
    used = _scale_box(placement.used, placement.source, Size(*image.size))
    if image.size == placement.size and used == (0, 0, *image.size) and not _is_padded(placement):
        return image
    part = image.resize(placement.placed.size, _LANCZOS, used)
    if not _is_padded(placement):
        return part
    canvas = Image.new(image.mode, placement.size, fill or 0)
    canvas.paste(part, placement.placed)
    if fill is not None:
        return canvas
    canvas = _mirror_around(canvas, placement.placed)
    canvas.paste(part, placement.placed)
    return canvas


def restore(image: Image.Image, placement: Placement, *, exact: bool = False) -> Image.Image:
    """Return the model's picture without the padding, in the aspect of what went in.

    It keeps the model's resolution, whatever that is; `exact` gives it the source's size. After
    `cover` that is the size of the part that was used, because the rest was never drawn.
    """
    box = _scale_box(placement.placed, placement.size, Size(*image.size))
    target = placement.used.size
    if not exact:
        target = _in_aspect(target, Size(round(box[2] - box[0]), round(box[3] - box[1])))
    if target == image.size and box == (0, 0, *image.size):
        return image
    whole = [round(edge) for edge in box]
    if target == (whole[2] - whole[0], whole[3] - whole[1]):
        return image.crop((whole[0], whole[1], whole[2], whole[3]))
    return image.resize(target, _LANCZOS, box)


def prepare_mask(source: Path | bytes, size: Size, *, invert: bool = False) -> Image.Image:
    """Open a mask and bring it to the picture's size, as gray ("L").

    Transparent parts count as black. `invert` is for masks where black is repainted. Raises
    InputProblem for a mask of another shape than the picture's, or one that repaints nothing.
    """
    name = str(source) if isinstance(source, Path) else "The mask"
    mask = open_picture(source, background="black", name=name).image.convert("L")
    if not has_shape(Size(*mask.size), size):
        raise InputProblem(
            f"{name} is {mask.width}x{mask.height}, but the picture is {size}. Use a mask with "
            "the aspect ratio of the picture."
        )
    if invert:
        mask = ImageChops.invert(mask)
    mask = mask.resize(size, Image.Resampling.BILINEAR)
    if mask.getextrema() == (0, 0):
        raise InputProblem(f"{name} repaints nothing. Make the area to repaint white.")
    return mask


def has_shape(mask: Size, picture: Size) -> bool:
    """Whether a mask has the aspect ratio of a picture, up to rounding."""
    shape = (mask.width * picture.height) / (mask.height * picture.width)
    return abs(shape - 1) <= _SHAPE_TOLERANCE


def _is_padded(placement: Placement) -> bool:
    return placement.placed.size != placement.size


def _scale_box(box: CropBox, whole: Size, actual: Size) -> tuple[float, float, float, float]:
    """The box of a picture of size `whole` in the same picture of size `actual`."""
    x, y = actual.width / whole.width, actual.height / whole.height
    right, bottom = min(box.right * x, actual.width), min(box.bottom * y, actual.height)
    return box.left * x, box.top * y, right, bottom


def _in_aspect(aspect: Size, drawn: Size) -> Size:
    """The drawn size where its aspect is right to the pixel, else as many pixels in the aspect."""
    width, height = max(1, drawn.width), max(1, drawn.height)
    if abs(width * aspect.height / aspect.width - height) <= 1:
        return Size(width, height)
    if abs(height * aspect.width / aspect.height - width) <= 1:
        return Size(width, height)
    scale = (width * height / (aspect.width * aspect.height)) ** 0.5
    return Size(max(1, round(aspect.width * scale)), max(1, round(aspect.height * scale)))


def _mirror_around(canvas: Image.Image, placed: CropBox) -> Image.Image:
    """Fill what lies around `placed` with its mirror images, softened."""
    canvas = _mirror_sideways(canvas, placed.left, placed.right)
    canvas = canvas.transpose(Image.Transpose.TRANSPOSE)
    canvas = _mirror_sideways(canvas, placed.top, placed.bottom)
    canvas = canvas.transpose(Image.Transpose.TRANSPOSE)
    return canvas.filter(ImageFilter.GaussianBlur(min(canvas.size) / 100))


def _mirror_sideways(canvas: Image.Image, left: int, right: int) -> Image.Image:
    width, height = canvas.size
    while left > 0 or right < width:
        # What is filled doubles or triples each time, so a single column is soon enough.
        before, after = min(left, right - left), min(width - right, right - left)
        sides = (left, left + before, left - before), (right - after, right, right)
        for start, stop, target in sides:
            strip = canvas.crop((start, 0, stop, height))
            canvas.paste(strip.transpose(Image.Transpose.FLIP_LEFT_RIGHT), (target, 0))
        left, right = left - before, right + after
    return canvas
