"""Draws the pictures of a film in the colours of its palette, by a chosen dither."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import tee

import numpy as np
import numpy.typing as npt

from sdbr.media.animation.census import opaque
from sdbr.media.animation.diffusion import FLOYD, SIERRA, diffused
from sdbr.media.animation.nearest import Indices, Nearest, Pairs
from sdbr.media.animation.palette import MOST, Palette
from sdbr.media.clip import Pixels

Drawing = Callable[[Iterable[Pixels], Palette], Iterator[Indices]]

_GRAIN = 0.5
"""What dots cost in `bayer`: little dither where the palette is dense, more where it is not."""
_TOLERANCE = 2
"""Levels of 255 that a pixel may change and still stays, but no more than the palette is off: in
clips 8 to 30 % of the bytes for 0.1 dB."""


def drawn(pictures: Iterable[Pixels], palette: Palette, dither: str) -> Iterator[Indices]:
    """Yield RGBA pictures of one size as palette indices (height, width); 255 is see-through.

    `dither` is none, bayer, floyd or sierra. A pixel that stays as it was keeps its entry: neither
    the noise of a codec nor dots that crawl over still parts are worth their bytes.
    """
    tolerance = min(_TOLERANCE, int(palette.error))
    seen, to_draw = tee(pictures)
    held: tuple[Pixels, Indices] | None = None
    for picture, indices in zip(seen, _DRAWINGS[dither](to_draw, palette), strict=True):
        if held is not None:
            stays = _stays(picture, held[0], tolerance)
            indices = np.where(stays, held[1], indices)
            picture = np.where(stays[..., None], held[0], picture)
        held = picture, indices
        yield np.where(opaque(picture), indices, np.uint8(MOST))


def _stays(picture: Pixels, held: Pixels, tolerance: int) -> npt.NDArray[np.bool_]:
    """Which pixels are, in each channel, as they were when their entry was chosen."""
    changes = np.maximum(picture, held) - np.minimum(picture, held)
    return np.asarray((changes <= tolerance).all(axis=2))


def _plain(pictures: Iterable[Pixels], palette: Palette) -> Iterator[Indices]:
    lookup = Nearest(palette)
    for picture in pictures:
        yield lookup.entries(lookup.codes(picture))


def _ordered(pictures: Iterable[Pixels], palette: Palette) -> Iterator[Indices]:
    lookup, matrix = Pairs(palette, _GRAIN), _bayer()
    for picture in pictures:
        height, width = picture.shape[:2]
        tiles = np.tile(matrix, (height // 8 + 1, width // 8 + 1))[:height, :width]
        yield lookup.mixed(lookup.codes(picture), tiles)


def _floyd(pictures: Iterable[Pixels], palette: Palette) -> Iterator[Indices]:
    return diffused(pictures, Nearest(palette), FLOYD)


def _sierra(pictures: Iterable[Pixels], palette: Palette) -> Iterator[Indices]:
    return diffused(pictures, Nearest(palette), SIERRA)


_DRAWINGS: dict[str, Drawing] = {
    "none": _plain,
    "bayer": _ordered,
    "floyd": _floyd,
    "sierra": _sierra,
}
DITHERS = ("auto", *_DRAWINGS)


def _bayer() -> npt.NDArray[np.uint8]:
    """The 8 × 8 matrix of thresholds 0 to 63 (Bayer 1973)."""
    matrix = np.zeros((1, 1), np.uint8)
    for _ in range(3):
        matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
    return matrix
