"""The page: a template whose parts are filled one after the other, written whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from sdbr import __version__
from sdbr.console import counted
from sdbr.errors import UsageProblem
from sdbr.files import plain_write_errors, write_whole
from sdbr.store.ledger import Ledger
from sdbr.workflows.report import costs
from sdbr.workflows.report.cards import card, model_of
from sdbr.workflows.report.results import ReportContext, ReportedResult

_HOLE = re.compile(r"\{\{(\w+)\}\}")
_MARK = b"<!-- A report of sdbr -->"


@dataclass(frozen=True, slots=True)
class Report:
    """What a page tells: its title, its results, and the run and ledger behind them."""

    title: str
    results: Sequence[ReportedResult]
    ledger: Ledger | None
    run: Mapping[str, Any] | None = None


def pieces(report: Report, context: ReportContext) -> Iterator[bytes]:
    """The page in UTF-8, piece by piece; media are read only when their turn comes."""
    texts = _texts(report)
    for number, part in enumerate(_HOLE.split(_text("page.html"))):
        if number % 2 == 0:
            yield part.encode()
        elif part == "results":
            yield from (
                card(result, context).encode("utf-8", "replace") for result in report.results
            )
        elif part == "media":
            yield from context.media.elements()
        else:
            yield texts[part].encode("utf-8", "replace")


def write(target: Path, chunks: Iterator[bytes], overwrite: bool) -> None:
    """Write the page. An earlier report makes way for it, another file only if it may.

    Raises UsageProblem or InputProblem.
    """
    if os.path.exists(target) and not overwrite and not _is_report(target):
        raise UsageProblem(
            f"{target} is not an sdbr report. Add --overwrite, or choose another -o."
        )
    write_whole(target, chunks)


def _is_report(path: Path) -> bool:
    with plain_write_errors(path), path.open("rb") as file:
        return _MARK in file.read(400)


def _texts(report: Report) -> Mapping[str, str]:
    style, script = _text("page.css"), _text("page.js")
    results = report.results
    commands = {str(result.made["command"]) for result in results}
    return {
        "title": escape(report.title),
        "about": escape(_about(report)),
        "money": costs.section(report.ledger, report.run),
        "models": _options({model_of(result) for result in results}),
        "commands": _options(commands),
        "kinds": _options({result.kind for result in results}),
        "footer": escape(f"Made by sdbr {__version__}."),
        "style": style,
        "script": script,
        "style_hash": _digest(style),
        "script_hash": _digest(script),
    }


def _about(report: Report) -> str:
    said = counted(len(report.results), "result")
    if report.run is not None:
        ended = str(report.run["ended"] or "")[:16].replace("T", " ")
        said += f" of {report.run['command']}, {f'{ended} UTC' if ended else 'not finished'}"
    return said


def _options(values: set[str]) -> str:
    return "".join(f"<option>{escape(value)}</option>" for value in sorted(values))


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _text(name: str) -> str:
    return files("sdbr.workflows.report").joinpath(name).read_text(encoding="utf-8")
