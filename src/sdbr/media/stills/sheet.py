"""A contact sheet: pictures in a grid, named along both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw

from sdbr.media.stills.open import open_picture
from sdbr.media.stills.text import Line, draw_line, line_height, wrap
from sdbr.request import Size
from sdbr.workspace import write_unique

Cells = Sequence[Sequence[Image.Image | None]]

_PAPER, _INK, _FAINT, _EMPTY = "#fbfbfa", "#24292e", "#5c646c", "#ecebe8"
_GAP, _MARGIN = 8, 24
_TITLE_SIZE, _LABEL_SIZE = 22, 15
_LABEL_WIDTH = 150
_SMALLEST = 24
PAIR_SIDE = 384  # Pixels: two beside each other fit a page, and faces can be judged.
# A sheet beyond this is slow to open anywhere; the thumbnails shrink instead.
_MOST_PIXELS = 40_000_000


@dataclass(frozen=True, slots=True)
class Labels:
    """What is written around the grid; fewer labels than columns or rows leave the rest blank."""

    title: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()


def contact_sheet(cells: Cells, labels: Labels = Labels(), side: int = 256) -> Image.Image:
    """Lay pictures out in rows, each at most `side` pixels wide and high; None leaves a gap.

    Thumbnails shrink further where the sheet would pass 40 megapixels.
    """
    columns = max((len(row) for row in cells), default=0)
    bound = _limit_side(side, columns * len(cells))
    filled = [[*row, *[None] * (columns - len(row))] for row in cells]
    small = [[_thumbnail(picture, bound) for picture in row] for row in filled]
    widths = [max([_SMALLEST, *(p.width for p in each if p)]) for each in zip(*small, strict=True)]
    heights = [max((picture.height for picture in row if picture), default=bound) for row in small]
    return _draw(small, labels, widths, heights)


def pairs_sheet(pairs: Sequence[tuple[Image.Image, Image.Image]], labels: Labels) -> Image.Image:
    """Lay pictures out two by two, as they were and as they became, one pair a row."""
    columns = labels.columns or ("before", "after")
    return contact_sheet(pairs, Labels(labels.title, columns, labels.rows), PAIR_SIDE)


def save(sheet: Image.Image, folder: Path, name: str) -> Path:
    """Write a sheet as PNG into `folder` under a free name, and return its path."""
    buffer = BytesIO()
    sheet.save(buffer, "PNG")
    return write_unique(buffer.getvalue(), folder, name, ".png")


def thumbnail(source: Path | bytes, side: int = 256) -> Image.Image:
    """Open a picture no larger than a sheet needs. Raises InputProblem as `open_picture` does."""
    picture = open_picture(source, at_least=Size(side, side)).image
    return _thumbnail(picture, side) or picture


def _limit_side(side: int, count: int) -> int:
    fitting = int((_MOST_PIXELS / max(count, 1)) ** 0.5) - _GAP
    return max(_SMALLEST, min(side, fitting))


def _thumbnail(picture: Image.Image | None, side: int) -> Image.Image | None:
    if picture is None:
        return None
    scale = min(1.0, side / max(picture.size))
    size = [max(1, round(length * scale)) for length in picture.size]
    flat = picture.convert("RGBA" if "A" in picture.getbands() else "RGB")
    return flat.resize((size[0], size[1]), Image.Resampling.LANCZOS, reducing_gap=3.0)


def _draw(
    small: list[list[Image.Image | None]], labels: Labels, widths: list[int], heights: list[int]
) -> Image.Image:
    names = [wrap(name, _LABEL_SIZE, w, 3) for name, w in zip(labels.columns, widths, strict=False)]
    sides = [wrap(name, _LABEL_SIZE, _LABEL_WIDTH, 4) for name in labels.rows[: len(heights)]]
    heights = [max(h, _tall(sides[n]) if n < len(sides) else 0) for n, h in enumerate(heights)]
    aside = max((line.width for lines in sides for line in lines), default=0)
    left = _MARGIN + (round(aside) + 2 * _GAP if aside else 0)
    grid = sum(widths) + _GAP * max(len(widths) - 1, 0)
    width = max(left + grid + _MARGIN, 12 * _TITLE_SIZE if labels.title else 0)
    title = wrap(labels.title, _TITLE_SIZE, width - 2 * _MARGIN)
    top = _MARGIN + len(title) * line_height(_TITLE_SIZE) + (_GAP if title else 0)
    head = max((_tall(lines) for lines in names), default=0)
    bottom = top + head + sum(heights) + _GAP * max(len(heights) - 1, 0) + _MARGIN
    sheet = Image.new("RGB", (width, bottom), _PAPER)
    draw = ImageDraw.Draw(sheet)
    _write(draw, title, (_MARGIN, _MARGIN), _TITLE_SIZE, _INK)
    _write_columns(draw, names, widths, (left, top + head))
    _write_rows(draw, sides, heights, (left - 2 * _GAP, top + head))
    _paste(sheet, small, (left, top + head), (widths, heights))
    return sheet


def _tall(lines: list[Line]) -> int:
    return len(lines) * line_height(_LABEL_SIZE) + _GAP if lines else 0


def _write(
    draw: ImageDraw.ImageDraw, lines: list[Line], at: tuple[float, float], size: int, color: str
) -> None:
    for number, line in enumerate(lines):
        draw_line(draw, (at[0], at[1] + size + number * line_height(size)), line, color)


def _write_columns(
    draw: ImageDraw.ImageDraw, names: list[list[Line]], widths: list[int], corner: tuple[int, int]
) -> None:
    """Centered over each column, the last line just above the pictures."""
    left, bottom = corner
    for lines, width in zip(names, widths, strict=False):
        for number, line in enumerate(lines):
            up = (len(lines) - number) * line_height(_LABEL_SIZE)
            at = (left + (width - line.width) / 2, bottom - _GAP - up)
            _write(draw, [line], at, _LABEL_SIZE, _FAINT)
        left += width + _GAP


def _write_rows(
    draw: ImageDraw.ImageDraw, sides: list[list[Line]], heights: list[int], corner: tuple[int, int]
) -> None:
    """Right beside each row, at half its height."""
    right, top = corner
    for lines, height in zip(sides, heights, strict=False):
        start = top + (height - len(lines) * line_height(_LABEL_SIZE)) / 2
        for number, line in enumerate(lines):
            at = (right - line.width, start + number * line_height(_LABEL_SIZE))
            _write(draw, [line], at, _LABEL_SIZE, _FAINT)
        top += height + _GAP


def _paste(
    sheet: Image.Image,
    small: list[list[Image.Image | None]],
    corner: tuple[int, int],
    sides: tuple[list[int], list[int]],
) -> None:
    top = corner[1]
    for row, height in zip(small, sides[1], strict=True):
        left = corner[0]
        for picture, width in zip(row, sides[0], strict=True):
            if picture is None:
                sheet.paste(_EMPTY, (left, top, left + width, top + height))
            else:
                x, y = left + (width - picture.width) // 2, top + (height - picture.height) // 2
                sheet.paste(picture, (x, y), picture if picture.mode == "RGBA" else None)
            left += width + _GAP
        top += height + _GAP
