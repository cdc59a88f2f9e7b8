"""sdbr doctor: check credentials, models and this machine for free."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sdbr.cli.connection import ConnectionFlags, connection_of, offline_cause
from sdbr.cli.help import Command
from sdbr.cli.numbers import FiniteNumber
from sdbr.cli.options import (
    CONNECTION,
    collect_options,
    grouped,
    json_option,
    workspace_option,
)
from sdbr.cli.table import fold, stdout_columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sdbr.config import Config
    from sdbr.workflows.doctor.finding import Finding

_EXAMPLES = """
sdbr doctor
sdbr doctor --region us-west-2 --profile work
sdbr doctor --json
"""
_SIGNS = {"ok": "OK  ", "note": "NOTE", "fix": "FIX "}
_TEXT = 19  # Columns left of what was found.
_check = grouped("Check")
_timeout = _check(
    "--timeout",
    type=FiniteNumber(min=0.1),
    default=15.0,
    metavar="SECONDS",
    help="Time limit per check [default: 15].",
)


@click.command("doctor", cls=Command, epilog=_EXAMPLES)
@_check("--draw", is_flag=True, help="Also generate one picture, which AWS bills.")
@json_option
@workspace_option
@collect_options("flags", ConnectionFlags, _timeout, *CONNECTION)
def command(root: Path, draw: bool, as_json: bool, flags: ConnectionFlags) -> int:
    """Check this machine, the AWS account and the models, for free.

    Each line is OK, NOTE (can wait) or FIX (runs will fail), with the next step. The exit code is
    that of the first FIX. One empty request is sent to Bedrock, which rejects it without billing.
    With an emulator on this machine, a picture is generated as well.
    """
    code = 0
    for finding in _findings(root, draw, flags):
        _print(finding, as_json)
        code = code or finding.code
    return code


def _findings(root: Path, draw: bool, flags: ConnectionFlags) -> Iterator[Finding]:
    from sdbr import config
    from sdbr.errors import UsageProblem
    from sdbr.workflows.doctor import machine
    from sdbr.workflows.doctor.finding import explain_failure

    yield from machine.check_machine(root)
    try:
        settings = config.load(root)
    except UsageProblem:
        settings = config.Config()
    try:
        yield from _account(settings, draw, flags)
    except UsageProblem as problem:
        yield explain_failure("settings", problem)


def _account(settings: Config, draw: bool, flags: ConnectionFlags) -> Iterator[Finding]:
    from datetime import date

    from sdbr.bedrock import catalog
    from sdbr.workflows.doctor import account
    from sdbr.workflows.doctor.finding import ok

    models = catalog.load(settings.prices, settings.aliases)
    cheapest = models.able("text-to-image", date.today())[0].id
    names = (settings.models.get("txt2img", cheapest), settings.models.get("img2img", "sd3.5"))
    connection = connection_of(flags, settings)
    if connection.offline:
        yield ok("account", f"skipped: {offline_cause()} turns on the built-in emulator")
        return
    defaults = tuple(models.find(name) for name in names)
    yield from account.check_account(account.Checkup(connection, models, defaults, draw))


def _print(finding: Finding, as_json: bool) -> None:
    if as_json:
        import json

        line = {
            "about": finding.about,
            "verdict": finding.verdict,
            "said": finding.said,
            "code": finding.code,
            **finding.facts,
        }
        click.echo(json.dumps(line, ensure_ascii=False, default=str))
    else:
        text = f"{_SIGNS[finding.verdict]}  {finding.about:<11}  {finding.said}"
        click.echo(fold(text, stdout_columns(), hang=_TEXT))
