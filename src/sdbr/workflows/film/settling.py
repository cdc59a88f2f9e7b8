"""Everything about a clip that is settled before the first request: size, seeds, places."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sdbr.bedrock import body
from sdbr.bedrock.catalog import Catalog
from sdbr.bedrock.families import dialect_of
from sdbr.errors import InputProblem
from sdbr.generation.stack import Means
from sdbr.media.clip import Settings
from sdbr.media.clips import Reader
from sdbr.media.fitting import Fit, Placement, plan_fit
from sdbr.request import ImageRequest
from sdbr.store.runs import open_run
from sdbr.workflows.film.choosing import Choice
from sdbr.workflows.film.course import Film
from sdbr.workflows.film.painter import Painter
from sdbr.workflows.film.planning import Footage, shown, wanted_frames
from sdbr.workflows.film.sources import Source
from sdbr.workflows.film.tree import Places, find_tree
from sdbr.workflows.jobs import Beside
from sdbr.workflows.look import Look, choose, request_of
from sdbr.workflows.preparing import Manner, prepare, prepare_mask_for
from sdbr.workspace import kept_name

EVERYTHING = Choice()
DEFAULTS = Settings()


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user wants of clips, apart from the look.

    `told` are the flags that make the same clip again. `ending` is the result's suffix, "" for a
    folder of frames; `frame_suffix` that of kept frames. `name` is a stem of the user's own.
    """

    command: str
    told: tuple[tuple[str, Any], ...] = ()
    choice: Choice = EVERYTHING
    seed_policy: str = "fixed"
    ending: str = ".mp4"
    frame_suffix: str = ".png"
    keep_frames: bool = True
    audio: bool = True
    settings: Settings = DEFAULTS
    name: str | None = None


def given(flags: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """The flags that were given, by name; those that say nothing are left out."""
    told = {name: value for name, value in flags.items() if value not in (None, "", False)}
    return tuple(sorted(told.items()))


@dataclass(frozen=True, slots=True)
class Order:
    """What a command wants of all its clips: the look, the result, and where it goes."""

    look: Look
    wish: Wish
    beside: Beside
    where: Places


def look_over(reader: Reader, choice: Choice) -> Footage:
    """Decode the clip once and note its frames. Raises InputProblem where there is none."""
    frames = tuple(
        shown(number, frame) for number, frame in enumerate(wanted_frames(reader, choice))
    )
    if not frames:
        raise InputProblem(
            f"{reader.clip.path} has no frame in the part that was chosen. "
            "Change --start, --end or --duration."
        )
    return Footage(reader.clip, choice, frames)


def settle(source: Source, footage: Footage, order: Order, means: Means, catalog: Catalog) -> Film:
    """Settle model, size, seed and folders for one clip. Raises UsageProblem or InputProblem."""
    wish = order.wish
    model = choose(catalog, order.look, None, "image-to-image")
    look = replace(order.look, model=model.invoke_id)
    clip = footage.clip
    placement = plan_fit(clip.size, dialect_of(model).size_rule(model), _fit(look))
    request = request_of(look, model)
    if request.strength is None:
        request = replace(request, strength=dialect_of(model).default_strength(model))
    request = _with_beside(request, placement, order.beside, means.workspace.hidden / "inputs")
    fingerprint = _fingerprint(source, look, wish, means)
    if look.seed is None:
        note = open_run(means.workspace.hidden / "clips", wish.command, [fingerprint], 1)
        request = replace(request, seed=note.seeds[0])
    first_like: dict[str, int] = {}
    for frame in footage.frames:
        first_like.setdefault(frame.digest, frame.number)
    painter = Painter(request, placement, wish.seed_policy, first_like)
    body.check(painter.request_for(footage.frames[0], _unused), means.models)
    stem = kept_name(wish.name or source.name)
    tree = find_tree(order.where, stem, wish.ending, fingerprint, wish.frame_suffix)
    return Film(footage, painter, tree, clip.size, wish.keep_frames)


def index_of(film: Film, source: Source, wish: Wish) -> dict[str, Any]:
    """What frames.json tells: the source, the settings, and the time of each frame in seconds."""
    clip = film.footage.clip
    return {
        "source": source.files[0].name,
        "size": list(clip.size),
        "rate": str(clip.rate),
        "duration": str(film.footage.duration),
        "settings": dict(wish.told),
        "seed": film.painter.request.seed,
        "model": film.painter.request.model.invoke_id,
        "frames": [
            {
                "file": film.tree.source_frame(frame.number).name,
                "at": str(frame.at),
                "lasts": str(frame.lasts),
                "sha256": frame.digest,
            }
            for frame in film.footage.frames
        ],
    }


def _with_beside(
    request: ImageRequest, placement: Placement, beside: Beside, store: Path
) -> ImageRequest:
    if beside.mask is not None:
        mask, _ = prepare_mask_for(beside.mask, placement, beside.invert_mask, store)
        request = replace(request, mask=mask)
    if beside.style_image is not None:
        style = prepare(beside.style_image, request.model, Manner(), store, "style_image")
        request = replace(request, style_image=style.blob)
    return request


def _fingerprint(source: Source, look: Look, wish: Wish, means: Means) -> str:
    digest = hashlib.sha256()
    for path in source.files:
        digest.update(digest_of(path).encode())
    told = [dict(wish.told), look.model, look.seed, wish.ending, wish.frame_suffix]
    digest.update(json.dumps([told, means.realm, wish.command], sort_keys=True).encode())
    return digest.hexdigest()


def digest_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, or of all files in a folder, as hex digits."""
    paths = sorted(path.iterdir()) if path.is_dir() else [path]
    digest = hashlib.sha256()
    for one in paths:
        if one.is_file():
            with one.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _fit(look: Look) -> Fit:
    return look.fit  # type: ignore[return-value]


def _unused() -> Any:
    raise RuntimeError("This request is checked, not sent.")
