"""Error diffusion: what a pixel's colour is off goes on to its neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from sdbr.media.animation.census import opaque
from sdbr.media.animation.nearest import Indices, Nearest
from sdbr.media.clip import Pixels

Step = tuple[int, int, float]
FLOYD: tuple[Step, ...] = ((1, 0, 7 / 16), (-1, 1, 3 / 16), (0, 1, 5 / 16), (1, 1, 1 / 16))
SIERRA: tuple[Step, ...] = ((1, 0, 2 / 4), (-1, 1, 1 / 4), (0, 1, 1 / 4))
"""Floyd and Steinberg 1976, and Sierra's Filter Lite: right, down, and the share that goes there"""

_PASSED_ON = 0.7
"""Of the error. All of it makes 2 dB more noise and 7 % more bytes, and gradients no smoother."""
_AHEAD = 4
_TOGETHER = 1 << 20
"""Pixels that are drawn in step: many make the steps cheap, few keep them in little memory."""


def diffused(
    pictures: Iterable[Pixels], lookup: Nearest, steps: tuple[Step, ...]
) -> Iterator[Indices]:
    """Yield RGBA pictures of one film as indices (height, width)."""
    for film in _grouped(pictures):
        yield from _diffused(film, lookup, steps)


def _grouped(pictures: Iterable[Pixels]) -> Iterator[Pixels]:
    group: list[Pixels] = []
    for picture in pictures:
        group.append(picture)
        if len(group) * picture[..., 0].size >= _TOGETHER:
            yield np.stack(group)
            group.clear()
    if group:
        yield np.stack(group)


def _diffused(film: Pixels, lookup: Nearest, steps: tuple[Step, ...]) -> Indices:
    """Indices (frames, height, width) of RGBA pictures (frames, height, width, 4).

    All pixels with the same x + 2y depend on earlier ones alone, so they are drawn at once.
    """
    count, height, width = film.shape[:3]
    shown = opaque(film)
    found = np.zeros((count, height, width), np.uint8)
    errors = np.zeros((_AHEAD, height + 1, count, 3), np.float32)
    for front in range(width + 2 * (height - 1)):
        rows = slice(max(0, (front - width + 2) // 2), min(height - 1, front // 2) + 1)
        y = np.arange(rows.start, rows.stop)
        x = front - 2 * y
        here = errors[front % _AHEAD]
        wanted = (film[:, y, x, :3].swapaxes(0, 1) + here[rows]).clip(0, 255)
        here[:] = 0
        entries = lookup.entries(lookup.codes((wanted + 0.5).astype(np.uint8)))
        found[:, y, x] = entries.T
        off = _off(wanted, lookup, entries, shown[:, y, x].T)
        for right, down, share in steps:
            later = errors[(front + right + 2 * down) % _AHEAD]
            later[rows.start + down : rows.stop + down] += off * share
    return found


def _off(
    wanted: npt.NDArray[np.float32],
    lookup: Nearest,
    entries: Indices,
    shown: npt.NDArray[np.bool_],
) -> npt.NDArray[np.float32]:
    """What is passed on; a see-through pixel passes nothing."""
    off = (wanted - lookup.centres[entries]) * np.float32(_PASSED_ON)
    return np.where(shown[..., None], off, 0).astype(np.float32)
