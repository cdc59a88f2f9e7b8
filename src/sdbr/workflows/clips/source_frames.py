"""The frames of a clip as they were, by number: the last few from memory, the others from disk."""

from __future__ import annotations

import threading
from collections import OrderedDict

from sdbr.media.clip import Pixels
from sdbr.workflows.clips.draw import Film
from sdbr.workflows.clips.requests import read_frame, rgb

_HELD_BYTES = 96 * 1024 * 1024
_HELD_FRAMES = 12
"""At least: the temporal filter and the measuring that follows it look so far back together."""


class SourceFrames:
    """Source frames, height × width × 3. Harmonising, filling and measuring ask for the same ones,
    from several threads.

    One that is not held is read from the folder of source frames: raises OSError where it is not
    there either.
    """

    def __init__(self, film: Film) -> None:
        self._tree = film.tree
        self._most = max(_HELD_FRAMES, _HELD_BYTES // (3 * film.size.width * film.size.height))
        self._held: OrderedDict[int, Pixels] = OrderedDict()
        self._lock = threading.Lock()

    def __getitem__(self, number: int, /) -> Pixels:
        with self._lock:
            if number in self._held:
                self._held.move_to_end(number)
                return self._held[number]
        return self.remember(number, rgb(read_frame(self._tree.source_frame(number))))

    def remember(self, number: int, frame: Pixels) -> Pixels:
        """Hold a frame that was read already, and return it."""
        with self._lock:
            self._held[number] = frame
            while len(self._held) > self._most:
                self._held.popitem(last=False)
        return frame
