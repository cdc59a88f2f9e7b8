"""How a result was made, read back from its file, and followed to what it was made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sdbr.errors import InputProblem
from sdbr.media import metadata
from sdbr.media.metadata import webui
from sdbr.media.open import read_comment
from sdbr.workflows.inputs import PICTURES, VIDEOS, find
from sdbr.workflows.prepare import original
from sdbr.workflows.provenance.read import record_of, sayable
from sdbr.workspace import Workspace

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
    found = original(told["sha256"], store)
    if found is None:
        return Ancestor(name, None, role, {})
    try:
        return trace(found, store, role, depth + 1)
    except InputProblem:
        return Ancestor(name, None, role, {})
