"""Writing files whole or not at all, and saying in plain words why one cannot be written."""

from __future__ import annotations

import codecs
import errno
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from sdbr.errors import InputProblem, UnwritableFile

try:
    import fcntl
except ImportError:  # Windows, where every file system has locks
    fcntl = None  # type: ignore[assignment]

_PREFIX = ".sdbr-"
_LIKE_A_PICTURE = 1024 * 1024  # Bytes: a PNG of a megapixel takes 1 to 3 MB.
_NO_LOCKS = (
    "its file system does not support file locks (some network mounts do not). Choose a "
    "--workspace on another one"
)
_WHY = {
    errno.ENOSPC: "the disk is full. Free some space, then run the same command again",
    errno.EDQUOT: "the disk quota is used up. Free some space, then run the same command again",
    errno.EACCES: "permission denied. Choose another folder or change its permissions",
    errno.EPERM: "permission denied. Choose another folder or change its permissions",
    errno.EROFS: "the file system is read-only. Choose another folder",
    errno.ENOTDIR: "part of the path is a file. Choose another folder",
    errno.EEXIST: "a file with that name already exists. Choose another folder",
    errno.ENAMETOOLONG: "the name is too long. Use a shorter --name",
    errno.EISDIR: "it is a folder. Name a file in it",
    errno.ENOENT: "the folder does not exist. Create it first",
    errno.ENOLCK: _NO_LOCKS,
    errno.EOPNOTSUPP: _NO_LOCKS,
    errno.ENOSYS: _NO_LOCKS,
}


# UTF-32's mark begins with that of UTF-16.
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def decode_text(data: bytes, where: str, errors: str = "strict") -> str:
    """The text of bytes that somebody saved: UTF-8, or what their byte-order mark says.

    Windows PowerShell 5 writes UTF-16 with a mark. Raises InputProblem with the line of what does
    not decode: it would be drawn, and paid for, as something else. `where` names the source.
    """
    marks = (name for mark, name in _BYTE_ORDER_MARKS.items() if data.startswith(mark))
    encoding = next(marks, "utf-8")
    try:
        return data.decode(encoding, errors)
    except UnicodeDecodeError as error:
        line = data[: error.start].decode(encoding, "replace").count("\n") + 1
        raise InputProblem(
            f"{where}, line {line}: not valid {encoding[:6].upper()} text. Save the file as UTF-8."
        ) from None


def unwritable(path: Path, error: OSError) -> UnwritableFile:
    """The error for a file or folder that cannot be written, with what to do."""
    why = _WHY.get(error.errno or 0, f"{error.strerror or error}. Choose another folder")
    return UnwritableFile(f"Cannot write {path}: {why}.")


def read_stdin(most: int, wanted: str) -> bytes:
    """What was piped in, `most` bytes of it. Raises InputProblem for nothing, with what is
    `wanted`."""
    # None in a process that was started with it closed.
    data = sys.stdin.buffer.read(most) if sys.stdin is not None else b""
    if not data.strip():
        raise InputProblem(f"stdin is empty. Pipe {wanted} into -.")
    return data


@contextmanager
def plain_read_errors(path: Path, to_do: str = "Check the path.") -> Iterator[None]:
    """Turn an OSError of the block into the InputProblem that names `path`, and what to do."""
    try:
        yield
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise InputProblem(f"Cannot read {path}: {why}. {to_do}") from error


@contextmanager
def plain_write_errors(path: Path) -> Iterator[None]:
    """Turn an OSError of the block into the UnwritableFile that names `path`."""
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from error


def check_writable(folder: Path) -> None:
    """Make `folder`, and write as much as a picture takes to a file there that is gone at once.

    Permissions do not tell of a full disk, nor a privileged user of a read-only one. Raises
    UnwritableFile.
    """
    from tempfile import TemporaryFile

    with plain_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder, prefix=_PREFIX) as file:
            file.write(bytes(_LIKE_A_PICTURE))


@contextmanager
def unfinished(
    target: Path, make: Callable[[Path], None] = Path.touch, suffix: str = ""
) -> Iterator[Path]:
    """Make an unfinished file or folder beside `target`, locked until the end of the block.

    The lock tells `sweep` that somebody is at work: it ends with its process, and is seen from
    other containers and machines that share the volume, where a process id means nothing. Without
    `fcntl` (Windows) an open file cannot be removed, which serves as well. Raises InputProblem.
    """
    while True:
        path = target.parent / f"{_PREFIX}{uuid4().hex[:12]}.part{suffix}"
        with plain_write_errors(target):
            make(path)
            try:
                descriptor = os.open(path, os.O_RDONLY)
            except FileNotFoundError:
                continue  # A sweep came between making and locking.
        try:
            if fcntl is not None:
                # A file system without locks: `sweep` gets none there either, and removes nothing.
                with suppress(OSError):
                    fcntl.flock(descriptor, fcntl.LOCK_SH)
            if path.exists():
                yield path
                return
        finally:
            os.close(descriptor)


def check_record_locks(path: Path) -> None:
    """Raise the OSError of a file system without POSIX locks, tried on the file `path`.

    SQLite takes that for a lock of somebody else, and would wait for it in vain.
    """
    if fcntl is None:
        return
    with path.open("ab") as file, suppress(BlockingIOError):
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def sweep(*folders: Path) -> None:
    """Remove what killed processes left unfinished in and below `folders`."""
    for folder in folders:
        for place, below, names in os.walk(folder):
            for name in (*names, *below):
                if name.startswith(_PREFIX) and ".part" in name:
                    _remove_orphan(Path(place, name))


def _remove_orphan(path: Path) -> None:
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            if fcntl is not None:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        finally:
            os.close(descriptor)


@contextmanager
def part_file(target: Path) -> Iterator[BinaryIO]:
    """A temporary file beside `target`, removed at the end of the block if it is still there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with unfinished(target) as path:
        file = open(path, "wb")  # noqa: SIM115 - closed below, where a full disk may refuse it
        try:
            yield file
        finally:
            # Whoever wants the bytes has flushed them: what closing cannot write is not missed.
            with suppress(OSError):
                file.close()
            with suppress(OSError):
                path.unlink()


def flush(file: BinaryIO) -> None:
    """Bring a file's bytes to the disk."""
    file.flush()
    os.fsync(file.fileno())


def write_whole(target: Path, data: bytes | Iterable[bytes]) -> None:
    """Write or replace `target` in one step, all of it or piece by piece. Raises InputProblem."""
    with plain_write_errors(target), part_file(target) as file:
        file.writelines((data,) if isinstance(data, bytes) else data)
        flush(file)
        os.replace(file.name, target)


def write_new(target: Path, data: bytes) -> bool:
    """Write `target` in one step unless it exists; tell whether it was written.

    Two processes may try the same name at once: one of them gets True. Raises InputProblem.
    """
    if os.path.lexists(target):
        return False
    with plain_write_errors(target), part_file(target) as file:
        file.write(data)
        flush(file)
        try:
            os.link(file.name, target)
        except FileExistsError:
            return False
        except OSError:
            # A file system without hard links: the check and the step are two there.
            if os.path.lexists(target):
                return False
            os.replace(file.name, target)
        return True


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Give a temporary path in the target's folder; on a clean exit it becomes the target.

    The bytes are on disk before the name is. On any error the temporary file is removed and the
    target stays as it was. Raises InputProblem where the folder cannot be written to.
    """
    _check_parent(target)
    with unfinished(target, suffix=target.suffix) as temporary:
        try:
            yield temporary
            _put_in_place(temporary, target)
        finally:
            with suppress(OSError):
                temporary.unlink()


@contextmanager
def whole_folder(target: Path, makes_way: Callable[[Path], bool]) -> Iterator[Path]:
    """Give a temporary folder beside the target; on a clean exit it becomes the target.

    A folder that `makes_way` is replaced. Raises InputProblem where the target is any other.
    """
    if target.exists() and not makes_way(target):
        raise InputProblem(f"{target} already exists. Choose another folder, or empty it.")
    _check_parent(target)
    with unfinished(target, Path.mkdir) as temporary:
        try:
            yield temporary
            if target.exists():
                # A folder cannot replace one that holds something: the two change places.
                earlier = temporary.with_suffix(".earlier")
                _put_in_place(target, earlier)
                _put_in_place(temporary, target)
                _put_in_place(earlier, temporary)
            else:
                _put_in_place(temporary, target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _put_in_place(temporary: Path, target: Path) -> None:
    with plain_write_errors(target):
        _sync(temporary)
        os.replace(temporary, target)
        _sync(target.parent)


def _check_parent(target: Path) -> None:
    if not target.parent.is_dir():
        raise InputProblem(f"{target.parent} is not a folder. Create it, or choose another.")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
