"""Keyframes that the user supplies in a folder: found by their names, fitted to the clip.

A name is a frame's number from 1 (`000013.png`), its time in the clip (`0.48s.png`), or both, as
the export names them (`000013-0.480s.png`).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from sdbr.bedrock.families import SizeRule
from sdbr.concurrency import side_by_side
from sdbr.console import counted
from sdbr.errors import InputProblem
from sdbr.media.clip import Pixels
from sdbr.media.open import read_comment
from sdbr.media.stills import place
from sdbr.media.stills.fit import Fit, plan_fit
from sdbr.media.stills.open import open_picture
from sdbr.request import Size
from sdbr.workflows.clips.footage import Footage, FrameInfo, pixel_digest
from sdbr.workflows.inputs import PICTURES, find
from sdbr.workflows.prepare import read_file

_NAME = re.compile(r"(?:(?P<number>\d+)|(?:(?P<both>\d+)-)?(?P<time>\d+(?:\.\d+)?)s)", re.ASCII)
_FORMS = "Use a frame number or a time, such as 000013.png, 0.48s.png or 000013-0.480s.png."
ROLE = "keyframe"
"""That of supplied keyframes among the inputs in a record."""
_MOST_NAMED = 3
# Exported names give times in milliseconds.
_ROUNDING = Fraction(1, 1000)


@dataclass(frozen=True, slots=True)
class SuppliedKeyframe:
    """A picture that stands for a frame: its file, the SHA-256 of what was read, and how it is
    fitted to a frame of `size`; transparent parts are laid on `background`. One that is not `fixed`
    was generated before, so its colors may be brought to those of its shot."""

    path: Path
    sha256: str
    size: Size
    fit: Fit = "contain"
    background: str = "white"
    fixed: bool = True

    def read(self) -> Pixels:
        """The picture as a frame, height x width x 3. Raises InputProblem, also for a file that
        was changed since it was found."""
        data = read_file(self.path)
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise InputProblem(f"{self.path} was changed during the run. Run the command again.")
        return fit_to_frame(data, self)


def find_supplied(
    folder: Path, footage: Footage, fit: Fit, size: Size
) -> dict[int, SuppliedKeyframe]:
    """The supplied keyframes by frame number from 0; all of them can be read.

    Raises InputProblem for a folder without pictures, a picture that names no frame of the clip or
    the same as another, and one that cannot be read or fitted.
    """
    files = files_by_frame(folder, footage)
    if not files:
        raise InputProblem(
            f"--keyframes-from '{folder}' has no pictures. Save some with --export-keyframes first."
        )

    def check(item: tuple[int, Path]) -> tuple[int, SuppliedKeyframe]:
        number, path = item
        data = read_file(path)
        digest = hashlib.sha256(data).hexdigest()
        one = SuppliedKeyframe(path, digest, size, fit, footage.background)
        fit_to_frame(data, one)
        return number, one

    return dict(side_by_side(check, sorted(files.items())))


def tell_unpainted(supplied: Mapping[int, SuppliedKeyframe], footage: Footage) -> Iterator[str]:
    """Which of them show the source frame as it was, if any."""
    frames = footage.frames
    same = [
        one.path.name for n, one in supplied.items() if pixel_digest(one.read()) == frames[n].digest
    ]
    if same:
        names = ", ".join(same[:_MOST_NAMED]) + (", …" if len(same) > _MOST_NAMED else "")
        yield (
            f"{counted(len(same), 'supplied keyframe')} identical to the source: {names}. To have "
            "the model generate them, delete these files and give a prompt."
        )


def tell_missing(missing: Sequence[FrameInfo]) -> str:
    """Which keyframes must be supplied where no prompt says how to generate them."""
    names = ", ".join(keyframe_name(frame) for frame in missing[:_MOST_NAMED])
    more = ", …" if len(missing) > _MOST_NAMED else ""
    return (
        f"{counted(len(missing), 'keyframe')} missing from --keyframes-from: {names}{more}. Add "
        f"{'it' if len(missing) == 1 else 'them'}, or a prompt."
    )


def has_supplied(result: Path) -> bool:
    """Whether a clip that is there was made with supplied keyframes."""
    try:
        record = json.loads((result.exists() and read_comment(result)) or "{}")
        return any(one["role"] == ROLE for one in record["inputs"])
    except (InputProblem, ValueError, KeyError, TypeError):
        return False


def files_by_frame(folder: Path, footage: Footage) -> dict[int, Path]:
    """The pictures in a folder by the number, from 0, of the frame that each name tells.

    Raises InputProblem for a name that tells none, or the same as another.
    """
    if not os.path.isdir(folder):
        raise InputProblem(f"'{folder}' is not a folder. Name the folder of the keyframes.")
    names = [name for name in os.listdir(folder) if name[0] != "."]
    if not any(os.path.splitext(name)[1].lower() in PICTURES for name in names):
        return {}
    found: dict[int, Path] = {}
    for path in find([os.path.join(folder, "")], (), PICTURES):
        number = _frame_of(path, footage.frames)
        if number in found:
            raise InputProblem(
                f"{found[number]} and {path.name} are both for frame {number + 1}. Remove one."
            )
        found[number] = path
    return found


def _frame_of(path: Path, frames: tuple[FrameInfo, ...]) -> int:
    """The number, from 0, of the frame that a file's name tells. Raises InputProblem."""
    match = _NAME.fullmatch(path.stem)
    if match is None:
        raise InputProblem(f"{path} does not name a frame. {_FORMS}")
    told = match["number"] or match["both"]
    if told is not None and not 1 <= int(told) <= len(frames):
        raise InputProblem(
            f"{path} is for frame {int(told)}, but {counted(len(frames), 'frame')} of the clip "
            f"are used, from 1 to {len(frames)}. Rename or remove it."
        )
    if match["time"] is None:
        return int(match["number"]) - 1
    at = Fraction(match["time"])
    first, end = frames[0].at, frames[-1].at + frames[-1].lasts
    if not first - _ROUNDING <= at < end + _ROUNDING:
        raise InputProblem(
            f"{path} is for {float(at):g} s, but the frames used are from {float(first):.3f} to "
            f"{float(end):.3f} s. Rename or remove it."
        )
    number = min(range(len(frames)), key=lambda n: abs(frames[n].at - at))
    if told is not None and number != int(told) - 1:
        raise InputProblem(
            f"{path}: frame {int(told)} is at {float(frames[int(told) - 1].at):.3f} s, not at "
            f"{float(at):g} s. Name the file by its frame number or its time alone."
        )
    return number


def fit_to_frame(data: bytes, one: SuppliedKeyframe) -> Pixels:
    """The picture in `data` as a frame, height x width x 3. Raises InputProblem."""
    opened = open_picture(data, name=str(one.path), background=one.background, drop_padding=True)
    if one.fit == "none" and opened.size != one.size:
        raise InputProblem(
            f"{one.path} is {opened.size}, and the frames are {one.size}. Leave out --fit none, "
            "or resize the picture."
        )
    placement = plan_fit(opened.size, SizeRule(exact=(one.size,)), one.fit)
    image = place.apply(opened.image, placement)
    return np.asarray(image.convert("RGB"), dtype=np.uint8)


def keyframe_name(frame: FrameInfo) -> str:
    """The name of an exported keyframe's file: number from 1, and time in seconds."""
    return f"{frame.number + 1:06d}-{float(frame.at):.3f}s.png"
