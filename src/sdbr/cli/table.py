"""Tables and long lines on stdout, no wider than the terminal."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap

_GAP = "  "
_HANG = 4  # Columns.
_NARROWEST = 12  # Columns that a text needs beside what stands left of it.


def stdout_columns() -> int | None:
    """The width of stdout: $COLUMNS, or the terminal's; None for a pipe or a file."""
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told):
        return int(told)
    try:
        return os.get_terminal_size(1).columns or None
    except OSError:
        return None


def fold(line: str, columns: int | None, hang: int = _HANG) -> str:
    """A line, broken between words where it is longer than `columns`.

    What follows the first break stands `hang` columns further right than the line begins.
    """
    if columns is None or len(line) <= columns:
        return line
    indent = len(line) - len(line.lstrip())
    hang = min(hang, max(columns - indent - _NARROWEST, 0))
    below = " " * (indent + hang)
    first, _, rest = _wrap(line.strip(), columns - indent).partition("\n")
    if rest:
        rest = _wrap(line.strip()[len(first) :].strip(), columns - indent - hang)
    lines = [line[:indent] + first, *(below + more for more in rest.splitlines())]
    return "\n".join(lines)


def table(
    rows: Sequence[Sequence[str]],
    columns: int | None,
    optional: Sequence[str] = (),
    indent: str = "",
) -> Iterator[str]:
    """The lines of a table whose first row is its head.

    Where it is wider than `columns`, those named `optional` are left out, the first ones first, and
    the last line names them. Where that is not enough, cells are broken between words.
    """
    room = None if columns is None else columns - len(indent)
    left_out = []
    for name in optional:
        if room is not None and name in rows[0] and sum(_widths(rows)) + _gaps(rows) > room:
            left_out.append(name)
            at = rows[0].index(name)
            rows = [[*row[:at], *row[at + 1 :]] for row in rows]
    widths = _widths(rows) if room is None else _squeezed(rows, room - _gaps(rows))
    for row in rows:
        cells = [_wrap(cell, width).split("\n") for cell, width in zip(row, widths, strict=True)]
        for parts in zip_longest(*cells, fillvalue=""):
            padded = (part.ljust(width) for part, width in zip(parts, widths, strict=True))
            yield f"{indent}{_GAP.join(padded)}".rstrip()
    if left_out:
        names = ", ".join(left_out)
        yield fold(f"{indent}For {names}: a wider terminal, or --json.", columns)


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def _gaps(rows: Sequence[Sequence[str]]) -> int:
    return len(_GAP) * (len(rows[0]) - 1)


def _squeezed(rows: Sequence[Sequence[str]], room: int) -> list[int]:
    """The width of each column, so that all fit; a word that is too long for that stays whole."""
    widths = _widths(rows)
    least = [_longest_word(column) for column in zip(*rows, strict=True)]
    if sum(least) > room:  # A path, for example: it is not to widen its whole column.
        least = [min(word, max(room // len(least), _NARROWEST)) for word in least]
    while sum(widths) > max(room, sum(least)):
        # The one that can spare the most gives way.
        at = max(range(len(widths)), key=lambda n: widths[n] - least[n])
        widths[at] -= 1
    return widths


def _longest_word(cells: Sequence[str]) -> int:
    return max((len(word) for cell in cells for word in cell.split()), default=0)


def _wrap(text: str, columns: int) -> str:
    if len(text) <= columns:
        return text
    return "\n".join(wrap(text, columns, break_long_words=False, break_on_hyphens=False))
