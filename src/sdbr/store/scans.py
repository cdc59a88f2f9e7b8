"""What scanning clips found, under a digest of all that decides it: no clip is scanned twice.

An entry is one file: a SHA-256 of its name and content, then the content, compressed. What is
damaged or was put there under another name is taken for absent, and is replaced by the next scan.
"""

from __future__ import annotations

import hashlib
import os
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sdbr.errors import InputProblem
from sdbr.files import write_whole

_SUFFIX = ".scan"
_DIGEST_BYTES = 32
MOST_BYTES = 256 * 1024 * 1024
"""All entries together; a frame has some 150 bytes, so an hour at 25 a second has 14 MB."""
_MOST_CONTENT = 512 * 1024 * 1024
"""The content of one entry: a file made to unpack to more than the memory holds is refused."""
_DAY = 24 * 60 * 60


class ScanStore:
    """The entries in one folder. Safe for many threads and processes at once."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self.folder = folder
        self._most = most_bytes

    def find(self, key: str) -> bytes | None:
        """The content kept for `key`, or None where none is there whole."""
        path = self.path(key)
        try:
            if path.stat().st_size > self._most:
                return None
            data = path.read_bytes()
            digest, packed = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
            if digest != _digest(key, packed):
                return None
            content = zlib.decompressobj().decompress(packed, _MOST_CONTENT)
        except (OSError, zlib.error):
            return None
        with suppress(OSError):
            os.utime(path)  # The ones not used for the longest time go first.
        return content

    def keep(self, key: str, content: bytes) -> None:
        """Keep the content for `key`, in one step, and let the oldest go where it gets too much.

        Where it cannot be written it is not kept: then the clip is scanned again.
        """
        packed = zlib.compress(content)
        with suppress(InputProblem, OSError):
            write_whole(self.path(key), _digest(key, packed) + packed)
            self._make_room()

    def paths(self) -> Iterator[Path]:
        """The files of all entries, in no order."""
        yield from self.folder.glob(f"*{_SUFFIX}")

    def measure(self) -> tuple[int, int]:
        """How many entries there are, and their bytes."""
        sizes = [about.st_size for _, about in self._stats()]
        return len(sizes), sum(sizes)

    def prune(self, older_than_days: float) -> tuple[int, int]:
        """Remove entries not used for so many days; how many those were, and their bytes."""
        before = time.time() - older_than_days * _DAY
        count = size = 0
        for path, about in list(self._stats()):
            with suppress(OSError):
                if about.st_mtime <= before:
                    path.unlink()
                    count, size = count + 1, size + about.st_size
        return count, size

    def path(self, key: str) -> Path:
        """Where the entry of `key` lies, or would."""
        return self.folder / f"{key}{_SUFFIX}"

    def _make_room(self) -> None:
        total = 0
        ages = [(about.st_mtime, about.st_size, path) for path, about in self._stats()]
        for _, size, path in sorted(ages, reverse=True):
            total += size
            if total > self._most:
                path.unlink(missing_ok=True)

    def _stats(self) -> Iterator[tuple[Path, os.stat_result]]:
        for path in self.paths():
            with suppress(OSError):
                yield path, path.stat()


def _digest(key: str, packed: bytes) -> bytes:
    return hashlib.sha256(key.encode() + packed).digest()
