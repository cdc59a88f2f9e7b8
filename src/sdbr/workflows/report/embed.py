"""The pictures and clips that a page holds: each once, as small as is enough, 7-bit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import numpy as np

from sdbr.concurrency import map_ordered
from sdbr.errors import InputProblem

_WORKERS = 2  # Each holds a decoded picture or clip; the page itself is written by one.
_TYPES = {
    **{".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"},
    **{".gif": "image/gif", ".apng": "image/apng", ".mp4": "video/mp4", ".m4v": "video/mp4"},
    **{".mov": "video/mp4", ".webm": "video/webm"},
}
PLAYABLE = frozenset({".mp4", ".m4v", ".mov", ".webm"})
# NUL and CR are changed by the parser, and "<" could end the element; their low 7 bits stay.
_STAND_INS = ((b"\0", "Ā".encode()), (b"\r", "č".encode()), (b"<", "ļ".encode()))
_WEIGHTS = np.array([64, 32, 16, 8, 4, 2, 1], np.uint8)
_PIECE = 7 * 65_536  # A multiple of 7 bytes: every piece but the last fills its letters.

Make = Callable[[], tuple[bytes, str]]


@dataclass(slots=True)
class MediaStore:
    """What was asked for so far, by what it is; nothing is read before the page is written."""

    side: int
    _places: dict[tuple[str, ...], int] = field(default_factory=dict)
    _makes: list[Make] = field(default_factory=list)

    def picture(self, path: Path) -> str:
        """The name of a picture file in the page, no larger than `side` pixels."""
        return self._put(("picture", str(path)), lambda: _picture(path, self.side))

    def whole(self, path: Path) -> str:
        """The name of a file that goes in as it is."""
        return self._put(("whole", str(path)), lambda: (path.read_bytes(), _type(path)))

    def first_frame(self, path: Path) -> str:
        """The name of a clip's first frame."""

        def make() -> bytes:
            from sdbr.media.stills.thumbnails import shrink_first_frame

            return shrink_first_frame(path, self.side)

        return self.made(("first frame", str(path)), make)

    def made(self, what: tuple[str, ...], make: Callable[[], bytes]) -> str:
        """The name of a WebP that is made when the page is written."""
        return self._put(what, lambda: (make(), "image/webp"))

    def elements(self) -> Iterator[bytes]:
        """Every medium as an element that no browser runs or shows by itself."""
        numbered = enumerate(self._makes)
        stop = threading.Event()
        made = map_ordered(_safely, numbered, workers=_WORKERS, stop=stop)
        for number, data, kind in made:
            head = f'<script type="text/plain" id="m{number}" data-type="{escape(kind)}" '
            yield f'{head}data-size="{len(data)}">'.encode()
            yield from pack(data)
            yield b"</script>\n"

    def _put(self, what: tuple[str, ...], make: Make) -> str:
        if what not in self._places:
            self._places[what] = len(self._makes)
            self._makes.append(make)
        return f"m{self._places[what]}"


def _safely(numbered: tuple[int, Make]) -> tuple[int, bytes, str]:
    number, make = numbered
    try:
        return number, *make()
    except (InputProblem, OSError):
        # A file that went away or cannot be shown leaves its place empty.
        return number, b"", "image/webp"


def _picture(path: Path, side: int) -> tuple[bytes, str]:
    from sdbr.media.stills.thumbnails import shrink_picture

    small = shrink_picture(path, side)
    kind = _type(path)
    if kind.startswith("image/") and path.stat().st_size <= len(small):
        return path.read_bytes(), kind
    return small, "image/webp"


def _type(path: Path) -> str:
    return _TYPES.get(path.suffix.lower(), "application/octet-stream")


def pack(data: bytes) -> Iterator[bytes]:
    """The text that stands for `data`, UTF-8, in pieces."""
    for start in range(0, len(data), _PIECE):
        bits = np.unpackbits(np.frombuffer(data[start : start + _PIECE], np.uint8))
        groups = np.pad(bits, (0, -len(bits) % 7)).reshape(-1, 7)
        text = (groups * _WEIGHTS).sum(axis=1, dtype=np.uint8).tobytes()
        for special, letter in _STAND_INS:
            text = text.replace(special, letter)
        yield text
