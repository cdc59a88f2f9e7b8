"""Faces in the frames of a clip: found frame by frame, then tracked, so that no box jumps.

OpenCV 4 brings detectors of faces from the front and from the side (Viola and Jones, "Rapid Object
Detection using a Boosted Cascade of Simple Features", 2001); OpenCV 5 has none.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from sdbr.motion.arrays import Frame, Luma, WidthHeight, as_bytes, luma, shrunk, size_of

_FOLDER = Path(cv2.__file__).parent / "data"
_FRONT, _SIDE = "haarcascade_frontalface_alt2.xml", "haarcascade_profileface.xml"
# Frames are searched at this size, for faces of this share of it on.
_LONGEST, _SMALLEST = 480, 1 / 16
_STEP = 1.1
_NEIGHBORS = 6
"""Overlapping hits that make a face: with 3 a clock on a wall was taken for one."""
_GAP = 15
"""Frames that a face may be missed in and still be the same one."""
_APART = 0.6
"""Distance of two boxes of the same face in neighboring frames, as a share of their side."""
_FEWEST = 4
"""Hits that make a track; a single one is seldom a face."""
_HOLD = 6
"""Frames before the first hit and after the last in which the face is there as well."""
_SMOOTH = 3.0
"""Frames: the standard deviation of the smoothing over time."""
_WIDE, _HIGH = 0.55, 0.68
"""Half axes of the ellipse that holds a whole face, as shares of the side of its box."""


class Face(NamedTuple):
    """A square box around a face: its center and its side, as shares of the frame's width."""

    x: float
    y: float
    side: float


def has_detector() -> bool:
    """Whether this OpenCV has detectors of faces."""
    there = all((_FOLDER / name).exists() for name in (_FRONT, _SIDE))
    return there and hasattr(cv2, "CascadeClassifier")


class FaceDetector:
    """Finds faces; may be asked from several threads, each of which loads its own detectors."""

    def __init__(self) -> None:
        self._own = threading.local()

    def find(self, frame: Frame) -> tuple[Face, ...]:
        """The faces of one frame, each perhaps more than once."""
        width, height = size_of(frame)
        scale = min(1.0, _LONGEST / max(width, height))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        gray = as_bytes(cv2.equalizeHist(luma(shrunk(frame, size))))
        front, side = self._detectors()
        found = [*_boxes(front, gray), *_boxes(side, gray)]
        # The detector knows faces that look to the left.
        found += [Face(1 - x, y, s) for x, y, s in _boxes(side, as_bytes(cv2.flip(gray, 1)))]
        return tuple(found)

    def _detectors(self) -> tuple[Any, Any]:
        if not hasattr(self._own, "detectors"):
            kind: Any = getattr(cv2, "CascadeClassifier")  # noqa: B009 - OpenCV 5 has none.
            self._own.detectors = tuple(kind(str(_FOLDER / name)) for name in (_FRONT, _SIDE))
        front, side = self._own.detectors
        return front, side


def _boxes(detector: Any, gray: Luma) -> Iterator[Face]:
    least = round(_SMALLEST * max(gray.shape))
    for x, y, side, _ in detector.detectMultiScale(gray, _STEP, _NEIGHBORS, minSize=(least,) * 2):
        width = gray.shape[1]
        yield Face((x + side / 2) / width, (y + side / 2) / width, side / width)


@dataclass(slots=True)
class _FaceTrack:
    """One face over time: where it was found, by frame, perhaps more than once in one."""

    found: dict[int, list[Face]] = field(default_factory=dict)

    def misses(self, face: Face, frame: int) -> float:
        """How far away a face is, in sides; infinite where it cannot be the same."""
        before = max(self.found)
        last = self.found[before][-1]
        if frame - before > _GAP or not 0.5 < face.side / last.side < 2:
            return float("inf")
        return float(np.hypot(face.x - last.x, face.y - last.y)) / last.side


def track_faces(
    found: Sequence[Sequence[Face]], shots: Sequence[range]
) -> tuple[tuple[Face, ...], ...]:
    """The faces of each frame: smooth over time, without stray hits, with gaps filled.

    `found` has what was found in each frame by itself. No face goes on across a cut.
    """
    faces: list[list[Face]] = [[] for _ in found]
    for shot in shots:
        for track in _tracks(found, shot):
            for number, face in _smoothed(track, shot):
                faces[number].append(face)
    return tuple(map(tuple, faces))


def _tracks(found: Sequence[Sequence[Face]], shot: range) -> list[_FaceTrack]:
    tracks: list[_FaceTrack] = []
    for number in shot:
        for face in found[number]:
            misses = [track.misses(face, number) for track in tracks]
            if min(misses, default=_APART) >= _APART:
                tracks.append(_FaceTrack({number: [face]}))
            else:
                nearest = tracks[misses.index(min(misses))]
                nearest.found.setdefault(number, []).append(face)
    return [one for one in tracks if len(one.found) >= min(_FEWEST, len(shot))]


def _smoothed(track: _FaceTrack, shot: range) -> Iterator[tuple[int, Face]]:
    hits = list(track.found)
    first, stop = max(shot.start, hits[0] - _HOLD), min(shot.stop, hits[-1] + _HOLD + 1)
    numbers = np.arange(first, stop)
    means = np.array([np.mean(faces, axis=0) for faces in track.found.values()])
    # Between hits a face goes straight; before the first and after the last it stays.
    every = np.stack([np.interp(numbers, hits, column) for column in means.T], axis=1)
    ends = cv2.BORDER_REPLICATE
    smooth = cv2.GaussianBlur(every, (1, 0), sigmaX=1, sigmaY=_SMOOTH, borderType=ends)
    for number, (x, y, side) in zip(numbers, smooth, strict=True):
        yield int(number), Face(float(x), float(y), float(side))


def draw_faces(faces: Sequence[Face], size: WidthHeight) -> Luma:
    """The mask of these faces over a frame of this size: an ellipse for each."""
    mask, width = np.zeros(size[::-1], np.uint8), size[0]
    for x, y, side in faces:
        axes = round(_WIDE * side * width), round(_HIGH * side * width)
        center = round(x * width), round(y * width)
        cv2.ellipse(mask, center, axes, 0, 0, 360, 255, cv2.FILLED, cv2.LINE_AA)
    return mask
