"""A clip as pictures: a folder in natural order, or files in the order given."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from sdbr.errors import InputProblem
from sdbr.media.ahead import Behind, ahead
from sdbr.media.clip import Clip, Frame, Pace, Pixels
from sdbr.media.frame_times import FrameTimes, Span, load_times, save_times
from sdbr.media.stills.frame_png import encode_frame
from sdbr.media.stills.pixels import with_channels
from sdbr.media.video.probe import refuse_giants
from sdbr.request import Size

_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"}
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, UnidentifiedImageError)


def natural_key(path: Path) -> list[tuple[int, str]]:
    """Return a sort key that puts frame2 before frame10."""
    parts = re.split(r"(\d+)", path.name)
    return [(int(part), "") if part.isdecimal() else (-1, part.casefold()) for part in parts]


def pictures_in(folder: Path) -> list[Path]:
    """Return the folder's pictures in natural order; hidden files are left out.

    Raises InputProblem where there is none.
    """
    found = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in _SUFFIXES and not path.name.startswith(".")
    ]
    if not found:
        raise InputProblem(f"{folder} holds no pictures. Name a folder with PNG or JPEG files.")
    return sorted(found, key=natural_key)


def probe(paths: Sequence[Path], rate: Fraction, folder: Path | None = None) -> Clip:
    """Describe pictures shown at `rate` frames a second; the first one says the size.

    A folder's own frames.json, where it names them all, goes before `rate`. Raises InputProblem
    where there is no picture or the first one cannot be read.
    """
    if not paths:
        raise InputProblem("No picture was given. Name at least one.")
    times = _times(paths, folder)
    spans = _spans(paths, rate, times)
    first = _opened(paths[0])
    return Clip(
        kind="folder" if folder else "pictures",
        path=folder or paths[0],
        size=Size(first.shape[1], first.shape[0]),
        pace=times.pace if times else Pace.even(rate),
        frames=len(paths),
        duration=spans[-1][0] + spans[-1][1],
        has_alpha=first.shape[2] == 4,
        paths=tuple(paths),
    )


def frames(clip: Clip, start: Fraction, end: Fraction | None) -> Iterator[Frame]:
    """Yield the pictures whose time is in [start, end), in seconds.

    Raises InputProblem for a picture that cannot be read or is not of the first one's size.
    """
    times = _times(clip.paths, clip.path if clip.kind == "folder" else None)
    spans = _spans(clip.paths, clip.rate, times)
    wanted = [
        (path, span)
        for path, span in zip(clip.paths, spans, strict=True)
        if span[0] >= start and (end is None or span[0] < end)
    ]
    images = ahead(_opened, (path for path, _ in wanted))
    for (path, (at, lasts)), image in zip(wanted, images, strict=True):
        size = Size(image.shape[1], image.shape[0])
        if size != clip.size:
            raise InputProblem(
                f"{path} is {size} where the first picture is {clip.size}. Make all one size."
            )
        yield Frame(with_channels(image, 4 if clip.has_alpha else 3), at, lasts)


class FolderSink:
    """PNG files 000001.png, … in a folder, with their times in frames.json."""

    def __init__(self, folder: Path, pace: Pace, comment: str) -> None:
        self._folder = folder
        self._pace = pace
        self._comment = comment
        self._spans: dict[str, Span] = {}
        self._behind = Behind()

    def add(self, image: Pixels, at: Fraction, lasts: Fraction) -> None:
        """Write one picture."""
        name = f"{len(self._spans) + 1:06d}.png"
        path = self._folder / name
        self._behind.submit(lambda: _write(path, image))
        self._spans[name] = (at, lasts)

    def finish(self) -> None:
        """Write the times, once the last picture is there."""
        self._behind.finish()
        save_times(self._folder, FrameTimes(self._pace, self._spans, self._comment))

    def abort(self) -> None:
        """Stop writing."""
        self._behind.abort()


def _write(path: Path, image: Pixels) -> None:
    path.write_bytes(encode_frame(image))


def _times(paths: Sequence[Path], folder: Path | None) -> FrameTimes | None:
    times = load_times(folder) if folder else None
    if times is None or any(path.name not in times.spans for path in paths):
        return None
    at = [times.spans[path.name][0] for path in paths]
    return times if all(a < b for a, b in pairwise(at)) else None


def _spans(paths: Sequence[Path], rate: Fraction, times: FrameTimes | None) -> list[Span]:
    if times is not None:
        zero = times.spans[paths[0].name][0]
        spans = [times.spans[path.name] for path in paths]
        return [(at - zero, lasts) for at, lasts in spans]
    return [(number / rate, 1 / rate) for number in range(len(paths))]


def _opened(path: Path) -> Pixels:
    """Return the picture upright, as RGB, or RGBA where it has transparency."""
    try:
        with Image.open(path) as image:
            refuse_giants(path, *image.size)
            upright = ImageOps.exif_transpose(image)
            see_through = upright.has_transparency_data
            return np.asarray(upright.convert("RGBA" if see_through else "RGB"), dtype=np.uint8)
    except Image.DecompressionBombError:
        raise InputProblem(f"{path} declares more pixels than sdbr opens. Scale it down.") from None
    except _BROKEN as error:
        raise InputProblem(f"{path} is not a readable picture. Remove or replace it.") from error
