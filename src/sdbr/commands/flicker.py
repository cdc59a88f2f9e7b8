"""sdbr flicker: measure how much a clip flickers."""

from __future__ import annotations

from pathlib import Path

import click

from sdbr.cli.help import Command
from sdbr.cli.options import json_option, workspace_option
from sdbr.cli.table import fold, stdout_columns

_EXAMPLES = """
sdbr flicker generate/videos/clip.mp4 --against clip.mp4
sdbr flicker clip.mp4 --json
"""


@click.command("flicker", cls=Command, epilog=_EXAMPLES)
@click.argument("clip", type=click.Path(path_type=Path))
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    help="Source clip whose motion to follow [default: CLIP].",
)
@json_option
@workspace_option
def command(clip: Path, against: Path | None, as_json: bool, root: Path) -> None:
    """Measure how much a clip flickers, and where moving objects are poorly rendered.

    Flicker is the warp error (E_warp) along the motion. The source's own flicker, from grain and
    light, is the floor. --against also measures ghosts: how much of the style is missing on
    objects that move by themselves. Lower is better. Every frame is listed with --json.
    """
    import json

    from sdbr.console import Console, counted, shown
    from sdbr.media.open import open_reader
    from sdbr.workflows.clips.finished_clip import judge
    from sdbr.workflows.clips.steadiness import read_steadiness
    from sdbr.workflows.clips.verdict import describe
    from sdbr.workflows.progress import Phase, RunProgress
    from sdbr.workflows.provenance import read
    from sdbr.workspace import Workspace

    known = read_steadiness(Workspace(root).hidden, read.read(clip)).get("keyframes", ())
    what, console = open_reader(clip).clip, Console()
    count = what.frames or 0
    progress = RunProgress([Phase("scanning", count), Phase("measuring", max(0, count - 1))])
    with console.status(progress.line):
        measured = judge(clip, against, {number - 1 for number in known}, progress.step)
    if what.cut:
        frames = counted(len(measured.times), "frame")
        console.say(f"{clip} is truncated: only {frames} could be read. Copy or download it again.")
    if as_json:
        click.echo(json.dumps({"path": str(clip), **measured.as_json()}))
    else:
        for line in describe(measured):
            click.echo(fold(shown(f"{clip}: {line}"), stdout_columns()))
