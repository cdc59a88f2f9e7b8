"""Open any container for writing, and what is done with a frame before its container sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Protocol

from sdbr.errors import InputProblem
from sdbr.files import plain_write_errors, whole_file, whole_folder
from sdbr.media import folder
from sdbr.media.animation.apng import ApngSink
from sdbr.media.animation.gif import GifSink
from sdbr.media.animation.webp import WebpSink
from sdbr.media.clip import (
    PICTURES_ALONE,
    EncodingSettings,
    FileTexts,
    FrameTiming,
    Origin,
    Pixels,
    TimedFrame,
)
from sdbr.media.folder import FolderSink
from sdbr.media.metadata import xmp
from sdbr.media.playback import PlaybackSink
from sdbr.media.video.side_streams import note_left_out
from sdbr.media.video.writer import VideoSink, VideoTarget
from sdbr.request import Size, Tell

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


class Sink(Protocol):
    """One container being written: pictures of one size with rising times from zero."""

    def add(self, image: Pixels, at: Fraction, lasts: Fraction, /) -> None:
        """Take the next picture; `at` and `lasts` are seconds."""

    def finish(self) -> None:
        """Write what is left and close the file."""

    def abort(self) -> None:
        """Close the file as it is; never raises."""


class Writer:
    """Takes frames one by one; the first says the clip's size and where its time begins.

    `notes` are sentences for the user on what the container could not keep.
    """

    def __init__(self, target: Path, open_sink: Callable[[TimedFrame, Tell], Sink]) -> None:
        self._target = target
        self._open_sink = open_sink
        self._sink: Sink | None = None
        self._held: TimedFrame | None = None
        self._zero, self._size = Fraction(0), Size(0, 0)
        self._notes: list[str] = []
        self.count = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found and done so far, each thing once."""
        return tuple(dict.fromkeys(self._notes))

    def add(self, frame: TimedFrame) -> None:
        """Append a frame; it is shown until the next one, the last one as long as it says.

        Its `at` must lie behind the last one's and its size must be the first's. Raises
        InputProblem otherwise, and where the file cannot be written.
        """
        held, size = self._held, Size(*frame.image.shape[1::-1])
        with plain_write_errors(self._target):
            if held is None or self._sink is None:
                self._zero, self._size = frame.at, size
                self._sink = self._open_sink(frame, self._notes.append)
            elif size != self._size:
                raise InputProblem(
                    f"Frame {self.count + 1} is {size}, but earlier frames are {self._size}. "
                    "Make all frames the same size."
                )
            elif frame.at <= held.at:
                raise InputProblem(
                    f"Frame {self.count + 1} at {float(frame.at):.3f} s is not later than the "
                    "previous frame. Put the frames in display order."
                )
            else:
                self._sink.add(held.image, held.at - self._zero, frame.at - held.at)
        self._held = frame
        self.count += 1

    def finish(self) -> None:
        """Write what is left. Raises InputProblem where no frame was added."""
        held = self._held
        if held is None or self._sink is None:
            raise InputProblem(f"{self._target} was not written, because there are no frames.")
        with plain_write_errors(self._target):
            self._sink.add(held.image, held.at - self._zero, held.lasts)
            self._sink.finish()

    def abort(self) -> None:
        """Let go of the file without finishing it."""
        if self._sink is not None:
            self._sink.abort()


@contextmanager
def open_writer(
    target: Path,
    timing: FrameTiming,
    *,
    origin: Origin | None = None,
    settings: EncodingSettings | None = None,
    comment: str = "",
    source: xmp.DigitalSource | None = None,
    seal: Callable[[Path], None] | None = None,
) -> Iterator[Writer]:
    """Write a clip whole or not at all; the suffix says which kind.

    mp4, m4v, mov, mkv, webm, gif, webp, png and apng are files; no suffix is a folder of PNG
    files. Time begins with the first frame. `timing` says how exact the clock must be; `comment`
    can be read back with `read_comment`, `source` is where its content is from. `seal` is called
    with the finished file before it gets its name. Raises InputProblem where nothing can be
    written.
    """
    kind = _kind_for(target)
    job = VideoTarget(kind, timing, settings or EncodingSettings(), comment, origin, source=source)
    place = whole_folder(target, folder.makes_way) if kind == "folder" else whole_file(target)
    with place as temporary:
        writer = Writer(target, partial(_open_sink, temporary, job))
        try:
            yield writer
            writer.finish()
            if seal is not None:
                seal(temporary)
        except BaseException:
            writer.abort()
            raise


def _kind_for(path: Path) -> str:
    """Return the kind of clip that the name's suffix asks for; no suffix asks for a folder.

    Raises InputProblem for a suffix that no writer knows.
    """
    kind = _BY_SUFFIX.get(path.suffix.lower())
    if kind is None:
        known = " ".join(suffix for suffix in _BY_SUFFIX if suffix)
        raise InputProblem(
            f"Cannot write clips as {path.suffix} ({path.name}). Use one of {known}."
        )
    return kind


def _open_sink(temporary: Path, job: VideoTarget, first: TimedFrame, note: Tell) -> Sink:
    if job.settings.playback != "forward":
        return PlaybackSink(temporary, job, first, partial(_open_sink, temporary), note)
    settings, packet = job.settings, xmp.with_source("", job.source) if job.source else ""
    texts = FileTexts(job.comment, packet)
    if job.kind in PICTURES_ALONE and job.origin is not None:
        note_left_out(job.origin, job.kind, note)
    if job.kind == "folder":
        return FolderSink(temporary, job.timing, job.comment, job.source)
    if job.kind == "gif":
        return GifSink(temporary, first.image, settings, texts, note)
    if job.kind == "webp":
        return WebpSink(temporary, first.image, settings, texts)
    if job.kind == "apng":
        return ApngSink(temporary, first.image, settings, texts)
    return VideoSink(temporary, job, first, note)
