"""The source/ and generate/ tree: where results go, what they are called, in which order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sdbr.errors import InputProblem
from sdbr.files import plain_write_errors, sweep, write_new, write_whole

_LONGEST_SLUG = 60  # Characters. File systems take 255 bytes; a seed and a suffix follow.
_MANY = 10_000  # Names are tried one by one: beyond this a folder is full of one name.
_DEVICE = re.compile(r"con|prn|aux|nul|com\d|lpt\d", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder with `source/`, `generate/` and the hidden `.sdbr/` in it; made on first use."""

    root: Path

    @property
    def source_img(self) -> Path:
        """Pictures drawn from words."""
        return self.root / "source" / "img"

    @property
    def generate_img(self) -> Path:
        """Pictures drawn over pictures."""
        return self.root / "generate" / "img"

    @property
    def wildcards(self) -> Path:
        """Files of values, one a line: `__name__` in a prompt stands for those of `name.txt`."""
        return self.root / "wildcards"

    @property
    def hidden(self) -> Path:
        """What sdbr remembers: paid pictures, ledger, open runs."""
        return self.root / ".sdbr"

    @property
    def scans(self) -> Path:
        """What scanning clips found."""
        return self.hidden / "scans"

    def prepare(self, *folders: Path) -> None:
        """Make the hidden folder and `folders`, and clear away what a killed run left.

        Raises InputProblem where they cannot be made.
        """
        for folder in (self.hidden, *folders):
            with plain_write_errors(folder):
                folder.mkdir(parents=True, exist_ok=True)
        sweep(self.hidden, self.root / "source", self.root / "generate")
        ignore = self.hidden / ".gitignore"
        if not ignore.exists():
            write_whole(ignore, b"*\n")


def slug(text: str) -> str:
    """A file name's stem made of the words of `text`: letters and digits of any script, dashes.

    Never empty, never a hidden file, never a path, at most 60 characters and 120 bytes.
    """
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).lower())
    stem = "-".join(words)[:_LONGEST_SLUG]
    while len(stem.encode()) > 2 * _LONGEST_SLUG:
        stem = stem[:-1]
    return stem.strip("-") or "picture"


def kept_name(stem: str, most: int = 180) -> str:
    """The stem of an input's name, for its results: kept, but for what breaks a line or a path.

    At most so many bytes, so that a seed, a number and a suffix fit behind it. A name that is a
    device's on Windows, such as con or nul.tar, gets an underscore in front.
    """
    name = re.sub(r"[\x00-\x1f\x7f/\\]+", "_", stem).strip().lstrip(".")
    if _DEVICE.fullmatch(name.partition(".")[0].rstrip()):
        name = f"_{name}"
    while len(name.encode("utf-8", "surrogateescape")) > most:
        name = name[:-1]
    return name or "picture"


def natural_key(name: str) -> list[tuple[int, int | str]]:
    """A sort key under which frame2 comes before frame10."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts if part]


def write_unique(
    data: bytes,
    folder: Path,
    stem: str,
    suffix: str,
    holds: Callable[[Path, bytes], bool] | None = None,
) -> Path:
    """Write `data` under the first free name: `stem`, `stem-2`, `stem-3`, …

    A file that already holds exactly this is left as it is and counts as the same run's: its
    path is returned. `holds` decides that instead of a comparison of bytes. Nothing is overwritten.
    Raises InputProblem.
    """
    same = holds or _holds
    return claim(folder, stem, suffix, lambda path: write_new(path, data) or same(path, data))


def claim(folder: Path, stem: str, suffix: str, take: Callable[[Path], bool]) -> Path:
    """The first of `stem`, `stem-2`, `stem-3`, … for which `take(path)` is true."""
    for number in range(1, _MANY):
        path = folder / f"{stem}{f'-{number}' if number > 1 else ''}{suffix}"
        if take(path):
            return path
    raise InputProblem(f"{folder} already has {_MANY:,} files named {stem}. Choose another --name.")


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False
