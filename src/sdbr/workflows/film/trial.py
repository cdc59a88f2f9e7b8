"""A trial: a few frames drawn and laid out before and after, for the price of a few."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path

from PIL import Image

from sdbr.concurrency import map_ordered
from sdbr.errors import Interrupted
from sdbr.generation.stack import Drawing, Means
from sdbr.media.clip import Frame, Pixels
from sdbr.media.sheet import Labels, pairs_sheet
from sdbr.workflows.film.painter import rgb
from sdbr.workflows.film.planning import Shown, wanted_frames
from sdbr.workflows.film.settling import Settled
from sdbr.workspace import place

_SIDE = 512


def spread(frames: Sequence[Shown], count: int) -> tuple[Shown, ...]:
    """`count` of the frames, evenly spread, the first and the last among them."""
    if count >= len(frames):
        return tuple(frames)
    if count == 1:
        return (frames[len(frames) // 2],)
    last = len(frames) - 1
    return tuple(frames[round(number * last / (count - 1))] for number in range(count))


def draw_trial(
    settled: Settled, wanted: Sequence[Shown], run: Drawing, means: Means, folder: Path
) -> Path:
    """Draw the wanted frames, write a sheet of them into `folder`, and return its path.

    Raises Interrupted where the run was stopped before all were there: no sheet shows a part.
    """
    film = settled.film
    numbers = {frame.number: frame for frame in wanted}

    def work(item: tuple[Shown, Frame]) -> tuple[Shown, Pixels, Pixels]:
        frame, seen = item
        before = rgb(seen.image)
        picture = run.generate(film.painter.request_for(frame, lambda: before))
        return frame, before, film.painter.restored(picture, film.size)

    decoded = enumerate(wanted_frames(settled.reader, film.footage.choice))
    items = ((numbers[number], seen) for number, seen in decoded if number in numbers)
    workers = means.effort.workers
    pairs, names = [], []
    drawn = map_ordered(work, items, workers=workers, window=2 * workers, stop=run.stop)
    with suppress(Interrupted):
        for frame, before, after in drawn:
            pairs.append((_small(before), _small(after)))
            names.append(f"{len(pairs)}: frame {frame.number + 1}, {float(frame.at):.2f} s")
    if run.stop.is_set() and len(pairs) < len(wanted):
        raise Interrupted(
            f"Interrupted: {len(pairs)} of {len(wanted)} pictures are drawn and kept. "
            "Run the same command again to go on."
        )
    sheet = pairs_sheet(pairs, Labels(film.painter.request.prompt, rows=tuple(names)))
    buffer = BytesIO()
    sheet.save(buffer, "PNG")
    return place(buffer.getvalue(), folder, f"{film.tree.name}-trial", ".png")


def _small(pixels: Pixels) -> Image.Image:
    image = Image.fromarray(pixels)
    image.thumbnail((_SIDE, _SIDE))
    return image
