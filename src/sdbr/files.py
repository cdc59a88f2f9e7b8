"""Writing files whole or not at all, and saying in plain words why one cannot be written."""

from __future__ import annotations

import errno
import os
import platform
import shutil
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from sdbr.errors import InputProblem

_NO_LOCKS = (
    "its file system has no file locks, as some network mounts. Choose a --workspace on another"
)
_WHY = {
    errno.ENOSPC: "the disk is full. Free some space, then run the same command again",
    errno.EDQUOT: "the disk quota is used up. Free some space, then run the same command again",
    errno.EACCES: "permission is denied. Choose another folder or change its permissions",
    errno.EPERM: "permission is denied. Choose another folder or change its permissions",
    errno.EROFS: "the file system is read-only. Choose another folder",
    errno.ENOTDIR: "a part of that path is a file. Choose another folder",
    errno.EEXIST: "a file stands in its place. Choose another folder",
    errno.ENAMETOOLONG: "the name is too long. Give a shorter one with --name",
    errno.EISDIR: "it is a folder. Give a file name",
    errno.ENOENT: "the folder does not exist. Make it first",
    errno.ENOLCK: _NO_LOCKS,
    errno.EOPNOTSUPP: _NO_LOCKS,
    errno.ENOSYS: _NO_LOCKS,
}


def unwritable(path: Path, error: OSError) -> InputProblem:
    """The error for a file or folder that cannot be written, with what to do."""
    why = _WHY.get(error.errno or 0, f"{error.strerror or error}. Choose another folder")
    return InputProblem(f"Cannot write {path}: {why}.")


@contextmanager
def plain_write_errors(path: Path) -> Iterator[None]:
    """Turn an OSError of the block into the InputProblem that names `path`."""
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from error


def temporary_beside(target: Path, suffix: str = "") -> Path:
    """A name for an unfinished file beside `target`; it tells which process of which machine
    writes it, so that `sweep` knows what a killed one left."""
    return target.parent / f".sdbr-{_machine()}-{os.getpid()}-{uuid4().hex[:12]}.part{suffix}"


def sweep(*folders: Path) -> None:
    """Remove what killed processes of this machine left unfinished in and below `folders`."""
    for folder in folders:
        for place, _, names in os.walk(folder):
            for name in names:
                if name.startswith(".sdbr-") and _is_orphan(name):
                    with suppress(OSError):
                        os.unlink(os.path.join(place, name))


def _is_orphan(name: str) -> bool:
    parts = name.split("-")
    if len(parts) != 4 or parts[1] != _machine() or not parts[2].isdecimal():
        return False
    try:
        os.kill(int(parts[2]), 0)  # Signal 0 asks only whether the process is there.
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        pass
    return False


def _machine() -> str:
    return f"{zlib.crc32(platform.node().encode()):08x}"


@contextmanager
def part_file(target: Path) -> Iterator[BinaryIO]:
    """A temporary file beside `target`, removed at the end of the block if it is still there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    path = temporary_beside(target)
    try:
        with open(path, "xb") as file:
            yield file
    finally:
        with suppress(FileNotFoundError):
            path.unlink()


def flush(file: BinaryIO) -> None:
    """Bring a file's bytes to the disk."""
    file.flush()
    os.fsync(file.fileno())


def write_whole(target: Path, data: bytes) -> None:
    """Write or replace `target` in one step. Raises InputProblem."""
    write_pieces(target, (data,))


def write_pieces(target: Path, pieces: Iterable[bytes]) -> None:
    """Write or replace `target` in one step, piece by piece. Raises InputProblem."""
    with plain_write_errors(target), part_file(target) as file:
        file.writelines(pieces)
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
    temporary = _beside(target)
    with plain_write_errors(target):
        # A folder that cannot be written to is known now, not when the first frame is paid for.
        temporary.touch()
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
        raise InputProblem(f"{target} is there already. Name another folder, or empty it.")
    temporary = _beside(target)
    with plain_write_errors(target):
        temporary.mkdir()
    try:
        yield temporary
        if target.exists():
            # A folder cannot replace one that holds something: the two change places.
            earlier = _beside(target)
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


def _beside(target: Path) -> Path:
    if not target.parent.is_dir():
        raise InputProblem(f"{target.parent} is not a folder. Make it first, or name another.")
    return temporary_beside(target, target.suffix)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
