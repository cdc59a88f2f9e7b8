"""Which results a report shows: all of a workspace, a folder's, or those of one run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from textwrap import shorten
from typing import Any

from sdbr.bedrock.catalog import Catalog
from sdbr.errors import InputProblem
from sdbr.files import plain_read_errors
from sdbr.store.ledger import Ledger
from sdbr.workflows.inputs import PICTURES, VIDEOS
from sdbr.workflows.provenance import read
from sdbr.workflows.provenance.read import Ancestor
from sdbr.workflows.report.embed import PLAYABLE, MediaStore
from sdbr.workspace import Workspace, natural_key

_KINDS = PICTURES | VIDEOS
_LONGEST_ALT = 120  # Characters: screen readers read it out as a whole.
_LATE = 2.0  # File systems and the ledger round seconds differently.


@dataclass(frozen=True, slots=True)
class ReportedResult:
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
        request: Mapping[str, Any] = self.made.get("request", {})
        return request

    @property
    def prompt(self) -> str:
        """The words that it was drawn from, as they were given."""
        return str(self.request.get("prompt") or "")

    @property
    def alt_text(self) -> str:
        """A few words for those who hear the page, as HTML."""
        return escape(shorten(self.prompt, _LONGEST_ALT, placeholder=" …") or self.path.name)

    @property
    def moving(self) -> bool:
        """Whether it is a clip."""
        return "frames" in self.made

    @property
    def kind(self) -> str:
        """Picture, animation or video."""
        if not self.moving:
            return "picture"
        return "video" if self.path.suffix.lower() in PLAYABLE | {".mkv", ".avi"} else "animation"

    @property
    def source(self) -> Ancestor | None:
        """What it was drawn over, or None for what was drawn from words."""
        beside = ("mask", "style_image")
        return next((it for it in self.ancestor.parents if it.role not in beside), None)


def of_workspace(workspace: Workspace) -> list[ReportedResult]:
    """Every result in the workspace's tree, the latest first."""
    root = workspace.root
    homes = (workspace.source_img, workspace.generate_img, root / "generate" / "videos")
    found = _results(workspace, (path for home in homes for path in _files(home)))
    return sorted(found, key=lambda result: result.at, reverse=True)


def of_folder(workspace: Workspace, folder: Path) -> list[ReportedResult]:
    """Every result in a folder, by name."""
    found = _results(workspace, _files(folder))
    return sorted(found, key=lambda result: natural_key(result.path.name))


def of_run(workspace: Workspace, ledger: Ledger, run: Mapping[str, Any]) -> list[ReportedResult]:
    """The results of one run: those of its requests, and those written while it ran.

    A clip has many requests, and a picture that was paid for before has none in this run.
    """
    rows = ledger.query("SELECT DISTINCT key FROM sends WHERE run = ?", (run["run"],))
    keys = {str(row["key"]) for row in rows}
    began = datetime.fromisoformat(run["began"]).timestamp() - _LATE
    ended = datetime.fromisoformat(run["ended"]).timestamp() + _LATE if run["ended"] else math.inf

    def belongs(result: ReportedResult) -> bool:
        while_it_ran = began <= result.at.timestamp() <= ended
        same_command = result.made.get("command") == run["command"]
        return result.made.get("key") in keys or (while_it_ran and same_command)

    return [result for result in of_workspace(workspace) if belongs(result)]


def _files(folder: Path) -> Iterator[Path]:
    with plain_read_errors(folder, "Name another folder."), suppress(FileNotFoundError):
        for it in folder.iterdir():
            if (it.suffix.lower() in _KINDS and it.is_file()) or read.is_clip_folder(it):
                yield it


def _results(workspace: Workspace, paths: Iterable[Path]) -> Iterator[ReportedResult]:
    for path in paths:
        try:
            ancestor = read.trace(path, workspace.hidden / "inputs")
        except InputProblem:
            continue
        if "command" in ancestor.made:
            at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            yield ReportedResult(path, ancestor, at)


@dataclass(frozen=True, slots=True)
class ReportContext:
    """What cards are made with: media, prices, the workspace and its hidden folder."""

    media: MediaStore
    catalog: Catalog
    root: Path
    hidden: Path
