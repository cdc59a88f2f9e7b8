"""sdbr completion: print a shell completion script."""

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
    """Print a completion script for commands, flags, models, styles, looks and files.

    bash: add the example line to ~/.bashrc. zsh and fish: the examples write the script to the
    shell's completion folder.
    """
    from sdbr.cli import completion

    click.echo(completion.script(shell, ctx.find_root().command))
