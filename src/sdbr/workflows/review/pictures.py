"""The pictures of a review: its keyframes' source frames, what their takes show, and the film's."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np

from sdbr.errors import InputProblem
from sdbr.files import plain_write_errors, write_whole
from sdbr.generation.stack import Resources
from sdbr.media.clip import Pixels
from sdbr.media.stills.encode import encode_frame
from sdbr.media.stills.open import open_picture
from sdbr.media.stills.place import has_shape
from sdbr.media.stills.thumbnails import shrink_frame
from sdbr.motion.arrays import size_of
from sdbr.motion.masks import composite, feather, resize_mask
from sdbr.request import ImageRequest, Picture, Size
from sdbr.workflows.clips.draw import no_pixels
from sdbr.workflows.clips.footage import read_numbered
from sdbr.workflows.clips.prepare import PreparedClip
from sdbr.workflows.clips.requests import read_frame, write_frame
from sdbr.workflows.clips.supplied import ROLE, SuppliedKeyframe, fit_to_frame, keyframe_name
from sdbr.workflows.pictures.job import Input
from sdbr.workflows.prepare import remember
from sdbr.workflows.review.state import ReviewedKeyframe, Take

_SIDE = 960  # Pixels: what a card shows on a fine screen.


class ReviewPictures:
    """Pictures of one clip's keyframes; files of the review's own are in `folder`."""

    def __init__(self, clip: PreparedClip, resources: Resources, folder: Path) -> None:
        self._clip, self._resources, self._folder = clip, resources, folder
        self._frames = clip.plan.footage.frames
        # The page asks for the state of all takes every second.
        self._keys: dict[tuple[int, Take], str] = {}
        self._there: set[str] = set()
        self._cache = resources.cache

    def export_sources(self, seen: Callable[[], None]) -> None:
        """Write the keyframes as they are in the source, unless they are there.

        `seen` is called after each frame of the clip.
        """
        footage = self._clip.plan.footage
        missing = {n for n in footage.plan.keyframes if not self.source(n).exists()}
        if not missing:
            return
        with plain_write_errors(self._folder):
            self.source(0).parent.mkdir(parents=True, exist_ok=True)
        for number, pixels in read_numbered(self._clip.reader, footage, missing, seen):
            write_frame(self.source(number), pixels)

    def source(self, number: int) -> Path:
        """The file of a frame as it is in the source."""
        return self._folder / "source" / f"{number + 1:06d}.png"

    def file(self, name: str) -> Path:
        """A file of the review's own."""
        return self._folder / name

    def first_take(self, number: int) -> Take:
        """What `vid2vid` would generate for a keyframe."""
        request = self._clip.plan.requests.request_for(self._frames[number], no_pixels)
        return Take(request.prompt, request.strength, request.seed)

    def new_seed(self, number: int, keyframe: ReviewedKeyframe) -> int:
        """The first seed for a keyframe that it has no take of; the same until one is generated."""
        requests, frame = self._clip.plan.requests, self._frames[number]
        used, before = {take.seed for take in keyframe.takes}, requests.redrawn.get(number, 0)
        seeds = (
            replace(requests, redrawn={number: before + again}).request_for(frame, no_pixels).seed
            for again in count(1)
        )
        return next(
            seed
            for seed in seeds
            if seed not in used
            and not self._refused(number, replace(keyframe.generated, seed=seed))
        )

    def request_of(self, number: int, take: Take) -> ImageRequest:
        """The request of a take that is no picture of the user's own."""
        path, requests = self.source(number), self._clip.plan.requests
        request = requests.request_for(self._frames[number], lambda: read_frame(path))
        return replace(request, prompt=take.prompt, strength=take.strength, seed=take.seed)

    def key_of(self, number: int, take: Take) -> str:
        """The key of a take's request."""
        known = self._keys.get((number, take))
        if known is None:
            known = self._keys[number, take] = self._resources.key_of(self.request_of(number, take))
        return known

    def is_ready(self, number: int, take: Take) -> bool:
        """Whether there is a picture, so that the take costs nothing."""
        if take.picture:
            return (self._folder / take.picture).exists()
        key = self.key_of(number, take)
        if key not in self._there and self._cache.has(key) and not self._refused(number, take):
            self._there.add(key)
        return key in self._there

    def name_of(self, number: int, take: Take, mask: str) -> str:
        """Names what a take shows, for its address."""
        shown = take.picture or self.key_of(number, take)
        return hashlib.sha256(f"{number} {shown} {mask}".encode()).hexdigest()[:24]

    def pixels_of(self, number: int, take: Take, mask: str) -> Pixels:
        """The frame that a take makes, height x width x 3. Raises InputProblem without one."""
        plan = self._clip.plan
        if take.picture:
            pixels = read_frame(self._folder / take.picture)
        else:
            found = self._cache.find(self.key_of(number, take))
            if not isinstance(found, Picture):
                raise InputProblem(f"Keyframe {number + 1} has no picture. Generate it first.")
            pixels = plan.requests.restore(found, plan.size, number)
        if not mask:
            return pixels
        kept = np.ascontiguousarray(read_frame(self._folder / mask)[..., 0])
        plane = feather(resize_mask(kept, size_of(pixels)))
        return composite(read_frame(self.source(number)), pixels, plane)

    def shrunk(self, number: int, take: Take | None, mask: str) -> bytes:
        """What a take shows, or the source frame, as WebP for a page."""
        if take is None:
            return shrink_frame(read_frame(self.source(number)), _SIDE)
        return shrink_frame(self.pixels_of(number, take, mask), _SIDE)

    def keep_picture(self, data: bytes) -> str:
        """Keep a picture of the user's own, fitted to the frames; its file's name.

        Raises InputProblem for what is no picture.
        """
        plan = self._clip.plan
        background = plan.footage.background
        fit, name = self._clip.order.look.fit, Path("The picture")
        own = SuppliedKeyframe(name, "", plan.size, fit, background)
        return self._keep("own", fit_to_frame(data, own))

    def keep_mask(self, data: bytes) -> str:
        """Keep a mask; its file's name, "" where nothing is white. Raises InputProblem."""
        opened = open_picture(data, background="black", name="The mask")
        plane = np.asarray(opened.image.convert("L"), dtype=np.uint8)
        if not has_shape(Size(*size_of(plane)), self._clip.plan.size):
            raise InputProblem("The mask has another aspect ratio than the clip. Reload the page.")
        return self._keep("mask", np.dstack([plane] * 3)) if plane.any() else ""

    def film_of(self, keyframes: Mapping[int, ReviewedKeyframe]) -> PreparedClip:
        """The clip with these pictures as its keyframes, so that nothing is sent for it.

        Raises InputProblem where one is missing.
        """
        clip, folder = self._clip, self._folder / "keyframes"
        plan, supplied = clip.plan, {}
        for frame in plan.drawn:
            one = keyframes[frame.number]
            pixels = self.pixels_of(frame.number, one.take, one.mask)
            path = folder / keyframe_name(frame)
            with plain_write_errors(folder):
                folder.mkdir(parents=True, exist_ok=True)
            digest = hashlib.sha256(write_frame(path, pixels)).hexdigest()
            remember(path, digest, self._resources.workspace.hidden / "inputs")
            background, fixed = plan.footage.background, bool(one.take.picture)
            fit = clip.order.look.fit
            supplied[frame.number] = SuppliedKeyframe(
                path, digest, plan.size, fit, background, fixed
            )
        own = (Input(ROLE, one.path.name, one.sha256) for one in supplied.values())
        return replace(clip, plan=replace(plan, supplied=supplied, inputs=(*plan.inputs, *own)))

    def _refused(self, number: int, take: Take) -> bool:
        entry = self._cache.entry(self.key_of(number, take))
        return entry is not None and bool(entry.refused)

    def _keep(self, kind: str, pixels: Pixels) -> str:
        data = encode_frame(pixels)
        name = f"{kind}-{hashlib.sha256(data).hexdigest()[:24]}.png"
        write_whole(self._folder / name, data)
        return name
