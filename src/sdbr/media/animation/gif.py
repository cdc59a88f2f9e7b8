"""Writes GIF: one palette for all frames, whole centiseconds that add up, loop and comment."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from sdbr.errors import InputProblem, UsageProblem
from sdbr.media.animation.dither import DITHERS
from sdbr.media.animation.gif_encoder import Film, Look, append_comment, encode, smaller
from sdbr.media.clip import Pixels, Settings
from sdbr.media.spool import Spool
from sdbr.media.stills.pixels import scaled, with_channels
from sdbr.media.timing import centiseconds
from sdbr.media.writer import Note


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

    def add(self, image: Pixels, at: Fraction, lasts: Fraction) -> None:
        """Keep one picture and its time."""
        image = scaled(with_channels(image, self._channels), self._settings.width)
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
        look: Look | None = Look(self._settings.colours, self._width, self._settings.dither)
        # A comment takes one byte more for each 255.
        limit = (self._settings.max_bytes or 0) - len(self._comment.encode()) * 257 // 256 - 4
        while look is not None:
            size, look = encode(film, look, self._target)
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


def _check(settings: Settings) -> None:
    if settings.dither not in DITHERS:
        raise UsageProblem(f"There is no dither {settings.dither!r}. Use one of {DITHERS}.")
    if not 2 <= settings.colours <= 256:
        raise UsageProblem(f"A GIF has 2 to 256 colours, not {settings.colours}.")
