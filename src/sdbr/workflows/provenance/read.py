"""A record as a file tells it, brought into the shape that everybody relies on.

Anybody can write into a file's metadata. What has another type than sdbr writes is left out, so
that a stranger's file is at worst silent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
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

_DIGEST = re.compile(r"[0-9a-f]{64}")
_LARGEST = 2**53
_WRONG = object()


def record_of(text: str) -> dict[str, Any]:
    """The record in `text`; {} where it holds none. Unknown fields stay as they are."""
    try:
        told = json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(told, dict):
        return {}
    shaped = {name: _SHAPES.get(name, _any)(value) for name, value in sayable(told).items()}
    return {name: value for name, value in shaped.items() if value is not _WRONG}


def sayable(value: Any) -> Any:
    """JSON of strings that can be encoded: halves of surrogate pairs become question marks."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {sayable(name): sayable(part) for name, part in value.items()}
    return [sayable(part) for part in value] if isinstance(value, list) else value


def _any(value: Any) -> Any:
    return value


def _text(value: Any) -> Any:
    return value if isinstance(value, str) else _WRONG


def _count(value: Any) -> Any:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value < _LARGEST else _WRONG


def _size(value: Any) -> Any:
    sides = value if isinstance(value, list) else []
    return value if len(sides) == 2 and _WRONG not in map(_count, sides) else _WRONG


def _scalar(value: Any) -> Any:
    return _WRONG if isinstance(value, list | dict) or value is None else value


def _table(value: Any, **shapes: Callable[[Any], Any]) -> Any:
    """A table of scalars, but for the fields that have a shape of their own."""
    if not isinstance(value, dict):
        return _WRONG
    shaped = {name: shapes.get(name, _scalar)(part) for name, part in value.items()}
    return {name: part for name, part in shaped.items() if part is not _WRONG}


def _request(value: Any) -> Any:
    texts = dict.fromkeys(("model", "speaks_like", "prompt", "negative_prompt", "style"), _text)
    return _table(value, size=_size, seed=_count, extras=_table, **texts)


def _told(value: Any) -> Any:
    names = ("prompt", "negative", "model", "family", "aspect", "size", "style", "background")
    return _table(value, quality=_count, **dict.fromkeys(names, _text))


def _finish(value: Any) -> Any:
    return _table(value, size=_size)


def _inputs(value: Any) -> Any:
    return [one for one in value if _is_input(one)] if isinstance(value, list) else _WRONG


def _is_input(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    texts = all(isinstance(value.get(name), str) for name in ("role", "name", "sha256"))
    return texts and _DIGEST.fullmatch(value["sha256"]) is not None


def _texts(value: Any) -> Any:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else _WRONG


_SHAPES: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("sdbr", "command", "price_usd", "drawn_on", "key", "answered_by"), _text),
    **dict.fromkeys(("motion", "fingerprint", "stem"), _text),
    **dict.fromkeys(("seed", "frames", "drawn"), _count),
    "size": _size,
    "request": _request,
    "told": _told,
    "finish": _finish,
    "inputs": _inputs,
    "treatment": _texts,
    "parameters": lambda _: _WRONG,  # Another program's word for its own settings.
}


_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A result or an input: its name, where it lies now (or None), how it was made, and of what.

    `made` is sdbr's record, or what another program told, or empty.
    """

    name: str
    path: Path | None
    role: str
    made: Mapping[str, Any]
    parents: tuple[Ancestor, ...] = ()


def trace(path: Path, store: Path, role: str = "", depth: int = 0) -> Ancestor:
    """Read `path` and follow its inputs as far as they can be found. Raises InputProblem."""
    made = read(path)
    if depth >= _DEEPEST:
        return Ancestor(path.name, path, role, made)
    parents = [_parent(told, store, depth) for told in made.get("inputs", [])]
    return Ancestor(path.name, path, role, made, tuple(parents))


def read(path: Path) -> Mapping[str, Any]:
    """sdbr's record, or {"parameters": …} of another program, or {}. Raises InputProblem."""
    if not path.exists():
        raise InputProblem(f"{path} does not exist. Check the path.")
    moving = path.is_dir() or path.suffix.lower() in VIDEOS
    told = None if moving else metadata.read(path)
    if told is None:
        return record_of(_comment(path))
    if record := record_of(told.record):
        return record
    prompt, negative, fields = webui.parse(told.parameters)
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


def _parent(told: Mapping[str, Any], store: Path, depth: int) -> Ancestor:
    name, role = told["name"], told["role"]
    found = find_original(told["sha256"], store)
    if found is None:
        return Ancestor(name, None, role, {})
    try:
        return trace(found, store, role, depth + 1)
    except InputProblem:
        return Ancestor(name, None, role, {})
