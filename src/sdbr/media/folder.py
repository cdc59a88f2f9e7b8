"""A clip as pictures: a folder in natural order, or files in the order given."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from sdbr.concurrency import BackgroundWork, side_by_side
from sdbr.errors import InputProblem
from sdbr.media import metadata
from sdbr.media.clip import Clip, FrameTiming, Pixels, TimedFrame
from sdbr.media.metadata.xmp import DigitalSource
from sdbr.media.stills.encode import encode_frame
from sdbr.media.stills.open import open_picture
from sdbr.media.stills.pixels import with_channels
from sdbr.media.timing import fraction_of
from sdbr.media.video.probe import refuse_giants
from sdbr.request import Size
from sdbr.workspace import natural_key

_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"}
    | {".avif", ".heic", ".heif", ".hif", ".jxl"}
)
NAME = "frames.json"
Span = tuple[Fraction, Fraction]
"""When a frame is first shown, and for how long, in seconds."""


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """Each file's `at` and `lasts` in seconds, by file name; the timing; how they were made."""

    timing: FrameTiming
    spans: dict[str, Span]
    comment: str = ""


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
        raise InputProblem(
            f"{folder} contains no pictures. Choose a folder with PNG or JPEG files."
        )
    return sorted(found, key=lambda path: natural_key(path.name))


def probe(paths: Sequence[Path], rate: Fraction, folder: Path | None = None) -> Clip:
    """Describe pictures shown at `rate` frames a second; the first one says the size.

    A folder's own frames.json, where it names them all, goes before `rate`. Raises InputProblem
    where there is no picture or the first one cannot be read.
    """
    if not paths:
        raise InputProblem("No pictures given. Name at least one.")
    timing, spans = _time(paths, rate, folder)
    first = _open(paths[0])
    return Clip(
        kind="folder" if folder else "pictures",
        path=folder or paths[0],
        size=Size(first.shape[1], first.shape[0]),
        timing=timing,
        frames=len(paths),
        duration=spans[-1][0] + spans[-1][1],
        has_alpha=_has_alpha(paths, first),
        paths=tuple(paths),
    )


def _has_alpha(paths: Sequence[Path], first: Pixels) -> bool:
    """Whether the first picture in which anything is shown may be see-through.

    By its kind of pixels: a later picture of the kind may be, though that one is not.
    """
    others = map(_open, paths[1:])
    for path, pixels in zip(paths, chain((first,), others), strict=True):
        if pixels.shape[2] == 3 or pixels[..., 3].any():
            with Image.open(path) as image:
                return image.has_transparency_data
    return False


def frames(clip: Clip, start: Fraction, end: Fraction | None) -> Iterator[TimedFrame]:
    """Yield the pictures whose time is in [start, end), in seconds.

    Raises InputProblem for a picture that cannot be read or is not of the first one's size.
    """
    _, spans = _time(clip.paths, clip.rate, clip.path if clip.kind == "folder" else None)
    wanted = [
        (path, span)
        for path, span in zip(clip.paths, spans, strict=True)
        if span[0] >= start and (end is None or span[0] < end)
    ]
    images = side_by_side(_open, (path for path, _ in wanted))
    for (path, (at, lasts)), image in zip(wanted, images, strict=True):
        size = Size(image.shape[1], image.shape[0])
        if size != clip.size:
            raise InputProblem(
                f"{path} is {size}, but the first picture is {clip.size}. Make all pictures "
                "the same size."
            )
        if not clip.has_alpha and not image[..., 3:].any():
            image = image[..., :3]
        yield TimedFrame(with_channels(image, 4 if clip.has_alpha else 3), at, lasts)


class FolderSink:
    """PNG files 000001.png, … in a folder, with their times in frames.json."""

    def __init__(
        self, folder: Path, timing: FrameTiming, comment: str, source: DigitalSource | None
    ) -> None:
        self._folder = folder
        self._timing = timing
        self._comment = comment
        self._source = source
        self._spans: dict[str, Span] = {}
        self._behind = BackgroundWork()

    def add(self, image: Pixels, at: Fraction, lasts: Fraction) -> None:
        """Write one picture."""
        name = f"{len(self._spans) + 1:06d}.png"
        path = self._folder / name
        self._behind.submit(lambda: _write(path, image, self._source))
        self._spans[name] = (at, lasts)

    def finish(self) -> None:
        """Write the times, once the last picture is there."""
        self._behind.finish()
        save_times(self._folder, FrameTimes(self._timing, self._spans, self._comment))

    def abort(self) -> None:
        """Stop writing."""
        self._behind.abort()


def _write(path: Path, image: Pixels, source: DigitalSource | None) -> None:
    path.write_bytes(metadata.embed(encode_frame(image), "", "", source))


def _time(
    paths: Sequence[Path], rate: Fraction, folder: Path | None
) -> tuple[FrameTiming, list[Span]]:
    """The timing and each picture's span: by frames.json where it names them all, else even."""
    times = load_times(folder) if folder else None
    if times is not None and all(path.name in times.spans for path in paths):
        spans = [times.spans[path.name] for path in paths]
        if all(a[0] < b[0] for a, b in pairwise(spans)):
            return times.timing, [(at - spans[0][0], lasts) for at, lasts in spans]
    return FrameTiming.even(rate), [(number / rate, 1 / rate) for number in range(len(paths))]


def _open(path: Path) -> Pixels:
    """Return the picture upright, in sRGB, as RGB, or RGBA where some of it is transparent."""
    picture = open_picture(path, keep_alpha=True)
    refuse_giants(path, *picture.size)
    return np.asarray(picture.image, np.uint8)


def save_times(folder: Path, times: FrameTimes) -> None:
    """Write the folder's frames.json; fractions stay fractions."""
    whole = {
        "rate": str(times.timing.rate),
        "tick": str(times.timing.tick),
        "variable": times.timing.variable,
        "comment": times.comment,
        "frames": {name: [str(at), str(lasts)] for name, (at, lasts) in times.spans.items()},
    }
    (folder / NAME).write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


def load_times(folder: Path) -> FrameTimes | None:
    """Read the folder's frames.json; None where there is none, or none that can be used."""
    try:
        whole = json.loads((folder / NAME).read_text(encoding="utf-8"))
        timing = FrameTiming(
            fraction_of(whole["rate"]), fraction_of(whole["tick"]), bool(whole["variable"])
        )
        spans = {
            str(name): (fraction_of(at), fraction_of(lasts))
            for name, (at, lasts) in whole["frames"].items()
        }
        usable = timing.rate > 0 and timing.tick > 0 and all(s[1] > 0 for s in spans.values())
        return FrameTimes(timing, spans, str(whole["comment"])) if usable else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
        return None


def makes_way(folder: Path) -> bool:
    """Whether a folder is empty, or holds one clip's frames and nothing of anybody's."""
    if not folder.is_dir():
        return False
    times = load_times(folder)
    return {path.name for path in folder.iterdir()} <= {NAME, *(times.spans if times else ())}
