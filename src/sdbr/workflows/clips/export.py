"""The source frames of a clip's keyframes, written for somebody to paint over."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from sdbr.console import counted
from sdbr.files import plain_read_errors, plain_write_errors
from sdbr.media.stills.encode import encode_frame
from sdbr.workflows.clips.footage import FrameInfo, read_numbered
from sdbr.workflows.clips.prepare import PreparedClip
from sdbr.workflows.clips.requests import write_frame
from sdbr.workflows.clips.supplied import files_by_frame, keyframe_name
from sdbr.workflows.lines import ResultLine
from sdbr.workflows.run import Setup


def print_exported(clip: PreparedClip, folder: Path, setup: Setup) -> None:
    """Write the source frames that would be sent, print their paths, and say what is next.

    Raises InputProblem where the folder holds pictures of no frame.
    """
    console, overwrite = setup.console, setup.output.overwrite
    count = counted(len(clip.plan.requested), "keyframe")
    if setup.dry_run:
        console.say(f"{clip.source.name}: {count} would be written to {folder}. Nothing was sent.")
        return
    request, size = clip.plan.requests.request, clip.plan.footage.clip.size
    kept: list[Path] = []
    for frame, path, shows_source in _export(clip, folder, overwrite=overwrite):
        kept += [] if shows_source else [path]
        more = {"frame": frame.number + 1, "time": round(float(frame.at), 6)}
        source = clip.source.files[0]
        line = ResultLine(path, request, None, size, None, Decimal(0), source, more)
        with console.results():
            setup.recipient.result(line, setup.resources.realm != "aws")
    for path in kept:
        console.say(f"Kept {path}: not the source frame. To replace it, add --overwrite.")
    console.say(
        f"{clip.source.name}: {count} in {folder}. Nothing was sent. Paint over them, keep their "
        f"names, and run the command again with --keyframes-from '{folder}' instead of "
        "--export-keyframes."
    )


def _export(
    clip: PreparedClip, folder: Path, *, overwrite: bool
) -> Iterator[tuple[FrameInfo, Path, bool]]:
    """Write each frame, and yield it with its file and whether that shows it: what is there for a
    frame and shows something else stays unless `overwrite`."""
    footage = clip.plan.footage
    wanted = {frame.number: frame for frame in clip.plan.requested}
    there = files_by_frame(folder, footage) if folder.exists() else {}
    with plain_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for number, pixels in read_numbered(clip.reader, footage, wanted):
        shows_source = True
        path = folder / keyframe_name(wanted[number])
        if number not in there or (overwrite and there[number] == path):
            write_frame(path, pixels)
        else:
            path = there[number]
            with plain_read_errors(path):
                shows_source = path.read_bytes() == encode_frame(pixels)
        yield wanted[number], path, shows_source
