"""sdbr completion: print a completion script for the shell."""

from __future__ import annotations

import click

from sdbr.cli.help import Command

_EXAMPLES = """
eval "$(sdbr completion bash)"
sdbr completion zsh > "${fpath[1]}/_sdbr"
sdbr completion fish > ~/.config/fish/completions/sdbr.fish
"""


@click.command("completion", cls=Command, epilog=_EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, /, shell: str) -> None:
    """Print the script that completes commands, flags, models, styles, looks and files.

    Put the line of your shell's example into its start-up file, or write the script where the
    shell looks for such.
    """
    from sdbr.cli import completion

    click.echo(completion.script(shell, ctx.find_root().command))
