"""Draw one settled clip and write it, whole or not at all."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sdbr import __version__
from sdbr.errors import InputProblem, Interrupted
from sdbr.generation.estimating import in_usd
from sdbr.generation.stack import Drawing, Means, spent
from sdbr.media.clip import Pace
from sdbr.media.clips import Reader, open_writer, sound_of
from sdbr.voice import Voice
from sdbr.workflows.failures import Failures
from sdbr.workflows.film.course import Film, Tally, held_through, paint
from sdbr.workflows.film.planning import Footage, wanted_frames
from sdbr.workflows.film.preview import Preview
from sdbr.workflows.film.settling import Order, Wish, digest_of, index_of
from sdbr.workflows.film.sources import Source
from sdbr.workflows.record import request_fields


@dataclass(frozen=True, slots=True)
class Settled:
    """A clip ready to be drawn: its source, its open reader, and what was settled."""

    source: Source
    reader: Reader
    film: Film
    order: Order

    @property
    def wish(self) -> Wish:
        """What is wanted of the result."""
        return self.order.wish


@dataclass(frozen=True, slots=True)
class Finished:
    """A written clip: its path, how many frames it has, and which show a held picture."""

    path: Path
    frames: int
    held: tuple[int, ...]
    notes: tuple[str, ...]


def restyle(settled: Settled, run: Drawing, means: Means, voice: Voice) -> Finished:
    """Draw all frames and write the clip. Raises what stopped it; then nothing is written.

    What was drawn stays in the cache, so the same command goes on from there.
    """
    film, wish = settled.film, settled.wish
    footage, tree = film.footage, film.tree
    _make_folders(film)
    if film.keep_frames:
        tree.write_index(index_of(film, settled.source, wish))
    tally = Tally(Failures(total=len(footage.frames)))
    frames = wanted_frames(settled.reader, footage.choice)
    sound = sound_of(footage.clip, footage.end) if wish.audio else None
    preview = Preview(means.workspace.hidden / "preview.jpg")
    comment = json.dumps(how_made(settled, means.realm), ensure_ascii=False, sort_keys=True)
    with (
        voice.progress(len(footage.frames), "frame"),
        open_writer(
            tree.target, pace_of(footage), sound=sound, settings=wish.settings, comment=comment
        ) as writer,
    ):
        for frame, painted in held_through(paint(film, frames, run, means, tally), means, tally):
            writer.add(frame)
            preview.show(painted.before, frame.image)
            voice.step(f"{in_usd(spent(run.budget))} USD")
        _raise_if_missing(tally, run)
    return Finished(tree.target, len(footage.frames), tuple(tally.held), writer.notes)


def how_made(settled: Settled, realm: str) -> dict[str, Any]:
    """The record in the clip's metadata: the same run gives the same text."""
    film, source = settled.film, settled.source
    return {
        "sdbr": __version__,
        "command": settled.wish.command,
        "fingerprint": film.tree.fingerprint,
        "request": request_fields(film.painter.request),
        "seed": film.painter.request.seed,
        "told": dict(settled.wish.told),
        "frames": len(film.footage.frames),
        "size": list(film.size),
        "answered_by": realm,
        "treatment": [str(film.painter.placement)],
        "inputs": [
            {"role": "clip", "name": path.name, "sha256": digest_of(path)} for path in source.files
        ],
    }


def pace_of(footage: Footage) -> Pace:
    """The clip's own pace; uneven where frames were left out."""
    choice, clip = footage.choice, footage.clip
    if choice.every == 1 and choice.fps is None:
        return clip.pace
    rate = len(footage.frames) / footage.duration
    return replace(clip.pace, rate=rate, variable=True)


def _make_folders(film: Film) -> None:
    folders = [film.tree.target.parent]
    if film.keep_frames:
        folders += [film.tree.source, film.tree.generated]
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputProblem(f"Cannot make {folder}: {error.strerror}.") from error


def _raise_if_missing(tally: Tally, run: Drawing) -> None:
    failures = tally.failures
    if failures.done == failures.total:
        return
    failures.raise_at_end()
    if run.stop.is_set():
        raise Interrupted(
            f"Interrupted with {failures.done} of {failures.total} frames done. "
            "Run the same command again to go on."
        )
    raise InputProblem(
        f"The clip gave {failures.done} frames now and {failures.total} before. Run it again."
    )
