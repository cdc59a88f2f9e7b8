"""How results were made, read from their files, and from what, as far as that can be found.

Anybody can write into a file's metadata. What has another type than sdbr writes is left out, so
that a stranger's file is at worst silent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sdbr.errors import InputProblem
from sdbr.media import metadata
from sdbr.media.metadata import webui
from sdbr.media.open import read_comment
from sdbr.workflows.inputs import PICTURES, VIDEOS, find
from sdbr.workflows.prepare import find_original
from sdbr.workspace import Workspace

_MOST_ANCESTORS = 100
"""Inputs of inputs that are followed: a chain of edits is short, a circle of records endless, and
one of 12 steps with 8 inputs each has more files than can be read."""


def record_of(text: str) -> dict[str, Any]:
    """The record in `text`; {} where it holds none. Unknown fields stay as they are."""
    try:
        record = sayable(json.loads(text, parse_constant=lambda _: None))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(record, dict):
        return {}
    from sdbr.workflows.provenance.record import valid_part

    record.pop("parameters", None)  # Another program's word for its own settings.
    return dict(valid_part(record))


def sayable(value: Any) -> Any:
    """JSON of strings that can be encoded: halves of surrogate pairs become question marks."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {sayable(name): sayable(part) for name, part in value.items()}
    return [sayable(part) for part in value] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A result or an input: its name, where it lies now (or None), how it was made, and of what.

    `made` is sdbr's record, or what another program wrote, or empty.
    """

    name: str
    path: Path | None
    role: str
    made: Mapping[str, Any]
    parents: tuple[Ancestor, ...] = ()


def trace(path: Path, store: Path) -> Ancestor:
    """Read `path` and follow its inputs as far as they can be found. Raises InputProblem."""
    return _trace(path, store, "", iter(range(_MOST_ANCESTORS)))


def _trace(path: Path, store: Path, role: str, left: Iterator[int]) -> Ancestor:
    made = read(path)
    parents = tuple(_parent(used, store, left) for used in made.get("inputs", []))
    return Ancestor(path.name, path, role, made, parents)


def read(path: Path) -> Mapping[str, Any]:
    """sdbr's record, or {"parameters": …} of another program, or {}. Raises InputProblem."""
    if not path.exists():
        raise InputProblem(f"'{path}' does not exist. Check the path.")
    if not (path.is_file() or path.is_dir()):
        raise InputProblem(f"'{path}' is not a regular file or a folder. Name a result.")
    moving = path.is_dir() or path.suffix.lower() in VIDEOS
    texts = None if moving else metadata.read(path)
    if texts is None or not (texts.parameters or texts.record):
        return record_of(_comment(path))
    if record := record_of(texts.record):
        return record
    prompt, negative, fields = webui.parse(texts.parameters)
    return {"parameters": sayable({"prompt": prompt, "negative_prompt": negative, **fields})}


def results(arguments: Iterable[str], workspace: Workspace) -> list[Path]:
    """The results that the arguments name, a folder of frames among them. Raises InputProblem."""
    videos = workspace.root / "generate" / "videos"
    homes = (workspace.generate_img, workspace.source_img, videos)
    return find(arguments, homes, PICTURES | VIDEOS, whole=is_clip_folder)


def is_clip_folder(path: Path) -> bool:
    """Whether a folder is one clip that sdbr made, and not a folder of results."""
    return path.is_dir() and "command" in record_of(_comment(path))


def _comment(path: Path) -> str:
    try:
        return read_comment(path) or ""
    except InputProblem:
        return ""  # A still, or no clip at all: it says nothing.


def _parent(used: Mapping[str, Any], store: Path, left: Iterator[int]) -> Ancestor:
    found = None if next(left, None) is None else find_original(used["sha256"], store)
    if found is not None:
        with suppress(InputProblem):
            return _trace(found, store, used["role"], left)
    return Ancestor(used["name"], None, used["role"], {})
