"""The source frames of a clip by number, for whatever asks for them while it is made."""

from __future__ import annotations

import threading
from collections import OrderedDict

from sdbr.media.clip import Pixels
from sdbr.media.stills.pixels import flatten
from sdbr.workflows.clips.draw import ClipPlan
from sdbr.workflows.clips.requests import read_frame

_HELD_BYTES = 96 * 1024 * 1024  # 36 frames of 1280x720 pixels.
_HELD_FRAMES = 12
"""At least: the temporal filter and the measuring that follows it look so far back together."""


class SourceFrames:
    """Source frames, height × width × 3. Harmonizing, filling and measuring ask for the same ones,
    from several threads.

    One that is not held is read from the folder of source frames: raises OSError where it is not
    there either.
    """

    def __init__(self, plan: ClipPlan) -> None:
        self._tree = plan.folders
        self._most = max(_HELD_FRAMES, _HELD_BYTES // (3 * plan.size.width * plan.size.height))
        self._held: OrderedDict[int, Pixels] = OrderedDict()
        self._lock = threading.Lock()

    def __getitem__(self, number: int, /) -> Pixels:
        with self._lock:
            if number in self._held:
                self._held.move_to_end(number)
                return self._held[number]
        return self.remember(number, flatten(read_frame(self._tree.source_frame(number))))

    def remember(self, number: int, frame: Pixels) -> Pixels:
        """Hold a frame that was read already, and return it."""
        with self._lock:
            self._held[number] = frame
            while len(self._held) > self._most:
                self._held.popitem(last=False)
        return frame

    def encoded(self, number: int) -> bytes:
        """The file of a frame as it is on disk."""
        return self._tree.source_frame(number).read_bytes()
