"""This machine: settings, workspace, disk, media libraries."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sdbr import __version__, config
from sdbr.errors import InputProblem, SdbrError, UsageProblem
from sdbr.files import unwritable
from sdbr.workflows.doctor.finding import Finding, explain_failure, fix, note, ok

_LITTLE = 2_000_000_000  # Bytes: a video of a minute takes about as many.
_TOO_LITTLE = 200_000_000  # Bytes: less than eight workers reserve for upscaled pictures.
_TREE = ("", ".sdbr", "source/img", "source/frames", "generate/img", "generate/videos")


def check_machine(root: Path) -> Iterator[Finding]:
    """The findings about this machine and the workspace `root`."""
    system = f"{platform.system()} {platform.machine()}"
    yield ok("sdbr", f"{__version__} on Python {platform.python_version()}, {system}")
    yield settings(root)
    yield workspace(root)
    yield disk(root)
    yield from media()


def settings(root: Path) -> Finding:
    """Whether the settings files can be read."""
    try:
        files = config.files(root)
        config.check_trust(files)
    except UsageProblem as problem:
        return explain_failure("settings", problem)
    said = ", ".join(str(file.path) for file in files) or "no sdbr.toml, using built-in defaults"
    return ok("settings", said, files=[str(file.path) for file in files])


def workspace(root: Path) -> Finding:
    """Whether results can be written; nothing is left behind."""
    try:
        for folder in (root / name for name in _TREE):
            if folder.is_dir() or folder == root:
                _try(_nearest(folder))
    except SdbrError as problem:
        return explain_failure("workspace", problem)
    said = f"{root.resolve()} is writable"
    return ok("workspace", said if root.is_dir() else f"{said}; it is created at the first run")


def disk(root: Path) -> Finding:
    """Whether there is room for pictures."""
    free = shutil.disk_usage(_nearest(root)).free
    said = f"{free / 1e9:.1f} GB free"
    if free < _TOO_LITTLE:
        return fix("disk", f"Only {said}. Free some space.", InputProblem.exit_code, free=free)
    if free < _LITTLE:
        return note("disk", f"Only {said}: a video of a minute takes about 2 GB.", free=free)
    return ok("disk", said, free=free)


def media() -> Iterator[Finding]:
    """The media libraries and the codecs that they bring."""
    try:
        from sdbr.media import libraries
        from sdbr.motion import arrays

        found = libraries.found()
        every = {**found.versions, "opencv": arrays.version()}
    except (ImportError, OSError) as error:
        said = f"Cannot load a media library: {error}. Reinstall sdbr."
        yield fix("media", said, 1)
        return
    versions = ", ".join(f"{name} {number}" for name, number in every.items())
    if found.missing:
        missing = ", ".join(found.missing)
        yield fix("media", f"{versions} do not support {missing}. Reinstall av and pillow.", 1)
    else:
        known = f"{versions}: reads {', '.join(found.reads)}; writes {', '.join(found.writes)}"
        yield ok("media", known, **every)
    if both := [name for name in ("opencv-python", "opencv-contrib-python") if _is_installed(name)]:
        yield note(
            "media",
            f"{both[0]} conflicts with opencv-python-headless. Uninstall both, then install "
            "opencv-python-headless again.",
        )


def _nearest(folder: Path) -> Path:
    """The folder itself, or the first one above it that exists."""
    folder = folder.absolute()
    return next((it for it in (folder, *folder.parents) if os.path.lexists(it)), folder)


def _try(folder: Path) -> None:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return
    except OSError as error:
        raise unwritable(folder, error) from error


def _is_installed(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False
