"""A small film of what is finished of a clip, which plays while it grows."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import av

from sdbr.errors import InputProblem
from sdbr.media.clip import EncodingSettings, FrameTiming, Origin, TimedFrame
from sdbr.media.open import read_comment
from sdbr.media.video.writer import VideoSink, VideoTarget
from sdbr.media.writer import Writer
from sdbr.request import Tell

_LONG = 10.0  # Seconds of drawing after which somebody may want to see what there is.
_SETTINGS = EncodingSettings(crf=26, preset="ultrafast")
_MARK = "sdbr preview"
_TROUBLE = (InputProblem, av.FFmpegError, OSError, ValueError)


class Preview:
    """Writes frames in small, with their sound, into the MP4 at `path`.

    Any player shows what is there, also after the process was killed. It stands beside the work:
    what goes wrong with it ends it, and nothing else. A file of somebody else's is left alone.
    """

    def __init__(
        self,
        path: Path,
        timing: FrameTiming,
        origin: Origin | None,
        tell: Tell = lambda _: None,
    ) -> None:
        self.path = path
        self.frames = 0
        self._tell = tell
        self._worth_a_look = time.monotonic() + _LONG
        job = VideoTarget("mp4", timing, _SETTINGS, _MARK, origin, growing=True)
        self._own = False
        with suppress(*_TROUBLE):
            self._own = _is_own(path)
        self._writer = Writer(path, partial(VideoSink, path, job)) if self._own else None

    def add(self, frame: TimedFrame) -> None:
        """Show this frame, too."""
        if self._writer is None:
            return
        try:
            if not self.frames:
                # The one of an earlier run shows more until the first frame is there.
                self.path.unlink(missing_ok=True)
            self._writer.add(frame)
            self.frames += 1
            if time.monotonic() > self._worth_a_look:
                self.tell()
        except _TROUBLE:
            self._writer.abort()
            self._writer = None

    def tell(self) -> None:
        """Say where it plays, once."""
        if self._worth_a_look < math.inf:
            self._worth_a_look = math.inf
            self._tell(f"Preview of the finished part: {self.path}")

    def keep(self) -> None:
        """Bring the last frames into the file and let go of it."""
        if self._writer is not None and self.frames:
            with suppress(*_TROUBLE):
                self._writer.finish()
        self._writer = None

    def remove(self) -> None:
        """Let go of the file, which nobody needs any more."""
        if self._writer is not None:
            self._writer.abort()
        self._writer = None
        if self._own:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)


@contextmanager
def open_preview(
    path: Path, timing: FrameTiming, origin: Origin | None, tell: Tell
) -> Iterator[Preview]:
    """Yield a preview that stays where the block fails, and goes where it is done.

    `tell` takes the line on where it plays, once it is worth a look and where it stays.
    """
    preview = Preview(path, timing, origin, tell)
    try:
        yield preview
    except BaseException:
        preview.keep()
        if preview.frames:
            preview.tell()
        raise
    preview.remove()


def _is_own(path: Path) -> bool:
    return not path.exists() or not path.stat().st_size or read_comment(path) == _MARK
