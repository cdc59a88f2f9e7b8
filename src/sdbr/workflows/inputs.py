"""What the arguments mean: files, folders, globs, names in the workspace, stdin, prompts."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from glob import glob, has_magic
from pathlib import Path

from sdbr.bedrock.catalog import Catalog
from sdbr.bedrock.families import dialect_of
from sdbr.console import counted
from sdbr.errors import InputProblem, UsageProblem
from sdbr.files import decode_text
from sdbr.media.formats import ANIMATIONS, kind_of
from sdbr.workspace import Workspace, natural_key

PICTURES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".webp", ".gif", ".apng", ".bmp"}
    | {".tif", ".tiff", ".avif", ".heic", ".heif", ".hif", ".jxl", ".jp2", ".ppm", ".qoi"}
)
VIDEOS = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".m2ts", ".mts"}
    | {".3gp", ".3g2", ".ogv", ".flv", ".wmv", ".y4m", ".gif", ".apng"}
)
_LONGEST_NAME_IN_LINES = 8  # Each is tried as a file: no name that people give has more.
_LARGEST_LIST = (
    64 * 1024 * 1024
)  # Bytes: a million paths. What never ends must not fill the memory.


def find(
    arguments: Iterable[str],
    homes: Iterable[Path],
    suffixes: frozenset[str],
    whole: Callable[[Path], bool] = lambda _folder: False,
) -> list[Path]:
    """The files that the arguments name, in their order; a folder or glob in natural order.

    `homes` are folders in which a bare name is looked for too. `-` reads paths from stdin, one
    a line, or separated by NUL, or as the JSON lines that sdbr prints. A `whole` folder stands
    for itself. Raises InputProblem.
    """
    folders = tuple(homes)

    def inside(folder: Path) -> list[Path]:
        return [folder] if whole(folder) else _in_folder(folder, suffixes)

    found: list[Path] = []
    for argument in arguments:
        if not argument:
            raise InputProblem("One of the inputs is an empty name. Leave it out.")
        if argument == "-":
            data = sys.stdin.buffer.read(_LARGEST_LIST)
            # A file's name may be any bytes.
            for name in _listed(decode_text(data, "stdin", "surrogateescape")):
                found += _matching(name, folders, inside)
        else:
            found += _matching(argument, folders, inside)
    if not found:
        raise InputProblem("No input. Name a file, a folder or a glob, or pipe paths into -.")
    return found


def passed_over(arguments: Iterable[str], others: frozenset[str]) -> list[str]:
    """What is to be said of files in named folders that are of `others`, and so are left out."""
    notes = []
    for folder in (Path(argument) for argument in arguments if os.path.isdir(argument)):
        inside = (path for path in folder.iterdir() if path.name[0] != ".")
        count = sum(path.suffix.lower() in others for path in inside)
        if count:
            notes.append(
                f"{folder}: {counted(count, 'video')} left out; sdbr vid2vid takes videos."
            )
    return notes


def _matching(
    name: str, homes: tuple[Path, ...], inside: Callable[[Path], list[Path]]
) -> list[Path]:
    if not name.strip():
        raise InputProblem("An input's name is empty. Name a file, a folder or a glob.")
    for path in (Path(name), *(home / name for home in homes if not Path(name).is_absolute())):
        # Unlike Path's own, these are false and no error for a name that no file can have.
        if os.path.isdir(path):
            return inside(path)
        if os.path.isfile(path):
            return [path]
        if os.path.exists(path):
            raise InputProblem(f"{path} is neither a file nor a folder. Save it as a file first.")
    if has_magic(name):
        matches = [Path(match) for match in glob(name, recursive=True) if Path(match).is_file()]
        if matches:
            return sorted(matches, key=lambda path: natural_key(str(path)))
        raise InputProblem(f"Nothing matches {name}. Check the pattern and its quotes.")
    raise InputProblem(f"{name} does not exist. Check the path.")


def _in_folder(folder: Path, suffixes: frozenset[str]) -> list[Path]:
    try:
        inside = [p for p in folder.iterdir() if p.suffix.lower() in suffixes and p.is_file()]
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise InputProblem(f"{folder} cannot be read: {why}. Check its permissions.") from error
    if not inside:
        raise InputProblem(f"{folder} holds no file of a known kind. Name another folder.")
    return sorted((p for p in inside if p.name[0] != "."), key=lambda path: natural_key(path.name))


def _listed(text: str) -> Iterator[str]:
    if "\0" in text:
        yield from filter(None, text.split("\0"))
        return
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    at = 0
    while at < len(lines):
        used = 1 if not lines[at].strip() else _lines_of_a_name(lines[at:])
        name = "\n".join(lines[at : at + used])
        if name.strip():
            yield _path_in_json(name)
        at += used


def _lines_of_a_name(lines: list[str]) -> int:
    """A file's name may hold line breaks: take as many lines as make a file that exists."""
    for used in range(1, min(len(lines), _LONGEST_NAME_IN_LINES) + 1):
        if os.path.exists("\n".join(lines[:used])):
            return used
    return 1


def _path_in_json(line: str) -> str:
    if line.startswith("{"):
        try:
            return str(json.loads(line)["path"])
        except (ValueError, KeyError, TypeError):
            pass
    return line


def inputs_and_prompt(
    arguments: tuple[str, ...], flags: Mapping[str, object], catalog: Catalog
) -> tuple[tuple[str, ...], str]:
    """Split `INPUT... PROMPT`: the last argument is the prompt, unless the model takes none.

    Beside a named look with words of its own (`prefix`) the prompt may be left out.

    Raises UsageProblem where one of the two is missing.
    """
    if not arguments:
        raise UsageProblem('Name an input and say how it should look: photo.jpg "as a woodcut".')
    if not _takes_prompt(flags, catalog):
        return arguments, ""
    *inputs, last = arguments
    # os.path says no where a Path raises: a prompt may be longer than a name can be.
    looks_like_input = last == "-" or os.path.isfile(last)
    if inputs and not looks_like_input:
        return tuple(inputs), last
    if flags.get("prefix"):
        return arguments, ""
    if flags.get("style_image") or "style-transfer" in str(flags.get("model")):
        return arguments, ""
    if not inputs and not looks_like_input:
        raise UsageProblem(f'No input. Name a picture before the prompt: photo.jpg "{last[:60]}".')
    raise UsageProblem(f'No prompt. Say how {last} should look, for example "as a woodcut".')


def _takes_prompt(flags: Mapping[str, object], catalog: Catalog) -> bool:
    name, family = flags.get("model"), flags.get("family")
    if not isinstance(name, str) or not name or "," in name:
        return True
    model = catalog.find(name, str(family) if family else None)
    return "prompt" in dialect_of(model).takes(model)


def find_inputs(arguments: Sequence[str], workspace: Workspace) -> tuple[list[Path], bool]:
    """The files that the arguments name, in order, and whether they move.

    Raises InputProblem where one is missing, UsageProblem where some move and some do not: they
    are priced and drawn in different ways.
    """
    videos = (workspace.root / "source" / "videos", workspace.root / "generate" / "videos")
    homes = (workspace.source_img, workspace.generate_img, *videos)
    paths = find(arguments, homes, VIDEOS | PICTURES)
    moving = [path for path in paths if moves(path)]
    if moving and len(moving) < len(paths):
        still = next(path for path in paths if path not in moving)
        raise UsageProblem(
            f"{still.name} is a still and {moving[0].name} moves. Give them in two commands."
        )
    return paths, bool(moving)


def moves(path: Path) -> bool:
    """Whether a file holds more than one picture to be shown; a broken one counts by its name."""
    if path.suffix.lower() not in PICTURES:
        return True
    from sdbr.media.open import open_reader  # Loads the video libraries: only for a file.

    try:
        if kind_of(path) not in ANIMATIONS:
            return False
        clip = open_reader(path).clip
        return clip.frames != 1 or clip.cut
    except InputProblem:
        return False
