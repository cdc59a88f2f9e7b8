"""What a call returns: files that were written, and what is known of each."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, overload

from sdbr.console import counted
from sdbr.generation.estimate import Estimate, in_usd
from sdbr.request import ImageRequest, Size

if TYPE_CHECKING:
    from PIL import Image

_MOST_SHOWN = 32_000_000
"""Bytes: a notebook keeps what it shows, and this makes it 43 MB larger."""
_PICTURES = {
    **{".png": "image/png", ".apng": "image/png", ".gif": "image/gif", ".webp": "image/webp"},
    **{".jpg": "image/jpeg", ".jpeg": "image/jpeg"},
}
_NAMED = 3  # Paths in what is printed of several results.
_VIDEOS = {".mp4": "video/mp4", ".webm": "video/webm"}


@dataclass(frozen=True, slots=True, repr=False)
class Result:
    """A file that a call wrote. It is a path: every function that opens files takes it.

    `size` is in pixels. `cost` is what this result took,
    in USD: 0 where it was paid for before, None where no price is known; of an emulator's result,
    what Bedrock would have billed. `details` is what the command's `--json` prints.
    """

    path: Path
    request: ImageRequest
    seed: int | None
    size: Size
    cost: Decimal | None
    source: Path | None
    details: Mapping[str, object]

    @property
    def image(self) -> Image.Image:
        """The picture, read from the file; of a clip its first frame. Raises OSError."""
        from PIL import Image

        if self.path.suffix.lower() not in _PICTURES:
            from sdbr.media.open import open_reader

            return Image.fromarray(next(open_reader(self.path).frames()).image)
        image = Image.open(self.path)
        image.load()
        return image

    def __repr__(self) -> str:
        parts = [_nearby(self.path), str(self.size), f"seed {self.seed}", *_price(self.cost)]
        return f"Result({', '.join(parts)})"

    def __fspath__(self) -> str:
        return os.fspath(self.path)

    def _repr_mimebundle_(self, **_wanted: object) -> dict[str, str]:
        """What a notebook shows: the picture or the clip, and the path beside it."""
        return {"text/plain": repr(self), **_shown(self.path)}


def _nearby(path: Path) -> str:
    """The path from the current folder, where it is below it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):  # It is elsewhere, or the current folder was removed.
        return str(path)


def _price(cost: Decimal | None) -> list[str]:
    return [] if cost is None else [f"{in_usd(cost)} USD"]


def _shown(path: Path) -> dict[str, str]:
    """A file by the type under which a notebook shows it; nothing for one that is too large."""
    suffix = path.suffix.lower()
    kind = _PICTURES.get(suffix) or _VIDEOS.get(suffix)
    if kind is None or path.stat().st_size > _MOST_SHOWN:
        return {}
    data = b64encode(path.read_bytes()).decode("ascii")
    if kind in _PICTURES.values():
        return {kind: data}
    video = f'<video controls loop muted src="data:{kind};base64,{data}"></video>'
    return {"text/html": video}


class Results(Sequence[Result]):
    """What a call made, in order; where it made one thing, the attributes are that one's.

    `cost` is the sum, None where a price is not known.
    """

    def __init__(self, made: Sequence[Result], estimate: Estimate | None = None) -> None:
        self._made = tuple(made)
        self._estimate = estimate

    @overload
    def __getitem__(self, at: int) -> Result: ...

    @overload
    def __getitem__(self, at: slice) -> Results: ...

    def __getitem__(self, at: int | slice) -> Result | Results:
        return self._made[at] if isinstance(at, int) else Results(self._made[at])

    def __len__(self) -> int:
        return len(self._made)

    def __repr__(self) -> str:
        if len(self._made) == 1:
            return repr(self._made[0])
        head = ", ".join([counted(len(self._made), "file"), *_price(self.cost)])
        names = [_nearby(one.path) for one in self._made[:_NAMED]]
        more = len(self._made) - len(names)
        listed = ", ".join([*names, *([f"{more} more"] if more else [])])
        return f"Results({': '.join(filter(None, (head, listed)))})"

    def __fspath__(self) -> str:
        return os.fspath(self._only("path"))

    @property
    def path(self) -> Path:
        """Where the one result is."""
        return self._only("path").path

    @property
    def image(self) -> Image.Image:
        """The one result's picture; see `Result.image`."""
        return self._only("image").image

    @property
    def seed(self) -> int | None:
        """The one result's seed."""
        return self._only("seed").seed

    @property
    def size(self) -> Size:
        """The one result's size in pixels."""
        return self._only("size").size

    @property
    def request(self) -> ImageRequest:
        """What was asked of the model for the one result."""
        return self._only("request").request

    @property
    def source(self) -> Path | None:
        """What the one result was made from, where that is a file."""
        return self._only("source").source

    @property
    def details(self) -> Mapping[str, object]:
        """What is known of the one result; see `Result.details`."""
        return self._only("details").details

    @property
    def cost(self) -> Decimal | None:
        """USD for all of them."""
        costs = [each.cost for each in self._made]
        known = [cost for cost in costs if cost is not None]
        return sum(known, Decimal(0)) if len(known) == len(costs) else None

    @property
    def estimate(self) -> Estimate:
        """What the call would cost, where it was only asked for that; see `sdbr.estimate`."""
        if self._estimate is None:
            raise ValueError("These results were generated, so there is no estimate. See cost.")
        return self._estimate

    def _only(self, name: str) -> Result:
        if len(self._made) != 1:
            raise ValueError(
                f"There are {len(self._made)} results. Choose one, for example results[0].{name}."
            )
        return self._made[0]

    def _repr_mimebundle_(self, **wanted: object) -> dict[str, str]:
        """What a notebook shows: the one result, or all pictures side by side."""
        if len(self._made) == 1:
            return self._made[0]._repr_mimebundle_(**wanted)
        return {"text/plain": repr(self), "text/html": "".join(map(_side_by_side, self._made))}


def _side_by_side(one: Result) -> str:
    title = escape(one.path.name)
    for kind, data in _shown(one.path).items():
        if kind == "text/html":
            return data.replace("<video ", f'<video width="256" title="{title}" ', 1)
        return f'<img width="256" title="{title}" alt="{title}" src="data:{kind};base64,{data}"> '
    return f"<code>{title}</code> "
