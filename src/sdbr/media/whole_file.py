"""Files and folders that are written whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sdbr.errors import InputProblem
from sdbr.files import temporary_beside
from sdbr.media.frame_times import NAME, load_times


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Give a temporary path in the target's folder; on a clean exit it becomes the target.

    The bytes are on disk before the name is. On any error the temporary file is removed and the
    target stays as it was. Raises InputProblem where the folder cannot be written to.
    """
    temporary = _beside(target)
    try:
        # A folder that cannot be written to is known now, not when the first frame is paid for.
        temporary.touch()
    except OSError as error:
        raise unwritable(target, error) from error
    try:
        yield temporary
        _put_in_place(temporary, target)
    finally:
        with suppress(OSError):
            temporary.unlink()


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Give a temporary folder beside the target; on a clean exit it becomes the target.

    A clip's frames make way for it. Raises InputProblem where the target holds anything else.
    """
    if target.exists() and not _makes_way(target):
        raise InputProblem(f"{target} is there already. Name another folder, or empty it.")
    temporary = _beside(target)
    try:
        temporary.mkdir()
    except OSError as error:
        raise unwritable(target, error) from error
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


def _makes_way(folder: Path) -> bool:
    """Whether a folder is empty, or holds one clip's frames and nothing of anybody's."""
    if not folder.is_dir():
        return False
    times = load_times(folder)
    return {path.name for path in folder.iterdir()} <= {NAME, *(times.spans if times else ())}


def unwritable(target: Path, error: OSError) -> InputProblem:
    """Say in one sentence why the target cannot be written."""
    reason = (error.strerror or str(error)).lower()
    return InputProblem(f"{target} cannot be written: {reason}. Check the folder and the disk.")


def _put_in_place(temporary: Path, target: Path) -> None:
    try:
        _sync(temporary)
        os.replace(temporary, target)
        _sync(target.parent)
    except OSError as error:
        raise unwritable(target, error) from error


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
