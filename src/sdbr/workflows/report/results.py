"""Which results a report shows: all of a workspace, a folder's, or those of one run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from textwrap import shorten
from typing import Any

from sdbr.bedrock.catalog import Catalog
from sdbr.errors import InputProblem
from sdbr.store.ledger import Ledger
from sdbr.workflows.inputs import PICTURES, VIDEOS
from sdbr.workflows.provenance import read
from sdbr.workflows.provenance.read import Ancestor
from sdbr.workflows.report.embed import PLAYABLE, MediaStore
from sdbr.workspace import Workspace, natural_key

_KINDS = PICTURES | VIDEOS
_LATE = 2.0  # File systems and the ledger round seconds differently.


@dataclass(frozen=True, slots=True)
class Result:
    """One result: its file, how it was made, from what, and when it was written (UTC)."""

    path: Path
    ancestor: Ancestor
    at: datetime

    @property
    def made(self) -> Mapping[str, Any]:
        """sdbr's record of it."""
        return self.ancestor.made

    @property
    def request(self) -> Mapping[str, Any]:
        """What was asked of the model, in neutral words."""
        told: Mapping[str, Any] = self.made.get("request", {})
        return told

    @property
    def moving(self) -> bool:
        """Whether it is a clip."""
        return "frames" in self.made

    @property
    def source(self) -> Ancestor | None:
        """What it was drawn over, or None for what was drawn from words."""
        beside = ("mask", "style_image")
        return next((it for it in self.ancestor.parents if it.role not in beside), None)


def of_workspace(workspace: Workspace) -> list[Result]:
    """Every result in the workspace's tree, the latest first."""
    root = workspace.root
    homes = (workspace.source_img, workspace.generate_img, root / "generate" / "videos")
    return _latest_first(workspace, (path for home in homes for path in _files(home)))


def of_folder(workspace: Workspace, folder: Path) -> list[Result]:
    """Every result in a folder, by name."""
    found = _results(workspace, _files(folder))
    return sorted(found, key=lambda result: natural_key(result.path.name))


def of_run(workspace: Workspace, ledger: Ledger, run: Mapping[str, Any]) -> list[Result]:
    """The results of one run: those of its requests, and those written while it ran.

    A clip has many requests, and a picture that was paid for before has none in this run.
    """
    rows = ledger.query("SELECT DISTINCT key FROM sends WHERE run = ?", (run["run"],))
    belongs = _belonging({str(row["key"]) for row in rows}, run)
    return [result for result in of_workspace(workspace) if belongs(result)]


def _belonging(keys: set[str], run: Mapping[str, Any]) -> Callable[[Result], bool]:
    began = datetime.fromisoformat(run["began"]).timestamp() - _LATE
    ended = datetime.fromisoformat(run["ended"]).timestamp() if run["ended"] else None

    def belongs(result: Result) -> bool:
        if result.made.get("key") in keys:
            return True
        at = result.at.timestamp()
        while_it_ran = began <= at and (ended is None or at <= ended + _LATE)
        return while_it_ran and result.made.get("command") == run["command"]

    return belongs


def _latest_first(workspace: Workspace, paths: Iterable[Path]) -> list[Result]:
    return sorted(_results(workspace, paths), key=lambda result: result.at, reverse=True)


def _files(folder: Path) -> Iterator[Path]:
    try:
        for it in folder.iterdir():
            if (it.suffix.lower() in _KINDS and it.is_file()) or read.is_clip_folder(it):
                yield it
    except FileNotFoundError:
        return
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise InputProblem(f"{folder} cannot be read: {why}. Name another folder.") from error


def _results(workspace: Workspace, paths: Iterable[Path]) -> Iterator[Result]:
    for path in paths:
        try:
            ancestor = read.trace(path, workspace.hidden / "inputs")
        except InputProblem:
            continue
        if "command" in ancestor.made:
            at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            yield Result(path, ancestor, at)


_SPOKEN = 120


@dataclass(frozen=True, slots=True)
class ReportContext:
    """What cards are made with: the shelf, the prices, the workspace and its hidden folder."""

    shelf: MediaStore
    catalog: Catalog
    root: Path
    hidden: Path


def kind_of(result: Result) -> str:
    """Picture, animation or video."""
    if not result.moving:
        return "picture"
    return "video" if result.path.suffix.lower() in PLAYABLE | {".mkv", ".avi"} else "animation"


def prompt_of(result: Result) -> str:
    """The words that it was drawn from, as they were told."""
    return str(result.request.get("prompt") or "")


def spoken(result: Result) -> str:
    """A few words for those who hear the page, as HTML."""
    return escape(shorten(prompt_of(result), _SPOKEN, placeholder=" …") or result.path.name)
