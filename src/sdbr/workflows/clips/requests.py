"""From a frame to a request, and from the model's picture back to a frame."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
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
from sdbr.workflows.clips.direction import PlacedShot, fade, ramp
from sdbr.workflows.clips.footage import FrameInfo

_APART = 7_919  # Between the seeds of a frame that is drawn again.


@dataclass(frozen=True, slots=True)
class ShotRequest:
    """What the frames from the `first` on share, until those of the next shot: the request, and
    their place in it. `placed` is the shot of the direction, None for the command's own look;
    `faded` is the prompt that it crossfades from, if it does."""

    first: int
    request: ImageRequest
    placement: Placement
    placed: PlacedShot | None = None
    faded: str | None = None

    @property
    def name(self) -> str:
        """The shot's name in messages; "" for the command's own look."""
        return self.placed.shot.name if self.placed else ""

    def request_at(self, at: Fraction) -> ImageRequest:
        """The request at a time of the shot, in seconds of the clip."""
        request = self.request
        if self.placed is None:
            return request
        if strengths := self.placed.shot.ramp:
            request = replace(request, strength=ramp(strengths, self.placed.ramped, at))
        if self.faded is not None and self.placed.faded:
            request = fade(request, self.faded, self.placed.faded.share(at))
        return request


@dataclass(frozen=True, slots=True)
class FrameRequests:
    """How frames become requests: the request they share, their place in it, their seeds.

    `seed_policy` is fixed, step or random. `first_like` gives the number of the first frame with
    the same pixels, so that a still screen is drawn once under every policy; `redrawn` says how
    often a frame was asked for with another seed. From the first frame of each of the `shots` on,
    in rising order, that shot's own request is shared.
    """

    request: ImageRequest
    placement: Placement
    seed_policy: str = "fixed"
    first_like: Mapping[str, int] = field(default_factory=dict)
    redrawn: Mapping[int, int] = field(default_factory=dict)
    shots: tuple[ShotRequest, ...] = ()

    def request_for(
        self, frame: FrameInfo, pixels: Callable[[], Pixels], digest: str = "", png: bytes = b""
    ) -> ImageRequest:
        """The request for one frame; its picture is encoded only when it is sent.

        `digest` names the pixels where they are not the frame's own; `png` is the frame's file,
        which is sent as it is where the model takes the frame's size.
        """
        shot = self.shot_at(frame.number)
        request = shot.request_at(frame.at)
        first = request.seed + _APART * self.redrawn.get(frame.number, 0)
        number = self.first_like[frame.digest]
        seed = seed_of(request.model, first, self.seed_policy, number)
        text = f"png {shot.placement} {digest or frame.digest}"
        digest = hashlib.sha256(text.encode()).hexdigest()
        blob = Blob(digest, make=lambda: _encode(pixels(), shot.placement, png))
        return replace(request, init_image=blob, seed=seed)

    @property
    def opening(self) -> ImageRequest:
        """The request that the first frame shares with those after it."""
        return self.shot_at(0).request

    def shot_at(self, number: int) -> ShotRequest:
        """The shot that a frame belongs to."""
        own = ShotRequest(0, self.request, self.placement)
        return [own, *(shot for shot in self.shots if shot.first <= number)][-1]

    def spans(self, frames: int) -> Iterator[tuple[ShotRequest, range]]:
        """The shots of so many frames, each with the numbers of its frames, from 0."""
        starts = sorted({0, *(shot.first for shot in self.shots)})
        for first, end in pairwise((*starts, frames)):
            yield self.shot_at(first), range(first, end)

    def restore(self, picture: Picture, size: Size, number: int) -> Pixels:
        """The model's picture of frame `number` as one of the result's size, height × width × 3.

        From a model that cuts out it is RGBA, height × width × 4.
        """
        shot = self.shot_at(number)
        cut = cuts_out(shot.request.model)
        image = open_answer(picture, keep_alpha=cut)
        image = place.restore(image, shot.placement, exact=size == shot.placement.source)
        if image.size != size:
            image = image.resize(size, Image.Resampling.LANCZOS)
        return np.asarray(image.convert("RGBA") if cut else image, dtype=np.uint8)


def _encode(pixels: Pixels, placement: Placement, png: bytes) -> bytes:
    whole = Image.fromarray(pixels)
    image = place.apply(whole, placement)
    data = png if png and image is whole else encode_frame(np.asarray(image))
    return data if len(data) <= MAX_INPUT_BYTES else encode_under(image)


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
