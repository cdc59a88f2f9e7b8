"""What a clip is and what its frames are: the values that readers and writers share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from sdbr.request import Size

Pixels = npt.NDArray[np.uint8]
Playback = Literal["forward", "reverse", "ping-pong"]
"""The order that a clip is played in; a ping-pong goes there and back."""

PICTURES_ALONE = ("folder", "pictures", "gif", "webp", "apng")
"""Kinds of clips that hold neither sound nor subtitles."""


@dataclass(frozen=True, slots=True)
class FrameTiming:
    """How the frames of a clip follow each other.

    `rate` is frames a second: the constant one, or the average of a `variable` clip.
    `tick` is the finest step of the clip's own clock in seconds: every frame's time is a
    multiple of it, so a writer that counts in a fraction of it keeps the times exactly.
    """

    rate: Fraction
    tick: Fraction
    variable: bool = False

    @classmethod
    def even(cls, rate: Fraction) -> FrameTiming:
        """The timing of a clip with `rate` frames a second, all equally long."""
        return cls(rate, 1 / rate)


@dataclass(frozen=True, slots=True)
class SoundTrack:
    """One track of sound: the codec's name, samples a second, ISO 639 language or "".

    `index` is the stream's in its file; `changes` tells that rate or channels change midway.
    """

    codec: str
    rate: int
    language: str = ""
    index: int = 0
    changes: bool = False


@dataclass(frozen=True, slots=True)
class ClockBreak:
    """From these byte positions on (by index of stream), `offset` seconds belong to each time.

    `at` is where it happens, in seconds of the mended clock; `jump` is by how much the file's
    own went ahead of what was due, less than 0 where it went back.
    """

    positions: Mapping[int, int]
    offset: Fraction
    at: Fraction
    jump: Fraction


@dataclass(frozen=True, slots=True)
class Clip:
    """What a clip says of itself, as far as it could be believed on opening.

    `kind` names the container (mp4, matroska, avi, gif, webp, apng, folder, pictures, …).
    `size` is what is shown: upright, with square pixels. `frames` and `duration` (seconds of
    picture) are declared, not counted; None where nothing is declared. `start` is the file's
    own time of its first frame, in seconds; the frames themselves count from zero. `rotation`
    is how far the stored picture is turned clockwise to stand upright, in degrees, after it was
    flipped left to right if it is `mirrored`. `has_alpha` tells of an alpha channel that says what
    is transparent, and is no padding. `loop` is how often an animation plays, 0 for ever, None
    where the file does not say. `track` is the number of the picture track, from 1; `profile` is
    the ICC profile of an AVIF, b"" without any; `breaks` are where the file's clock jumps. `paths`
    are the files it is read from. `notes` are sentences for the user on what was found and done.
    """

    kind: str
    path: Path
    size: Size
    timing: FrameTiming
    frames: int | None = None
    duration: Fraction | None = None
    start: Fraction = Fraction(0)
    rotation: int = 0
    mirrored: bool = False
    has_alpha: bool = False
    loop: int | None = None
    cut: bool = False
    track: int = 1
    profile: bytes = b""
    breaks: tuple[ClockBreak, ...] = ()
    sound: tuple[SoundTrack, ...] = ()
    notes: tuple[str, ...] = ()
    paths: tuple[Path, ...] = ()

    @property
    def rate(self) -> Fraction:
        """Frames a second; the average of a clip of variable rate."""
        return self.timing.rate


@dataclass(frozen=True, slots=True)
class TimedFrame:
    """One picture of a clip and when it is shown.

    `image` is height × width × 3 (RGB) or × 4 (RGBA, not premultiplied), values 0 to 255.
    `at` counts seconds from the clip's first frame; `lasts` is how many seconds it is shown.
    """

    image: Pixels
    at: Fraction
    lasts: Fraction

    @property
    def end(self) -> Fraction:
        """When the next frame takes over, in seconds from the clip's first frame."""
        return self.at + self.lasts


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The part of a source file that a written clip shows.

    `zero` is the source's time, in seconds, that is the written clip's zero; `end` counts from
    there, None for all there is.
    """

    zero: Fraction
    end: Fraction | None = None

    def cut(self, start: Fraction, stop: Fraction) -> tuple[Fraction, Fraction] | None:
        """When the written clip shows what the source shows from `start` to `stop`, in seconds.

        None where that is outside of the excerpt.
        """
        begin = max(Fraction(0), start - self.zero)
        end = stop - self.zero if self.end is None else min(self.end, stop - self.zero)
        return (begin, end) if end > begin else None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a written clip takes what is not its pictures from: sound, subtitles, chapters, tags.

    `zero` is the time in that file at which its first picture is shown. All is cut from `begin`
    to `end`, in seconds from there; a `begin` of None is the first written frame's `at`, an `end`
    of None is all there is. `breaks` are those of the file's clock, `changing` the indices of
    streams whose rate or channels change midway, `track` is the number of the picture track.
    Without `audio` the sound stays behind. Unless the written clip is `timed` as the file is, tags
    alone are taken from it, and sound from the file `sound`, as it is.
    """

    path: Path
    zero: Fraction = Fraction(0)
    begin: Fraction | None = None
    end: Fraction | None = None
    breaks: tuple[ClockBreak, ...] = ()
    changing: frozenset[int] = frozenset()
    track: int = 1
    audio: bool = True
    timed: bool = True
    sound: Path | None = None

    def excerpt(self, first_at: Fraction, lead: Fraction) -> Excerpt:
        """What is written when `first_at` is the first frame's time, and comes after `lead`."""
        begin = (first_at if self.begin is None else self.begin) - lead
        return Excerpt(self.zero + begin, None if self.end is None else self.end - begin)


@dataclass(frozen=True, slots=True)
class FileTexts:
    """What a written clip says of itself: sdbr's record as its comment, and an XMP packet."""

    comment: str = ""
    packet: str = ""


@dataclass(frozen=True, slots=True)
class EncodingSettings:
    """How a clip is encoded; each container uses what applies to it.

    `crf` is the constant quality of H.264 or VP9, lower is better; None is 17 or 28.
    `preset` is x264's. `prores` makes an opaque mov ProRes 422 HQ instead of H.264. `quality` is
    WebP's, 0 to 100, `lossless` its other way. `loop` is an animation's count, 0 for ever, None to
    play once. GIF: `dither` is auto, none, bayer, floyd or sierra; `colors` 2 to 256; `max_bytes`
    gives away dither, then colors, then width until the file is that small. `width` scales a GIF,
    WebP or APNG, keeping its shape. `background` is the color, by name or #rrggbb, behind
    transparent parts where the container holds none. `playback` is the order of the frames.
    `exact` are the numbers, from 0, of frames that H.264 keeps closer where `crf` is None.
    """

    crf: int | None = None
    preset: str = "veryfast"
    prores: bool = False
    quality: int = 80
    lossless: bool = False
    loop: int | None = 0
    dither: str = "auto"
    colors: int = 256
    max_bytes: int | None = None
    width: int | None = None
    background: str = "white"
    playback: Playback = "forward"
    exact: frozenset[int] = frozenset()
