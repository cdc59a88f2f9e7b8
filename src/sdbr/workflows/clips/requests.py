"""From a frame to a request, and from the model's picture back to a frame."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from sdbr.bedrock.families import seed_within
from sdbr.files import part_file, plain_write_errors
from sdbr.media.clip import Pixels
from sdbr.media.stills import place
from sdbr.media.stills.encode import MAX_INPUT_BYTES, encode, encode_frame, encode_under
from sdbr.media.stills.fit import Placement
from sdbr.media.stills.open import open_answer
from sdbr.media.stills.pixels import flatten
from sdbr.request import Blob, ImageRequest, Model, Picture, Size
from sdbr.workflows.clips.footage import FrameInfo

_APART = 7_919  # Between the seeds of a frame that is drawn again.


@dataclass(frozen=True, slots=True)
class FrameRequests:
    """How frames become requests: the request they share, their place in it, their seeds.

    `seed_policy` is fixed, step or random. `first_like` gives the number of the first frame with
    the same pixels, so that a still screen is drawn once under every policy; `redrawn` says how
    often a frame was asked for with another seed. From the frames in `later` on, in rising order,
    another request is shared, which has another prompt.
    """

    request: ImageRequest
    placement: Placement
    seed_policy: str = "fixed"
    first_like: Mapping[str, int] = field(default_factory=dict)
    redrawn: Mapping[int, int] = field(default_factory=dict)
    later: tuple[tuple[int, ImageRequest], ...] = ()

    def request_for(
        self, frame: FrameInfo, pixels: Callable[[], Pixels], digest: str = "", png: bytes = b""
    ) -> ImageRequest:
        """The request for one frame; its picture is encoded only when it is sent.

        `digest` names the pixels where they are not the frame's own; `png` is the frame's file,
        which is sent as it is where the model takes the frame's size.
        """
        first = self.request.seed + _APART * self.redrawn.get(frame.number, 0)
        number = self.first_like[frame.digest]
        seed = seed_of(self.request.model, first, self.seed_policy, number)
        text = f"png {self.placement} {digest or frame.digest}"
        digest = hashlib.sha256(text.encode()).hexdigest()
        blob = Blob(digest, make=lambda: self._encode(pixels(), png))
        return replace(self.shared_by(frame.number), init_image=blob, seed=seed)

    def shared_by(self, number: int) -> ImageRequest:
        """The request that a frame shares with those around it."""
        return [self.request, *(one for start, one in self.later if start <= number)][-1]

    def _encode(self, pixels: Pixels, png: bytes) -> bytes:
        whole = Image.fromarray(pixels)
        image = place.apply(whole, self.placement)
        data = png if png and image is whole else encode_frame(np.asarray(image))
        return data if len(data) <= MAX_INPUT_BYTES else encode_under(image)

    def restore(self, picture: Picture, size: Size) -> Pixels:
        """The model's picture as a frame of the result's size, height × width × 3.

        From a model that cuts out it is RGBA, height × width × 4.
        """
        cut = cuts_out(self.request.model)
        image = open_answer(picture, keep_alpha=cut)
        image = place.restore(image, self.placement, exact=size == self.placement.source)
        if image.size != size:
            image = image.resize(size, Image.Resampling.LANCZOS)
        return np.asarray(image.convert("RGBA") if cut else image, dtype=np.uint8)


def cuts_out(model: Model) -> bool:
    """Whether the model's pictures are in part transparent."""
    return "remove-background" in model.tasks


def seed_of(model: Model, first: int, policy: str, number: int) -> int:
    """The seed of the nth frame: the same, the next, or one drawn by a hash; never 0."""
    seed = first
    if policy == "step":
        seed = first + number
    elif policy == "random":
        drawn = hashlib.sha256(f"{first} {number}".encode()).digest()
        seed = int.from_bytes(drawn[:8], "big") + 1
    return seed_within(model, seed)


def write_frame(path: Path, pixels: Pixels, background: str = "white") -> bytes:
    """Write a frame as PNG or JPEG by the suffix, whole or not at all; never flushed.

    A JPEG has its transparent parts laid on the background. Returns the file's bytes. A frame on
    disk is a copy of what the cache or the clip holds, so speed comes first.
    """
    if path.suffix == ".png":
        data = encode_frame(pixels)
    else:
        data = encode(Image.fromarray(flatten(pixels, background)), "jpeg", 95)
    with plain_write_errors(path), part_file(path) as file:
        file.write(data)
        file.flush()
        os.replace(file.name, path)
    return data


def read_frame(file: Path | BinaryIO) -> Pixels:
    """A frame that was written before, height × width × channels."""
    with Image.open(file) as image:
        return np.asarray(image, dtype=np.uint8)
