"""sdbr trust: let a workspace set prices, caps and endpoints."""

from __future__ import annotations

from pathlib import Path

import click

from sdbr.cli.help import Command
from sdbr.cli.options import workspace_option
from sdbr.errors import InputProblem, UsageProblem

_EXAMPLES = """
sdbr trust
sdbr trust --workspace films --yes
sdbr trust --revoke
"""


@click.command("trust", cls=Command, epilog=_EXAMPLES)
@workspace_option
@click.option("--yes", "-y", is_flag=True, help="Trust without asking.")
@click.option("--revoke", is_flag=True, help="Stop trusting it.")
def command(root: Path, yes: bool, revoke: bool) -> None:
    """Let a workspace's sdbr.toml decide where requests go and what is spent.

    Its models, looks and sizes apply without trust. Its endpoint, profile, prices, caps and ARNs do
    not, because the workspace may come from someone else. If the file changes, trust it again.
    """
    from sdbr import config
    from sdbr.config import file as config_file
    from sdbr.config import trust
    from sdbr.console import Console, ask

    path = root / config.FILE_NAME
    if not path.is_file():
        raise InputProblem(f"{path} does not exist, so there is nothing to trust.")
    file = config_file.read(path)
    if revoke:
        trust.revoke(file)
        click.echo(f"{path} is no longer trusted.", err=True)
        return
    decided = trust.decisions(file)
    if not decided:
        click.echo(f"{path} has no settings that need trust.", err=True)
        return
    click.echo(f"{path} sets:", err=True)
    for key, value in decided:
        click.echo(f"  {'.'.join(key)} = {value}", err=True)
    if not yes and not Console().terminal:
        raise UsageProblem(
            "Cannot ask for confirmation without a terminal. Add --yes to trust the file."
        )
    if yes or ask("Trust these settings?"):
        trust.accept(file)
        click.echo(f"{path} is trusted until it changes.", err=True)
