"""Every paid picture, under the name of its request: the same request is never paid twice.

An entry is `ab/abcdef….json`, and beside it the picture as it came. The picture's appearance is
the last step, so an entry is whole or absent. A refusal is an entry without a picture.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from sdbr.errors import InputProblem, Interrupted
from sdbr.files import flush, part_file, plain_read_errors, plain_write_errors, write_whole
from sdbr.request import Picture, Size

SPACE = 4 * 1024 * 1024
"""Bytes reserved on the disk before a request is sent; a 1-megapixel PNG has about half."""

_FORMATS = ("", "png", "jpeg", "webp")  # A format is a part of a path: no other text gets there.


@dataclass(frozen=True, slots=True)
class Entry:
    """What is written beside a cached picture; `refused` is the filter's word instead of one.

    `mtime_ns` is when the picture's file was written: untouched since, it need not be read to be
    known as whole.
    """

    model: str
    realm: str
    seed: int = 0
    format: str = ""
    width: int = 0
    height: int = 0
    price: str | None = None
    drawn_at: str = ""
    request_id: str = ""
    sha256: str = ""
    mtime_ns: int = 0
    refused: str = ""


class Cache:
    """The entries below one folder. Safe for many threads and processes at once.

    `spare` is the cache in the temporary folder for pictures that were paid for and could not be
    written here; what is not found here is looked for there.
    """

    def __init__(self, folder: Path, spare: Cache | None = None) -> None:
        self.folder = folder
        self.spare = spare

    def find(self, key: str) -> Picture | Entry | None:
        """The picture for `key`, or the entry that remembers a refusal, or None.

        A picture whose bytes are not those that were written is treated as absent. Raises
        InputProblem where it is there and cannot be read: it is not to be paid for again.
        """
        entry = self.entry(key)
        if entry is not None and entry.refused:
            return entry
        data = entry and _read(self.picture_path(key, entry))
        if not entry or not data or hashlib.sha256(data).hexdigest() != entry.sha256:
            return self.spare.find(key) if self.spare else None
        return Picture(
            data=data,
            format=entry.format,
            size=Size(entry.width, entry.height),
            seed=entry.seed,
            key=key,
            cached=True,
            price=entry.price,
            drawn_at=entry.drawn_at,
            request_id=entry.request_id,
        )

    def has(self, key: str) -> bool:
        """Whether `key` needs no request: a whole picture is there, or a refusal is remembered.

        What the estimate counts as paid for is what `find` will give.
        """
        entry = self.entry(key)
        if entry is None:
            return self.spare is not None and self.spare.has(key)
        if entry.refused:
            return True
        try:
            untouched = self.picture_path(key, entry).stat().st_mtime_ns == entry.mtime_ns
        except OSError:
            untouched = False
        return untouched or isinstance(self.find(key), Picture)

    def entry(self, key: str) -> Entry | None:
        """What is written of `key`, or None where nothing or nothing sensible is.

        Raises InputProblem where it cannot be read.
        """
        try:
            written = json.loads(_read(self.entry_path(key)) or b"")
            known = {field.name for field in fields(Entry)}
            entry = Entry(**{name: value for name, value in written.items() if name in known})
        except (ValueError, TypeError, AttributeError, RecursionError):
            return None
        return entry if _is_sensible(entry) else None

    @contextmanager
    def lock(self, key: str, stop: threading.Event) -> Iterator[None]:
        """Hold `key` against every other thread and process; a killed holder lets go of it.

        Raises Interrupted when `stop` is set before the key is free, InputProblem when the
        folder cannot be written.
        """
        path = self.folder.parent / "locks" / f"{key}.lock"
        lock = FileLock(path, poll_interval=0.02)  # Seconds; a picture takes some.
        with plain_write_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(cancel_check=stop.is_set)
            except Timeout:
                raise Interrupted("Stopped while the same picture was being generated.") from None
        try:
            yield
        finally:
            # Safe while held: a waiter finds the name gone and begins anew.
            with suppress(OSError):
                path.unlink()
            lock.release()

    @contextmanager
    def reserve(self, key: str, space: int = SPACE) -> Iterator[DiskSpace]:
        """Reserve `space` bytes of the disk for one picture, before the money is spent.

        Raises InputProblem where the disk is full or the folder cannot be written.
        """
        target = self.entry_path(key)
        with ExitStack() as stack:
            with plain_write_errors(target.parent):
                picture = stack.enter_context(part_file(target))
                entry = stack.enter_context(part_file(target))
                _reserve(picture, space)
                _reserve(entry, 4096)  # One block: an entry has some 300 bytes.
            yield DiskSpace(self, key, picture, entry)

    def rescue(self, key: str, picture: Picture, model: str, realm: str) -> Path | None:
        """Keep a paid picture that could not be written to its reserved space.

        Here, where the trouble was a passing one or the folder is gone; else in the spare cache.
        Returns the file, or None where no place takes it.
        """
        for cache in (self, self.spare):
            with suppress(InputProblem, OSError):
                if cache is not None:
                    if cache is self.spare:
                        cache.folder.parent.mkdir(mode=0o700, exist_ok=True)
                    with cache.reserve(key, len(picture.data)) as space:
                        return space.write(picture, model, realm)
        return None

    def set_aside(self, key: str, data: bytes) -> Path | None:
        """Keep what was paid for and is no picture, for a look at it; None where that fails."""
        path = self.folder.parent / "aside" / key
        with suppress(InputProblem):
            write_whole(path, data)
            return path
        return None

    def remember_refusal(self, key: str, entry: Entry) -> None:
        """Keep the filter's word, so that the same request is not paid for again."""
        write_whole(self.entry_path(key), _json(entry))

    def forget(self, key: str) -> None:
        """Remove an entry and its picture. Raises InputProblem."""
        entry = self.entry(key)
        paths = [] if entry is None else [self.picture_path(key, entry)]
        for path in (*paths, self.entry_path(key)):
            with plain_write_errors(path):
                path.unlink(missing_ok=True)

    def all_keys(self) -> Iterator[str]:
        """The keys of all entries, in no order."""
        for path in self.folder.glob("??/*.json"):
            if not path.name.startswith("."):
                yield path.stem

    def picture_path(self, key: str, entry: Entry) -> Path:
        """Where the picture of `entry` lies, or would."""
        return self.folder / key[:2] / f"{key}.{entry.format or 'png'}"

    def entry_path(self, key: str) -> Path:
        """Where the entry of `key` lies, or would."""
        return self.folder / key[:2] / f"{key}.json"


def spare_cache(workspace: Path) -> Cache | None:
    """The cache in the temporary folder that stands in for a workspace's own.

    Others write to that folder too: it is used only where it is this user's and closed to them.
    """
    own = getattr(os, "getuid", int)()
    home = Path(tempfile.gettempdir(), f"sdbr-{own}")
    name = hashlib.sha256(os.fsencode(workspace.resolve())).hexdigest()[:16]
    with suppress(FileNotFoundError):
        about = home.lstat()
        closed = about.st_uid == own and not about.st_mode & 0o077
        if not stat.S_ISDIR(about.st_mode) or not (closed or os.name == "nt"):
            return None
    return Cache(home / name)


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """Disk space that waits for one picture."""

    cache: Cache
    key: str
    picture: BinaryIO
    entry: BinaryIO

    def write(self, picture: Picture, model: str, realm: str) -> Path:
        """Write picture and entry, flushed; return the picture's file.

        Raises InputProblem.
        """
        entry = Entry(
            model=model,
            realm=realm,
            seed=picture.seed,
            format=picture.format,
            width=picture.size.width,
            height=picture.size.height,
            price=picture.price,
            drawn_at=picture.drawn_at,
            request_id=picture.request_id,
            sha256=hashlib.sha256(picture.data).hexdigest(),
        )
        target = self.cache.picture_path(self.key, entry)
        with plain_write_errors(target):
            _write(self.picture, picture.data)
            entry = replace(entry, mtime_ns=os.fstat(self.picture.fileno()).st_mtime_ns)
            _write(self.entry, _json(entry))
            os.replace(self.entry.name, target.with_suffix(".json"))
            os.replace(self.picture.name, target)
        return target


def _is_sensible(entry: Entry) -> bool:
    numbers = ("seed", "width", "height", "mtime_ns")
    values = {name: value for name, value in asdict(entry).items() if name != "price" or value}
    typed = (isinstance(value, int if name in numbers else str) for name, value in values.items())
    return all(typed) and entry.format in _FORMATS


def _read(path: Path) -> bytes | None:
    """The file's bytes, or None where no file is."""
    missing = suppress(FileNotFoundError, IsADirectoryError, NotADirectoryError)
    with (
        plain_read_errors(path, "The picture was paid for: fix this, then run the command again."),
        missing,
    ):
        return path.read_bytes()
    return None


def _write(file: BinaryIO, data: bytes) -> None:
    file.seek(0)
    file.write(data)
    file.truncate(len(data))
    flush(file)


def _reserve(file: BinaryIO, size: int) -> None:
    if not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:
        # Some file systems cannot set space aside; that is no reason to refuse.
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
            raise


def _json(entry: Entry) -> bytes:
    return json.dumps(asdict(entry)).encode("utf-8")
