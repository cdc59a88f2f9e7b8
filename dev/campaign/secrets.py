"""Looks for credentials where none should be: in files, names and output."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dev.campaign.bedrock import KEY_ID, SECRET_KEY, SESSION

WORDS = (KEY_ID, SECRET_KEY, SESSION)


def told_by(workspace: Path, outputs: Iterable[str], words: tuple[str, ...] = WORDS) -> int:
    """How many files below `workspace` and outputs hold one of the words."""
    needles = [word.encode() for word in words]
    files = (path.read_bytes() for path in workspace.rglob("*") if path.is_file())
    texts = [*files, *(output.encode() for output in outputs)]
    return sum(any(needle in text for needle in needles) for text in texts)
