"""A contact sheet of a finished clip: a few frames, as they were and as they became."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image

from sdbr.media.clip import Frame
from sdbr.media.open import open_reader
from sdbr.media.stills.sheet import Labels, pairs_sheet
from sdbr.workflows.clips.footage import wanted_frames
from sdbr.workflows.clips.prepare import Settled
from sdbr.workflows.clips.requests import rgb
from sdbr.workflows.clips.sheets import spread
from sdbr.workspace import place

_PAIRS = 8
_SIDE = 384


def write_sheet(settled: Settled, result: Path) -> Path:
    """Lay out up to eight frames, evenly spread, and return the sheet's path."""
    footage = settled.film.footage
    wanted = spread(footage.frames, _PAIRS)
    numbers = [frame.number for frame in wanted]
    before = _small(wanted_frames(settled.reader, footage.choice), numbers)
    after = _small(open_reader(result).frames(), numbers)
    names = tuple(f"frame {one.number + 1}, {float(one.at):.2f} s" for one in wanted)
    title = settled.film.painter.request.prompt
    sheet = pairs_sheet(list(zip(before, after, strict=False)), Labels(title, rows=names), _SIDE)
    buffer = BytesIO()
    sheet.save(buffer, "PNG")
    return place(buffer.getvalue(), result.parent, f"{settled.film.tree.name}-sheet", ".png")


def _small(frames: Iterable[Frame], numbers: Sequence[int]) -> list[Image.Image]:
    pictures = []
    for number, frame in enumerate(frames):
        if number in numbers:
            pictures.append(Image.fromarray(rgb(frame.image)))
            pictures[-1].thumbnail((_SIDE, _SIDE))
    return pictures
