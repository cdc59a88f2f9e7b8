"""sdbr edit: change part of a picture. `ls` here is `sdbr edit --help`."""

from __future__ import annotations

import click

from sdbr.cli.help import Folder


class Edits(Folder):
    """The commands beside this file."""

    package = __name__


@click.group("edit", cls=Edits)
def command() -> None:
    """Edit parts of pictures: erase, repaint, replace, recolor or extend them."""
