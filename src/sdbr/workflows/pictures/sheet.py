"""The contact sheet of a run: what was swept along both sides, before and after side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sdbr.media.stills.sheet import Labels, contact_sheet, save, thumbnail
from sdbr.workflows.pictures.job import Job

_SIDE = 320  # Pixels: four across fill a screen of 1280.
_ACROSS = 4


def write_sheet(written: Sequence[tuple[Job, Path]]) -> Path:
    """Lay the pictures out, write the sheet beside the first one, and return its path."""
    title, columns, rows, cells = arrange(written)
    pictures = [[thumbnail(path, _SIDE) if path else None for path in row] for row in cells]
    sheet = contact_sheet(pictures, Labels(title, tuple(columns), tuple(rows)), _SIDE)
    first = written[0][1]
    return save(sheet, first.parent, f"{written[0][0].source_stem}-sheet")


Arranged = tuple[str, list[str], list[str], list[list[Path | None]]]


def arrange(written: Sequence[tuple[Job, Path]]) -> Arranged:
    """Title, column labels, row labels and cells.

    Two swept flags make a grid, the second across; one goes across, an input picture a row; with
    nothing swept each input stands beside its result, or the pictures stand four abreast.
    """
    axes = list(dict.fromkeys(axis for job, _ in written for axis, _ in job.labels))
    inputs = list(dict.fromkeys(job.before for job, _ in written if job.before))
    title = written[0][0].request.prompt
    if len(axes) >= 2 and len(inputs) <= 1:
        return _grid(written, axes, title, inputs)
    if inputs:
        return _beside_inputs(written, inputs, title)
    names = [_name(job) for job, _ in written]
    paths: list[Path | None] = [path for _, path in written]
    if axes:
        return title, names, [], [paths]
    cells = [paths[at : at + _ACROSS] for at in range(0, len(paths), _ACROSS)]
    return title, [], [], cells


def _grid(
    written: Sequence[tuple[Job, Path]], axes: list[str], title: str, inputs: Sequence[Path]
) -> Arranged:
    down, across = axes[0], axes[1:]
    rows: dict[str, dict[str, Path]] = {}
    for job, path in written:
        values = dict(job.labels)
        column = ", ".join(f"{axis} {values[axis]}" for axis in across)
        rows.setdefault(f"{down} {values[down]}", {})[column] = path
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    cells = [[row.get(column) for column in columns] for row in rows.values()]
    if not inputs:
        return title, columns, list(rows), cells
    return title, ["before", *columns], list(rows), [[inputs[0], *row] for row in cells]


def _beside_inputs(
    written: Sequence[tuple[Job, Path]], inputs: Sequence[Path], title: str
) -> Arranged:
    rows = [[(job, path) for job, path in written if job.before == before] for before in inputs]
    columns = ["before", *(_name(job) or "after" for job, _ in rows[0])]
    cells: list[list[Path | None]] = [
        [before, *(path for _, path in row)] for before, row in zip(inputs, rows, strict=True)
    ]
    return title, columns, [before.name for before in inputs], cells


def _name(job: Job) -> str:
    return ", ".join(f"{axis} {value}" for axis, value in job.labels)
