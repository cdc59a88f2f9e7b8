"""Runs that are not finished yet: which requests they need, and the seeds drawn for them.

A run that was stopped is continued by the same command: it finds its seeds again here. When it
ends well the note goes, and the next run draws new seeds.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sdbr.files import write_new, write_whole

_MOST = 4_294_967_294  # No model but SDXL takes a seed above it.


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A note of one run: `path` is its file, `seeds` those drawn for it."""

    path: Path
    seeds: tuple[int, ...]

    def need(self, keys: Iterable[str]) -> None:
        """Note which cache entries the run needs, so that none is pruned before it ends."""
        write_whole(self.path, _json(self.seeds, sorted(set(keys))))

    def finish(self) -> None:
        """Remove the note: all is done."""
        self.path.unlink(missing_ok=True)


def open_run(folder: Path, command: str, wanted: Iterable[str], seeds: int) -> OpenRun:
    """The note of the run of `command` that wants `wanted`, as it was left or a new one.

    `wanted` are texts that together say all that decides the run but its seeds; `seeds` is how
    many it needs. Two processes with the same command share one note, and so their seeds.
    """
    digest = hashlib.sha256("\n".join([command, str(seeds), *wanted]).encode()).hexdigest()
    path = folder / f"{digest}.json"
    drawn = drawn_seeds(seeds)
    if not write_new(path, _json(drawn, [])):
        drawn = _seeds_of(path, seeds) or drawn
    return OpenRun(path, drawn)


def drawn_seeds(count: int) -> tuple[int, ...]:
    """Random seeds, never 0: that would leave the choice to Bedrock."""
    return tuple(secrets.randbelow(_MOST) + 1 for _ in range(count))


def needed_keys(folder: Path) -> Iterator[str]:
    """The cache keys that unfinished runs need."""
    for path in folder.glob("*.json"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            yield from json.loads(path.read_bytes())["keys"]


def _seeds_of(path: Path, seeds: int) -> tuple[int, ...]:
    try:
        noted = tuple(int(seed) for seed in json.loads(path.read_bytes())["seeds"])
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    return noted if len(noted) == seeds and all(0 < seed <= _MOST for seed in noted) else ()


def _json(seeds: Iterable[int], keys: list[str]) -> bytes:
    return json.dumps({"seeds": list(seeds), "keys": keys}).encode("utf-8")
