"""sdbr flicker: how steady a clip is."""

from __future__ import annotations

from pathlib import Path

import click

from sdbr.cli.help import Command
from sdbr.cli.options import json_option

_EXAMPLES = """
sdbr flicker generate/videos/clip.mp4 --against clip.mp4
sdbr flicker clip.mp4 --json
"""


@click.command("flicker", cls=Command, epilog=_EXAMPLES)
@click.argument("clip", type=click.Path(path_type=Path))
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    help="The clip whose motion it should follow [default: its own].",
)
@json_option
def command(clip: Path, against: Path | None, as_json: bool) -> None:
    """Measure the flicker of any clip: its warp error (E_warp) along the motion.

    The floor is the error of the clip it is measured against: grain and light. Lower is
    steadier; frame by frame with --json.
    """
    import json

    from sdbr.workflows.clips.steadiness import judge

    measured = judge(clip, against)
    if as_json:
        click.echo(json.dumps({"path": str(clip), **measured.as_json()}))
    else:
        click.echo(f"{clip}: {measured}")
