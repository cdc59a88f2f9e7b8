"""What is worth saying of pictures and animations that are made, and what to try next.

Pillow is imported when there is a picture: drawing from words starts without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image

    from sdbr.request import ImageRequest

FLAT = "one color"
UNCHANGED = "nearly the input"
SAME = "nearly the same as another"
_SAME = 0.5  # Levels of 255: what encoding anew changes.
# Levels, and the share of the input's contrast. Over the photos of the tests the emulator's results
# differ by 2.8 to 4.2 at strength 0.05, and by 6.3 to 7.3 at 0.1.
_LITTLE, _LITTLE_SHARE = 4.0, 0.1
_MOST_COMPARED = 64  # Pictures of a run that later ones are compared with.
_JUMP = 3.0  # Times the usual step between frames.


def picture_verdict(data: bytes, request: ImageRequest) -> tuple[str, Image.Image | None]:
    """A word on a picture, "" where there is nothing to say, and the picture made small."""
    from sdbr.media.stills.likeness import contrast, difference, is_flat, sample

    small = sample(data)
    if small is None:
        return "", None
    init = request.init_image and (request.init_image.data or request.init_image.path)
    source = sample(init) if init else None
    if is_flat(small):
        return ("" if source is not None and is_flat(source) else FLAT), small
    whole = request.strength is not None and request.mask is None
    if whole and source is not None and source.mode == small.mode == "RGB":
        apart = difference(small, source)
        if apart < _LITTLE and apart < _LITTLE_SHARE * contrast(source):
            return UNCHANGED, small
    return "", small


@dataclass(slots=True)
class Verdicts:
    """The words on the pictures of a run, in order; `smalls` are the distinct ones seen."""

    words: list[str] = field(default_factory=list)
    smalls: dict[str, Image.Image] = field(default_factory=dict)
    strengths: set[float] = field(default_factory=set)

    def add(self, word: str, small: Image.Image | None, key: str, strength: float | None) -> str:
        """Count a picture, the answer to the request `key`; return its word."""
        others = (seen for name, seen in self.smalls.items() if name != key)
        if not word and small is not None and any(_alike(small, seen) for seen in others):
            word = SAME
        elif small is not None and len(self.smalls) < _MOST_COMPARED:
            self.smalls.setdefault(key, small)
        self.words.append(word)
        if word == UNCHANGED and strength is not None:
            self.strengths.add(strength)
        return word

    def lines(self) -> Iterator[str]:
        """What to say at the end: nothing, or a line for each kind of trouble."""
        total = len(self.words)
        if flat := self.words.count(FLAT):
            yield f"{_of(flat, total)} one color throughout. Try another --seed or prompt."
        if unchanged := self.words.count(UNCHANGED):
            at = ", ".join(f"{strength:g}" for strength in sorted(self.strengths))
            yield f"{_of(unchanged, total)} nearly the input at strength {at}. Raise --strength."
        if same := self.words.count(SAME):
            yield f"{_of(same, total)} {SAME}. Change the prompt, not the seed alone."


def animation_verdict(files: Sequence[Path], loops: bool) -> Iterator[str]:
    """What is to be said of an animation of these frames, shown in this order, again if it
    `loops`."""
    from sdbr.media.stills.likeness import closing_jump, is_flat, sample

    smalls = [small for small in map(sample, files) if small is not None]
    if len(smalls) < 2:
        return
    if all(map(is_flat, smalls)):
        yield "every frame is one color throughout. Try another --seed or prompt."
    elif all(_alike(smalls[0], other) for other in smalls[1:]):
        yield "all frames are the same, so nothing moves. Raise --strength, or try --zoom or --pan."
    elif loops and len(smalls) > 2 and closing_jump(smalls) > _JUMP:
        yield "it jumps where it begins again. --ping-pong plays it back as well."


def _alike(one: Image.Image, other: Image.Image) -> bool:
    from sdbr.media.stills.likeness import difference

    return one.mode == other.mode and difference(one, other) < _SAME


def _of(count: int, total: int) -> str:
    if total == 1:
        return "The picture is"
    return f"{count} of {total} pictures {'is' if count == 1 else 'are'}"
