"""Open any clip for reading."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from mmap import ACCESS_READ, mmap
from pathlib import Path

from PIL import Image

from sdbr.errors import InputProblem
from sdbr.media import folder, metadata
from sdbr.media.animation import reader as animation_reader
from sdbr.media.animation.index import index_of
from sdbr.media.clip import PICTURES_ALONE, Clip, Origin, TimedFrame
from sdbr.media.folder import load_times
from sdbr.media.formats import kind_of
from sdbr.media.metadata import png, webp, xmp
from sdbr.media.stills.decoders import decoders_for
from sdbr.media.video import probe, xmp_tags
from sdbr.media.video import reader as video_reader
from sdbr.media.video.probe import open_container
from sdbr.media.video.tags import timecode_of

DEFAULT_RATE = Fraction(12)
_HEAD = 4096  # Where the brands of a picture in boxes stand.


class Reader:
    """Gives the frames of one clip, as often as asked; nothing is kept in memory."""

    def __init__(self, clip: Clip) -> None:
        self.clip = clip
        self._notes = list(clip.notes)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found on opening and while reading, each thing once."""
        return tuple(dict.fromkeys(self._notes))

    def note(self, text: str) -> None:
        """Add what was found when the clip was read before."""
        self._notes.append(text)

    def frames(
        self, start: Fraction = Fraction(0), end: Fraction | None = None
    ) -> Iterator[TimedFrame]:
        """Yield the frames whose `at` is in [start, end), in seconds, with their own times.

        Raises InputProblem where nothing can be decoded; what is broken later ends the clip with
        a note.
        """
        if self.clip.kind in ("folder", "pictures"):
            return folder.frames(self.clip, start, end)
        animated = self.clip.kind in ("gif", "webp", "apng")
        read = animation_reader.frames if animated else video_reader.frames
        return read(self.clip, start, end, self._notes.append)


def open_reader(
    source: Path | Sequence[Path], rate: Fraction | None = None, track: int | None = None
) -> Reader:
    """Open a video, an animated GIF, WebP or PNG, a folder of pictures, or pictures in order.

    The content decides, not the suffix. `rate` is for pictures, frames a second; 12 unless said.
    `track` is the number of a video's picture track, from 1. Raises InputProblem, in one sentence,
    for anything that cannot be shown as a clip.
    """
    if rate is not None and not 0 < rate <= 1000:
        raise InputProblem(f"'{rate}' is not a frame rate. Use a number between 0 and 1000.")
    return Reader(_probe(source, rate or DEFAULT_RATE, track))


def _probe(source: Path | Sequence[Path], rate: Fraction, track: int | None) -> Clip:
    if not isinstance(source, Path):
        return folder.probe(list(source), rate)
    kind = kind_of(source)
    if kind == "folder":
        return folder.probe(folder.pictures_in(source), rate, source)
    if kind == "video":
        return probe.probe(source, track)
    if kind == "avif":
        return _with_profile(probe.probe(source, track))
    return animation_reader.probe(kind, source)


def _with_profile(clip: Clip) -> Clip:
    # libav decodes an AVIF's sequence, but passes its ICC profile over.
    with suppress(OSError), Image.open(clip.path) as image:
        return replace(clip, profile=image.info.get("icc_profile") or b"")
    return clip


def origin_of(clip: Clip, end: Fraction | None = None, audio: bool = True) -> Origin | None:
    """Return where a writer finds what goes with the clip's pictures, up to `end` in its time.

    None for what is pictures alone. Without `audio` the sound stays behind.
    """
    if clip.kind in PICTURES_ALONE:
        return None
    changing = frozenset(track.index for track in clip.sound if track.changes)
    audio = audio and bool(clip.sound)
    return Origin(clip.path, clip.start, None, end, clip.breaks, changing, clip.track, audio)


def read_comment(path: Path) -> str | None:
    """Return the text that a writer was given as `comment`; None where there is none.

    Raises InputProblem where the path holds no clip.
    """
    kind = kind_of(path)
    if kind == "folder":
        times = load_times(path)
        return times.comment or None if times else None
    if kind in ("video", "avif"):
        with open_container(path) as container:
            tags = {key.lower(): value for key, value in container.metadata.items()}
        return tags.get("comment")
    if kind == "gif":
        return index_of(kind, path).comment
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        texts = png.read(data) if kind == "apng" else webp.read(data)
    return texts.get("sdbr") or None


def read_timecode(path: Path) -> str:
    """Return the start timecode of a video's first picture track; "" where there is none.

    Raises InputProblem where the file cannot be read.
    """
    with open_container(path) as container:
        return timecode_of(container.streams.video[0])


def read_source_type(path: Path) -> str:
    """Return the IPTC digital source type that a picture or a clip names, as a rule a URI.

    "" where it names none. Frames of a folder name it, each for itself. Raises InputProblem where
    the file cannot be read.
    """
    if path.is_dir():
        return ""
    if found := metadata.read(path):
        return found.source_type
    with suppress(InputProblem):
        kind = kind_of(path)
        if kind == "gif":
            return xmp.source_type(index_of(kind, path).packet)
        if kind == "video":
            return xmp_tags.source_type_of(path)
    return xmp.source_type(_packet_of_still(path))


def _packet_of_still(path: Path) -> str:
    """What Pillow finds in formats that sdbr does not write: TIFF, AVIF, HEIC, JPEG XL."""
    with suppress(InputProblem, OSError, ValueError, SyntaxError):
        with path.open("rb") as file:
            formats = decoders_for(file.read(_HEAD), path.name)
        with Image.open(path, formats=formats) as image:
            packet = image.info.get("xmp", b"")
            return packet.decode("utf-8", "replace") if isinstance(packet, bytes) else str(packet)
    return ""
