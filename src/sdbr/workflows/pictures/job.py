"""The values of a run over single pictures: what is wanted, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sdbr.request import ImageRequest, Picture, Size
from sdbr.workflows import names
from sdbr.workspace import slug

if TYPE_CHECKING:
    from PIL import Image

    from sdbr.media.stills.fit import Placement


@dataclass(frozen=True, slots=True)
class Input:
    """A picture that went into a request: its part in it, its file's name and its SHA-256."""

    role: str
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Finish:
    """What is done to the model's picture before it is written.

    `size` scales and crops to exactly that; `placement` brings it back to the aspect of the
    picture that went in. `quality` (1 to 100) encodes anew, None keeps the model's own bytes
    where nothing else changes.
    """

    format: str = "png"
    quality: int | None = None
    size: Size | None = None
    placement: Placement | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One wanted picture: the request, and where and how its file is written.

    `name` is the template of the file's name; `stem` stands there for the input. `target` is an
    exact path instead. `treatment` says what was done to the inputs, `flags` which flags make the
    job again. Jobs with the same `slot` get the same random seed; None keeps the request's own.
    `labels` are the (field, value) pairs that tell this job from the others of a sweep. A
    `seedless` model takes no seed, so none is in the name.
    """

    request: ImageRequest
    folder: Path
    stem: str = ""
    finish: Finish = Finish()
    inputs: tuple[Input, ...] = ()
    treatment: tuple[str, ...] = ()
    target: Path | None = None
    flags: tuple[tuple[str, Any], ...] = ()
    slot: int | None = None
    labels: tuple[tuple[str, str], ...] = ()
    before: Path | None = None
    seedless: bool = False
    name: str = ""

    @property
    def source_stem(self) -> str:
        """What it is drawn from, as a file's stem: its input, else its prompt's words."""
        return self.stem or slug(str(dict(self.flags).get("prompt", "")))

    def file_stem(self, seed: int | None) -> str:
        """The file's name without its suffix, drawn with `seed`. Raises UsageProblem."""
        seed = None if self.seedless else seed
        stem = self.stem if self.before else ""
        return names.fill_template(
            self.name, names.values_of(self.request, dict(self.flags), seed, stem)
        )


@dataclass(frozen=True, slots=True)
class JobResult:
    """A job done: the picture without its bytes, and the bytes of the file to write.

    `record` is written beside a file that cannot hold it. `word` is the verdict on it, and `small`
    what others are compared with.
    """

    job: Job
    picture: Picture
    data: bytes
    record: str = ""
    word: str = ""
    small: Image.Image | None = None


def slots_of(slots: Iterable[int | None]) -> int:
    """How many seeds have to be drawn: one more than the last slot."""
    return max((slot for slot in slots if slot is not None), default=-1) + 1
