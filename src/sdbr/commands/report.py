"""sdbr report: show results on one HTML page."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdbr.cli.help import Command
from sdbr.cli.numbers import WholeNumber
from sdbr.cli.options import grouped, workspace_option

if TYPE_CHECKING:
    from sdbr.store.ledger import Ledger
    from sdbr.workflows.report.page import Report
    from sdbr.workspace import Workspace

_EXAMPLES = """
sdbr report
sdbr report last --open
sdbr report 12 -o for-anna.html
sdbr report generate/img
"""
_output = grouped("Output")


@click.command("report", cls=Command, epilog=_EXAMPLES)
@click.argument("what", required=False, metavar="[RUN|FOLDER]")
@_output("--output", "-o", "to", type=click.Path(path_type=Path), help="Output file.")
@_output("--overwrite", is_flag=True, help="Let -o replace a file that is not a report.")
@_output(
    "--side",
    type=WholeNumber(64, 8192),
    default=1280,
    show_default=True,
    metavar="PIXELS",
    help="Longest side of a picture.",
)
@_output("--open", "open_", is_flag=True, help="Open it when done.")
@workspace_option
def command(
    what: str | None, to: Path | None, overwrite: bool, side: int, open_: bool, root: Path
) -> None:
    """Write an HTML page of results, how they were made and what they cost; print its path.

    The default is the whole workspace. RUN is a run's number in `sdbr ledger`, or last. The page
    is one self-contained file that works offline. A slider compares each result with its source;
    clips play.
    """
    from sdbr import config
    from sdbr.bedrock import catalog
    from sdbr.console import open_files
    from sdbr.errors import UsageProblem
    from sdbr.workflows.report import page
    from sdbr.workflows.report.embed import MediaStore
    from sdbr.workflows.report.results import ReportContext
    from sdbr.workspace import Workspace

    workspace = Workspace(root)
    report, name = _report(workspace, what)
    if not report.results:
        raise UsageProblem(
            f"{report.title}: no results yet. Generate a picture first, for example with sdbr "
            "txt2img."
        )
    settings = config.load(root)
    models = catalog.load(settings.prices, settings.aliases)
    target = to or root / "generate" / name
    desk = ReportContext(MediaStore(side), models, root, workspace.hidden)
    page.write(target, page.pieces(report, desk), overwrite)
    click.echo(str(target))
    if open_ and (problem := open_files([target])):
        click.echo(problem, err=True)


def _report(workspace: Workspace, what: str | None) -> tuple[Report, str]:
    """What is to be shown, and the file's name for it."""
    from sdbr.errors import UsageProblem
    from sdbr.workflows.report import results as finding
    from sdbr.workflows.report.page import Report

    ledger = _ledger(workspace)
    if what is None:
        title = f"Results in {workspace.root.resolve().name}"
        return Report(title, finding.of_workspace(workspace), ledger), "report.html"
    if (what == "last" or what.isdecimal()) and not os.path.isdir(what):
        run = _run(ledger, what)
        results = finding.of_run(workspace, ledger, run) if ledger else []
        return Report(f"Run {run['run']}", results, ledger, run), f"report-{run['run']}.html"
    folder = Path(what)
    if not folder.is_dir():
        raise UsageProblem(f"'{what}' is not a folder or a run. See `sdbr ledger --by run`.")
    return Report(str(folder), finding.of_folder(workspace, folder), ledger), "report.html"


def _ledger(workspace: Workspace) -> Ledger | None:
    from sdbr.store.ledger import Ledger

    path = workspace.hidden / "ledger.db"
    return Ledger(path) if path.is_file() else None


def _run(ledger: Ledger | None, what: str) -> dict[str, Any]:
    from sdbr.errors import UsageProblem
    from sdbr.store import ledger_queries

    runs = ledger_queries.runs(ledger, "", 1 if what == "last" else 1_000_000) if ledger else []
    found = [run for run in runs if what in ("last", str(run["run"]))]
    if not found:
        which = "No runs yet" if what == "last" else f"No run {what}"
        raise UsageProblem(f"{which}. See `sdbr ledger --by run`.")
    return found[0]
