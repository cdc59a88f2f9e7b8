"""What the parts of a report are made with, and what all of them say of a result."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from textwrap import shorten

from sdbr.bedrock.catalog import Catalog
from sdbr.workflows.report.embed import PLAYABLE, Shelf
from sdbr.workflows.report.results import Result

_SPOKEN = 120


@dataclass(frozen=True, slots=True)
class Desk:
    """What cards are made with: the shelf, the prices, the workspace and its hidden folder."""

    shelf: Shelf
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
