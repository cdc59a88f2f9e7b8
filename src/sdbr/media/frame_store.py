"""Pictures kept on disk, losslessly, until they have all been seen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av import VideoFrame
from av.container import InputContainer

from sdbr.media.clip import Pixels

_TICK = Fraction(1, 1000)
_AT_ONCE = 12
"""Pictures that are held while they are read backward."""


class FrameStore:
    """Writes RGB or RGBA pictures of one size to a file, and reads them back as often as needed.

    FFV1 in Matroska: half to a tenth of the raw bytes, and the memory of one picture.
    """

    def __init__(self, path: Path, width: int, height: int) -> None:
        self._path = path
        self._count = 0
        self._container = av.open(str(path.absolute()), "w", format="matroska")
        # Slices let several threads decode one picture; checksums are for files that are kept.
        # A group of one lets reading begin at any picture.
        options = {"level": "3", "coder": "1", "slices": "4", "slicecrc": "0", "g": "1"}
        self._stream = self._container.add_stream("ffv1", rate=25, options=options)
        self._stream.width, self._stream.height = width, height
        self._stream.pix_fmt = "bgra"
        self._stream.codec_context.time_base = _TICK

    def add(self, image: Pixels) -> None:
        """Keep one picture."""
        name = "rgba" if image.shape[2] == 4 else "rgb24"
        picture = VideoFrame.from_ndarray(np.ascontiguousarray(image), format=name)
        frame = picture.reformat(format="bgra")
        frame.pts, frame.time_base = self._count, _TICK
        self._count += 1
        self._container.mux(self._stream.encode(frame))

    def seal(self) -> None:
        """End the writing; from now on the pictures can be read."""
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def pictures(self) -> Iterator[VideoFrame]:
        """Yield the pictures as BGRA frames, in order; `pts` counts them from 0."""
        with av.open(str(self._path.absolute())) as container:
            container.streams.video[0].thread_type = "AUTO"
            for number, frame in enumerate(container.decode(video=0)):
                frame.pts, frame.time_base = number, _TICK
                yield frame

    def backward(self, last: int) -> Iterator[VideoFrame]:
        """Yield the pictures from number `last` down to the first, as `pictures` does."""
        with av.open(str(self._path.absolute())) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            for end in range(last, -1, -_AT_ONCE):
                begin = max(0, end - _AT_ONCE + 1)
                container.seek(begin, stream=stream)
                yield from reversed(list(_between(container, begin, end)))

    def remove(self) -> None:
        """Delete the file; never raises."""
        with suppress(av.FFmpegError, OSError, ValueError):
            self._container.close()
        with suppress(OSError):
            self._path.unlink()


def _between(container: InputContainer, begin: int, end: int) -> Iterator[VideoFrame]:
    for frame in container.decode(video=0):
        assert frame.pts is not None
        if frame.pts > end:
            return
        if frame.pts >= begin:
            yield frame
