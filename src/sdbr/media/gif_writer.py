"""Writes GIF: one palette for all frames, whole centiseconds that add up, loop and comment."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from sdbr.errors import InputProblem, UsageProblem
from sdbr.media.clip import Pixels, Settings
from sdbr.media.gif_encoder import Film, Look, append_comment, encode, smaller
from sdbr.media.images import scaled, with_channels
from sdbr.media.palette import DITHERS
from sdbr.media.spool import Spool
from sdbr.media.timing import centiseconds
from sdbr.media.writer import Note

_SAMPLED = 4
_PALETTE = 255


class GifSink:
    """One GIF being written; the pictures wait on disk until the palette is known."""

    def __init__(
        self, target: Path, first: Pixels, settings: Settings, comment: str, note: Note
    ) -> None:
        _check(settings)
        self._target, self._settings = target, settings
        self._comment, self._note = comment, note
        self._channels = first.shape[2]
        height, width = scaled(first, settings.width).shape[:2]
        self._width = width
        self._spool = Spool(target.with_suffix(".spool"), width, height)
        self._spans: list[tuple[Fraction, Fraction]] = []
        self._colours: set[int] = set()

    def add(self, image: Pixels, at: Fraction, lasts: Fraction) -> None:
        """Keep one picture and its time."""
        image = scaled(with_channels(image, self._channels), self._settings.width)
        if len(self._colours) <= _PALETTE:
            self._colours.update(_colours_of(image))
        self._spool.add(image)
        self._spans.append((at, lasts))

    def finish(self) -> None:
        """Find the palette, draw the frames with it, and write the file."""
        try:
            self._spool.seal()
            delays = centiseconds(self._spans)
            if (lost := len(self._spans) - len(delays)) > 0:
                self._note(f"{lost} frames were left out: a GIF shows at most 50 a second.")
            self._encode(Film(self._spool, tuple(delays), self._settings.loop))
            append_comment(self._target, self._comment)
        finally:
            self._spool.remove()

    def abort(self) -> None:
        """Remove what waits on disk."""
        self._spool.remove()

    def _encode(self, film: Film) -> None:
        look: Look | None = Look(self._settings.colours, self._width, self._dither())
        # A comment takes one byte more for each 255.
        limit = (self._settings.max_bytes or 0) - len(self._comment.encode()) * 257 // 256 - 4
        while look is not None:
            size = encode(film, look, self._target)
            if self._settings.max_bytes is None:
                return
            if size <= limit:
                self._note(
                    f"{look.colours} colours, {look.width} pixels wide, dither {look.dither}."
                )
                return
            look = smaller(look, size, max(1, limit))
        raise InputProblem(
            f"The GIF does not fit into {self._settings.max_bytes} bytes; {size} is the least."
            " Allow more, or take fewer frames."
        )

    def _dither(self) -> str:
        """Flat art that fits the palette needs no dither; anything else looks better with bayer.

        Error diffusion makes still parts flicker and doubles the file; it is there to be chosen.
        """
        if self._settings.dither != "auto":
            return self._settings.dither
        return "none" if len(self._colours) <= _PALETTE else "bayer"


def _colours_of(image: Pixels) -> list[int]:
    sample = image[::_SAMPLED, ::_SAMPLED, :3].reshape(-1, 3).astype(np.uint32)
    codes = sample[:, 0] << 16 | sample[:, 1] << 8 | sample[:, 2]
    return [int(code) for code in np.unique(codes)]


def _check(settings: Settings) -> None:
    if settings.dither not in DITHERS:
        raise UsageProblem(f"There is no dither {settings.dither!r}. Use one of {DITHERS}.")
    if not 2 <= settings.colours <= 256:
        raise UsageProblem(f"A GIF has 2 to 256 colours, not {settings.colours}.")
