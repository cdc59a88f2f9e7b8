"""What kind of clip a file is, by its first bytes; and what kind a name asks for."""

from __future__ import annotations

from pathlib import Path

from sdbr.errors import InputProblem

_PNG = b"\x89PNG\r\n\x1a\n"
_STILLS = (b"\xff\xd8\xff", b"BM", b"II*\0", b"MM\0*", b"\0\0\1\0", b"8BPS")
_PLAYLISTS = (b"#EXTM3U", b"ffconcat", b"<?xml", b"<MPD", b"<svg", b"<html", b"<!DOCTYPE")
_BY_SUFFIX = {
    ".mp4": "mp4",
    ".m4v": "mp4",
    ".mov": "mov",
    ".mkv": "matroska",
    ".webm": "webm",
    ".gif": "gif",
    ".webp": "webp",
    ".png": "apng",
    ".apng": "apng",
    "": "folder",
}
# Enough for an animated PNG whose control chunk stands behind a colour profile.
_HEAD = 1 << 20


def kind_of(path: Path) -> str:
    """Return gif, webp, apng, folder or video for what the path holds.

    Raises InputProblem for a missing, empty or unreadable file, a still picture and plain text.
    """
    if path.is_dir():
        return "folder"
    head = _read_head(path)
    if not head:
        raise InputProblem(f"{path} is empty (0 bytes). Copy or download it again.")
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head.startswith(_PNG) and b"acTL" in head.partition(b"IDAT")[0]:
        return "apng"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP" and b"ANIM" in head[:64]:
        return "webp"
    if _is_still(head):
        raise InputProblem(f"{path} is a still picture. Give a clip, or a folder of pictures.")
    if _is_text(head):
        raise InputProblem(f"{path} is text, not a clip. Give a video, a GIF or a folder.")
    return "video"


def kind_for(path: Path) -> str:
    """Return the kind of clip that the name's suffix asks for; no suffix asks for a folder.

    Raises InputProblem for a suffix that no writer knows.
    """
    kind = _BY_SUFFIX.get(path.suffix.lower())
    if kind is None:
        known = " ".join(suffix for suffix in _BY_SUFFIX if suffix)
        raise InputProblem(f"{path.name}: no clip is written as {path.suffix}. Use one of {known}.")
    return kind


def _read_head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except FileNotFoundError:
        raise InputProblem(f"{path} is not there. Check the path.") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputProblem(f"{path} cannot be read: {reason}. Check its permissions.") from error


def _is_still(head: bytes) -> bool:
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    avif = head[4:12] in (b"ftypavif", b"ftypheic", b"ftypmif1")
    return webp or avif or head.startswith((_PNG, *_STILLS))


def _is_text(head: bytes) -> bool:
    if head.lstrip().startswith(_PLAYLISTS):
        return True
    sample = head[:4096]
    return b"\0" not in sample and all(byte >= 32 or byte in b"\t\n\r\f\x1b" for byte in sample)
