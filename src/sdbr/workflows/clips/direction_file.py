"""Writes the direction of a clip for --direction: each shot with its settings, to be edited."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from sdbr.console import counted
from sdbr.errors import UsageProblem
from sdbr.files import plain_write_errors, write_whole
from sdbr.generation.estimate import in_usd
from sdbr.workflows.clips.footage import read_numbered
from sdbr.workflows.clips.prepare import PreparedClip
from sdbr.workflows.clips.requests import write_frame
from sdbr.workflows.clips.shot_list import ListedShot, list_shots
from sdbr.workflows.lines import ResultLine
from sdbr.workflows.prompt_template import escape_prompt
from sdbr.workflows.run import Setup

_SIDE = 320  # Pixels: enough to recognize a shot in an editor's preview.
_MOST_NUMBERS = 12  # Of the keyframes in a comment: more are not read.
_SETTINGS = """\
# Settings of a shot: prompt, negative, model, style, look, seed, strength, crossfade.
#   strength = 0.4 is denoising strength; "0.3..0.7" goes from the first frame to the last.
#   crossfade = 1.0 blends from the prompt before, in seconds (models with weighted prompts).
# A shot holds until the next one starts. What it leaves out is as in the command.
"""


def print_plan(clip: PreparedClip, path: Path, beside: str, setup: Setup) -> None:
    """Write the direction of a clip and a thumbnail of each shot, and print its path.

    `beside` are the words that the command needs besides, to make the same clip.
    Raises UsageProblem where a file would be replaced.
    """
    console, shots = setup.console, list(list_shots(clip))
    cost = sum((shot.cost for shot in shots), Decimal(0))
    keyframes = counted(sum(len(shot.keyframes) for shot in shots), "keyframe")
    summary = f"{counted(len(shots), 'shot')}, {keyframes}, {in_usd(cost)} USD"
    if setup.dry_run:
        console.say(f"{clip.name}: {summary} would be written to {path}. Nothing was sent.")
        return
    folder = path.with_name(f"{path.stem}-shots")
    thumbnails = [folder / f"{number:03d}.png" for number in range(1, len(shots) + 1)]
    for each in (path, *thumbnails):
        if each.exists() and not setup.output.overwrite:
            raise UsageProblem(f"{each} already exists. Add --overwrite, or choose another name.")
    _write_thumbnails(clip, shots, thumbnails)
    names = [each.relative_to(path.parent) for each in thumbnails]
    source = clip.source.files[0]
    command = shlex.join(["sdbr", clip.spec.command, str(source), "--direction", str(path)])
    title = _comment(f"{source.name}: {summary}.")
    told = f"# {title}\n# Edit the shots, then run:\n#   {_comment(f'{command} {beside}')}\n"
    rows = ["\n".join(_table(*one)) for one in enumerate(zip(shots, names, strict=True), 1)]
    text = "\n".join((told + _SETTINGS, *rows))
    write_whole(path, text.encode("utf-8"))
    more = {"shots": [shot.as_json() for shot in shots]}
    request, size = clip.plan.requests.opening, clip.plan.size
    line = ResultLine(path, request, request.seed, size, None, Decimal(0), source, more)
    with console.results():
        setup.recipient.result(line, setup.resources.realm != "aws")
    console.say(f"{clip.name}: {summary}. Nothing was sent. Edit {path}, then use --direction.")


def _comment(text: str) -> str:
    """A text as it may stand in a comment of TOML: on one line, without control characters."""
    return re.sub(r"[\x00-\x1f\x7f]", " ", text).strip()


def _write_thumbnails(
    clip: PreparedClip, shots: Sequence[ListedShot], thumbnails: Sequence[Path]
) -> None:
    wanted = {shot.frames.start: path for shot, path in zip(shots, thumbnails, strict=True)}
    with plain_write_errors(thumbnails[0].parent):
        thumbnails[0].parent.mkdir(parents=True, exist_ok=True)
    for number, pixels in read_numbered(clip.reader, clip.plan.footage, wanted):
        image = Image.fromarray(pixels)
        image.thumbnail((_SIDE, _SIDE))
        write_frame(wanted[number], np.asarray(image))


def _table(number: int, one: tuple[ListedShot, Path]) -> Iterator[str]:
    """The lines of a shot."""
    shot, thumbnail = one
    numbers = ", ".join(str(each + 1) for each in shot.keyframes[:_MOST_NUMBERS])
    more = ", …" if len(shot.keyframes) > _MOST_NUMBERS else ""
    keyframes = counted(len(shot.keyframes), "keyframe")
    where = f" ({numbers}{more})" if numbers else ""
    yield f"# Shot {number}, {clock(shot.start)} to {clock(shot.end)}, {thumbnail.as_posix()}"
    yield f"# {keyframes}{where}, {in_usd(shot.cost)} USD"
    yield "[[shot]]"
    yield f'start = "{clock(shot.start)}"'
    yield from _assignments({"prompt": "", **shot.settings})
    yield ""


def _assignments(settings: Mapping[str, object]) -> Iterator[str]:
    for name, value in settings.items():
        told = escape_prompt(str(value)) if name in ("prompt", "negative") else value
        # A string of JSON is one of TOML, but for DEL.
        written = json.dumps(told, ensure_ascii=False).replace("\x7f", "\\u007f")
        yield f"{name} = {written}"


def clock(seconds: Fraction) -> str:
    """Seconds as m:ss or h:mm:ss, with up to three decimals, rounded down: a frame that begins
    then is not before it."""
    thousandths = int(seconds * 1000)
    whole, rest = divmod(thousandths, 1000)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    decimals = f".{rest:03d}".rstrip("0") if rest else ""
    start = f"{hours}:{minute:02d}" if hours else f"{minute}"
    return f"{start}:{second:02d}{decimals}"
