"""What a restyled animation keeps of its source: what shows through, and how often it plays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from sdbr.media.clip import Clip, Pixels, Settings
from sdbr.workflows.clips.footage import Shown, wanted_frames
from sdbr.workflows.clips.prepare import Settled

_ANIMATED = ("gif", "webp", "apng")


def see_through(
    results: Iterable[tuple[Shown, Pixels]], settled: Settled
) -> Iterator[tuple[Shown, Pixels]]:
    """The finished frames in order, each under the alpha channel of its source."""
    if not settled.film.footage.clip.has_alpha:
        yield from results
        return
    sources = wanted_frames(settled.reader, settled.film.footage.choice)
    for (shown, pixels), source in zip(results, sources, strict=False):
        yield shown, np.dstack([pixels[..., :3], source.image[..., 3]])


def with_loop_of(clip: Clip, settings: Settings, told: bool) -> Settings:
    """The settings, playing as often as the source unless the user `told` how often."""
    if told or clip.kind not in _ANIMATED:
        return settings
    # A GIF's count says how often it starts again; one that plays once has none.
    once = clip.loop == 1 and clip.kind != "gif"
    return replace(settings, loop=None if once else clip.loop)
