"""sdbr edit: change a part of a picture. `ls` here is `sdbr edit --help`."""

from __future__ import annotations

import click

from sdbr.cli.help import Folder


@click.group("edit", cls=Folder, package=__name__)
def command() -> None:
    """Erase, repaint, replace, recolor or grow parts of pictures."""
