"""Keyframes drawn one after the other, each starting from the one before it.

The model keeps to what it drew last, at the price of time: nothing is drawn side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sdbr.errors import SdbrError
from sdbr.generation.stack import Drawing, Means
from sdbr.media.clip import Pixels
from sdbr.motion.feedback import feed_back
from sdbr.workflows.clips.draw import Film, Painted, Taken, Tally, stop_if_fatal
from sdbr.workflows.clips.footage import Shown, digest_of


def paint_onward(
    film: Film,
    taken: Iterable[Taken],
    run: Drawing,
    means: Means,
    share: float,
    tally: Tally,
) -> Iterator[Painted]:
    """Draw frames in order, `share` (0 to 1) of the warped last result in each init image.

    Across a cut each shot starts from its source alone.
    """
    shot_of = {number: at for at, shot in enumerate(film.footage.plan.shots) for number in shot}
    last: tuple[int, Pixels, Pixels] | None = None
    for shown, before in ((one.shown, one.pixels) for one in taken):
        if run.stop.is_set():
            return
        init = before
        if last is not None and last[0] == shot_of[shown.number]:
            init = feed_back((last[1], last[2]), before, share)
        one = _painted(film, shown, before, init, run)
        if one.pixels is not None:
            last = shot_of[shown.number], before, one.pixels
        elif one.error is not None:
            stop_if_fatal(one.error, run, means, tally)
        yield one


def _painted(film: Film, shown: Shown, before: Pixels, init: Pixels, run: Drawing) -> Painted:
    try:
        request = film.painter.request_for(shown, lambda: init, digest_of(init))
        picture = run.generate(request)
        return Painted(shown, before, film.painter.restored(picture, film.size), picture)
    except SdbrError as error:
        return Painted(shown, before, error=error)
