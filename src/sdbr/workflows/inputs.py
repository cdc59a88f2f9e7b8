"""What the arguments mean: files, folders, globs, names in the workspace, stdin, prompts."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from glob import glob, has_magic
from pathlib import Path

from sdbr.bedrock.catalog import Catalog
from sdbr.bedrock.families import family_of
from sdbr.console import counted
from sdbr.errors import InputProblem, UsageProblem
from sdbr.files import (
    decode_text,
    plain_read_errors,
    plain_write_errors,
    read_stdin,
    write_new,
)
from sdbr.media.formats import ANIMATIONS, boxed_format, kind_of, sniff
from sdbr.workspace import Workspace, natural_key

PICTURES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".webp", ".gif", ".apng", ".bmp"}
    | {".tif", ".tiff", ".avif", ".heic", ".heif", ".hif", ".jxl", ".jp2", ".ppm", ".qoi"}
)
VIDEOS = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".m2ts", ".mts"}
    | {".3gp", ".3g2", ".ogv", ".flv", ".wmv", ".y4m", ".gif", ".apng"}
)
_TIFF = (b"II*\0", b"MM\0*")
_MATROSKA = b"\x1a\x45\xdf\xa3"
_LONGEST_NAME_IN_LINES = 8  # Each is tried as a file: no name that people give has more.
# Bytes: a million paths. What never ends must not fill the memory.
_LARGEST_LIST = 64 * 1024 * 1024


def find(
    arguments: Iterable[str],
    homes: Iterable[Path],
    suffixes: frozenset[str],
    whole: Callable[[Path], bool] = lambda _folder: False,
    store: Path | None = None,
) -> list[Path]:
    """The files that the arguments name, in their order; a folder or glob in natural order.

    `homes` are folders in which a bare name is looked for too. `-` reads paths from stdin, one
    a line, or separated by NUL, or as the JSON lines that sdbr prints; or one picture's bytes,
    which are kept in `store` under the name stdin. A `whole` folder stands for itself. Raises
    InputProblem.
    """
    folders = tuple(homes)

    def inside(folder: Path) -> list[Path]:
        return [folder] if whole(folder) else _in_folder(folder, suffixes)

    found: list[Path] = []
    names = list(arguments)
    # Of one name alone, a prompt without quotation marks left nothing over.
    hint = " Put a prompt of several words in quotes." if len(names) > 1 else ""
    for argument in names:
        if not argument:
            raise InputProblem("One of the inputs is an empty name. Remove it.")
        if argument == "-":
            data = read_stdin(_LARGEST_LIST, "paths, one per line, or the bytes of one picture")
            if store is not None and (suffix := _picture_suffix(data)):
                found.append(_kept(data, suffix, store))
                continue
            # A file's name may be any bytes.
            for name in _read_list(decode_text(data, "stdin", "surrogateescape")):
                found += _match(name, folders, inside)
        else:
            found += _match(argument, folders, inside, hint)
    if not found:
        raise InputProblem("No input. Name a file, a folder or a glob, or pipe paths into -.")
    return found


def _picture_suffix(data: bytes) -> str:
    """The suffix of the picture that begins so; "" for a list of paths. Raises InputProblem."""
    if (data[4:8] == b"ftyp" and not boxed_format(data)) or data.startswith(_MATROSKA):
        raise InputProblem("stdin contains a video. Save it to a file and name that file.")
    header = sniff(data)
    # A list may begin with BM, but not with the zeros of a bitmap's header.
    found = header.format if header and (header.format != "bmp" or not any(data[6:10])) else ""
    found = found or boxed_format(data) or ("tiff" if data.startswith(_TIFF) else "")
    return f".{found}" if found else ""


def _kept(data: bytes, suffix: str, store: Path) -> Path:
    if len(data) == _LARGEST_LIST:
        limit = _LARGEST_LIST >> 20
        raise InputProblem(
            f"The picture on stdin is larger than {limit} MB. Save it to a file and name that file."
        )
    path = store / hashlib.sha256(data).hexdigest()[:16] / f"stdin{suffix}"
    with plain_write_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_new(path, data)
    return path


def say_skipped(arguments: Iterable[str], others: frozenset[str]) -> list[str]:
    """What is to be said of files in named folders that are of `others`, and so are left out."""
    notes = []
    for folder in (Path(argument) for argument in arguments if os.path.isdir(argument)):
        inside = (path for path in folder.iterdir() if path.name[0] != ".")
        count = sum(path.suffix.lower() in others for path in inside)
        if count:
            notes.append(
                f"{folder}: skipped {counted(count, 'video')}. For videos, use sdbr vid2vid."
            )
    return notes


def _match(
    name: str, homes: tuple[Path, ...], inside: Callable[[Path], list[Path]], hint: str = ""
) -> list[Path]:
    if not name.strip():
        raise InputProblem("An input name is empty. Name a file, a folder or a glob.")
    for path in (Path(name), *(home / name for home in homes if not Path(name).is_absolute())):
        # Unlike Path's own, these are false and no error for a name that no file can have.
        if os.path.isdir(path):
            return inside(path)
        if os.path.isfile(path):
            return [path]
        if os.path.exists(path):
            raise InputProblem(
                f"'{path}' is not a regular file or a folder. Save it as a file first."
            )
    if has_magic(name):
        matches = [Path(match) for match in glob(name, recursive=True) if Path(match).is_file()]
        if matches:
            return sorted(matches, key=lambda path: natural_key(str(path)))
        raise InputProblem(f"Nothing matches '{name}'. Check the pattern, and put it in quotes.")
    looks_like_path = Path(name).suffix or os.sep in name
    raise InputProblem(f"'{name}' does not exist. Check the path.{'' if looks_like_path else hint}")


def _in_folder(folder: Path, suffixes: frozenset[str]) -> list[Path]:
    with plain_read_errors(folder, "Check its permissions."):
        inside = [p for p in folder.iterdir() if p.suffix.lower() in suffixes and p.is_file()]
    if not inside:
        raise InputProblem(f"{folder} contains no supported files. Choose another folder.")
    return sorted((p for p in inside if p.name[0] != "."), key=lambda path: natural_key(path.name))


def _read_list(text: str) -> Iterator[str]:
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
    arguments: tuple[str, ...],
    flags: Mapping[str, object],
    catalog: Catalog,
    *,
    prompt_optional: bool = False,
    example: str = "photo.jpg",
) -> tuple[tuple[str, ...], str]:
    """Split `INPUT... PROMPT`: the last argument is the prompt, unless the model takes none.

    A prompt of several words may stand first, before a file or folder. Beside a named look with
    words of its own (`prefix`), or where it is `prompt_optional`, it may be left out.
    Messages name an input as in `example`.

    Raises UsageProblem where one of the two is missing.
    """
    if not arguments:
        raise UsageProblem(
            f'Name an input and describe the result, for example: {example} "as a woodcut".'
        )
    if not _takes_prompt(flags, catalog):
        return arguments, ""
    *inputs, last = arguments
    # os.path says no where a Path raises: a prompt may be longer than a name can be.
    looks_like_input = last == "-" or os.path.isfile(last)
    first_is_prompt = bool(inputs) and not may_be_input(inputs[0])
    if first_is_prompt and " " in inputs[0].strip() and (looks_like_input or os.path.isdir(last)):
        return (*inputs[1:], last), inputs[0]
    if inputs and not looks_like_input:
        return tuple(inputs), last
    if flags.get("prefix") or prompt_optional:
        return arguments, ""
    if flags.get("style_image") or "style-transfer" in str(flags.get("model")):
        return arguments, ""
    if not inputs and not looks_like_input:
        raise UsageProblem(f'No input. Name it before the prompt: {example} "{last[:60]}".')
    if first_is_prompt:
        raise UsageProblem(f'Put the prompt last: {last} "{inputs[0][:60]}".')
    raise UsageProblem(f'No prompt. Describe how {last} should look, for example "as a woodcut".')


def may_be_input(argument: str) -> bool:
    """Whether an argument names what is there, or ends as a picture's or a video's name does."""
    suffix = os.path.splitext(argument)[1].lower()
    there = argument == "-" or os.path.exists(argument) or bool(glob(argument))
    return there or suffix in PICTURES | VIDEOS


def refuse_prompt(command: str, arguments: Sequence[str], instead: str = "Leave it out.") -> None:
    """Raises UsageProblem, which ends in `instead`, where the last of several is no input."""
    if len(arguments) > 1 and not may_be_input(arguments[-1]):
        raise UsageProblem(f"{command} takes no prompt argument: '{arguments[-1]}'. {instead}")


def _takes_prompt(flags: Mapping[str, object], catalog: Catalog) -> bool:
    name, family = flags.get("model"), flags.get("family")
    if not isinstance(name, str) or not name or "," in name:
        return True
    model = catalog.find(name, str(family) if family else None)
    return "prompt" in family_of(model).takes(model)


def find_inputs(arguments: Sequence[str], workspace: Workspace) -> tuple[list[Path], bool]:
    """The files that the arguments name, in order, and whether they move.

    Raises InputProblem where one is missing, UsageProblem where some move and some do not: they
    are priced and drawn in different ways.
    """
    videos = (workspace.root / "source" / "videos", workspace.root / "generate" / "videos")
    homes = (workspace.source_img, workspace.generate_img, *videos)
    paths = find(arguments, homes, VIDEOS | PICTURES, store=workspace.hidden / "inputs")
    moving = [path for path in paths if moves(path)]
    if moving and len(moving) < len(paths):
        still = next(path for path in paths if path not in moving)
        raise UsageProblem(
            f"{still.name} is a still picture and {moving[0].name} is animated. Run a "
            "separate command for each."
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
