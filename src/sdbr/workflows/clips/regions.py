"""Regions of a clip that come from its source: named by a mask, a clip of masks, or faces.

They are composited into the finished frames, so they change no request and no price.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial, reduce
from itertools import repeat
from pathlib import Path
from typing import Literal

import numpy as np

import sdbr
from sdbr.concurrency import side_by_side
from sdbr.console import counted
from sdbr.errors import InputProblem, UsageProblem
from sdbr.media.clip import Pixels
from sdbr.media.open import Reader, open_reader
from sdbr.media.stills.open import open_picture
from sdbr.media.stills.pixels import flatten, with_channels
from sdbr.media.stills.place import has_shape
from sdbr.motion.arrays import Luma, luma, size_of
from sdbr.motion.arrays import version as opencv_version
from sdbr.motion.faces import Face, FaceDetector, draw_faces, has_detector, track_faces
from sdbr.motion.masks import composite, enlarge, feather, follow_mask, resize_mask
from sdbr.request import Size
from sdbr.store.scans import ScanStore
from sdbr.workflows.clips.flags import FACES, RegionFlags
from sdbr.workflows.clips.folders import fingerprint_of
from sdbr.workflows.clips.footage import Footage, read_wanted
from sdbr.workflows.inputs import PICTURES, VIDEOS, find, moves
from sdbr.workflows.pictures.job import Input
from sdbr.workflows.prepare import file_digest, remember

Role = Literal["protect", "only"]
_SEARCHED = 3  # Frames searched for faces at once, at most: each thread loads its detectors.


@dataclass(frozen=True, slots=True)
class Region:
    """A region of each frame: kept from the source (`protect`), or alone restyled (`only`).

    It is what is white in `mask`, one picture or a clip of as many frames, with the SHA-256
    `sha256`; without a mask it is `faces`, for each frame. A still mask that `moves` follows what
    it covers.
    """

    role: Role
    mask: Path | None = None
    sha256: str = ""
    moves: bool = False
    faces: tuple[tuple[Face, ...], ...] = ()


def find_regions(
    flags: RegionFlags, footage: Footage, reader: Reader, store: ScanStore
) -> tuple[Region, ...]:
    """The regions that the flags ask for; each mask is checked, each face is found, or remembered
    in `store`.

    Raises UsageProblem or InputProblem.
    """
    told: tuple[tuple[Role, str | None], ...] = (("protect", flags.protect), ("only", flags.only))
    regions = tuple(
        Region(role, faces=_find_faces(footage, reader, store, role))
        if what == FACES
        else _masked(role, what, footage)
        for role, what in told
        if what
    )
    if not flags.moves:
        return regions
    still = [one.mask is not None and not _is_clip(one.mask) for one in regions]
    if not any(still):
        raise UsageProblem("--move-mask needs a still mask. Add --protect or --only with one.")
    return tuple(replace(one, moves=each) for one, each in zip(regions, still, strict=True))


def _masked(role: Role, what: str, footage: Footage) -> Region:
    found = find([what], (), PICTURES | VIDEOS, whole=lambda _: True)
    if len(found) != 1:
        raise InputProblem(f"--{role} {what}: {len(found)} files match. Name one mask.")
    check = _check_clip if _is_clip(found[0]) else _check_still
    check(found[0], footage)
    return Region(role, found[0], file_digest(found[0]))


def _is_clip(mask: Path) -> bool:
    return mask.is_dir() or moves(mask)


def _open_still(mask: Path) -> Luma:
    return np.asarray(open_picture(mask, background="black", name=str(mask)).image.convert("L"))


def _check_still(mask: Path, footage: Footage) -> None:
    plane = _open_still(mask)
    _check_shape(mask, Size(*size_of(plane)), footage)
    if not plane.any():
        raise InputProblem(f"{mask} is all black. Make the region white.")


def _check_clip(mask: Path, footage: Footage) -> None:
    reader = open_reader(mask, footage.clip.rate)
    _check_shape(mask, reader.clip.size, footage)
    count = sum(1 for _ in read_wanted(reader, footage.choice))
    if count != len(footage.frames):
        raise InputProblem(
            f"{mask} has {counted(count, 'frame')}, and {footage.clip.path.name} has "
            f"{len(footage.frames)}. Use a mask with one frame per frame."
        )


def _check_shape(mask: Path, size: Size, footage: Footage) -> None:
    if not has_shape(size, footage.clip.size):
        raise InputProblem(
            f"{mask} is {size}, but the frames are {footage.clip.size}. Use a mask with the "
            "aspect ratio of the clip."
        )


def _find_faces(
    footage: Footage, reader: Reader, store: ScanStore, role: Role
) -> tuple[tuple[Face, ...], ...]:
    if not has_detector():
        raise UsageProblem(
            f"--{role} faces needs a face detector, which OpenCV 5 does not have. Install "
            "OpenCV 4: pip install 'sdbr[faces]'"
        )
    digests = [frame.digest for frame in footage.frames]
    key = fingerprint_of("faces", digests, sdbr.__version__, opencv_version())
    with suppress(ValueError, TypeError, RecursionError):
        found = [
            [Face(*map(float, face)) for face in each] for each in json.loads(store.find(key) or "")
        ]
        if len(found) == len(digests):
            return track_faces(found, footage.plan.shots)
    frames = (flatten(one.image) for one in read_wanted(reader, footage.choice))
    searched = list(side_by_side(FaceDetector().find, frames, _SEARCHED))
    store.keep(key, json.dumps(searched).encode())
    return track_faces(searched, footage.plan.shots)


def tell_regions(regions: Iterable[Region]) -> Iterator[str]:
    """In how many frames there is a face, where faces were asked for."""
    for one in regions:
        if one.mask is None:
            with_face = sum(map(bool, one.faces))
            yield f"faces in {with_face} of {counted(len(one.faces), 'frame')}"


def remember_masks(regions: Iterable[Region], store: Path) -> tuple[Input, ...]:
    """The masks among what a result is made from, noted so that a replay finds them."""
    masked = [(one.role, one.mask, one.sha256) for one in regions if one.mask is not None]
    for _, mask, sha256 in masked:
        remember(mask, sha256, store)
    return tuple(Input(role, mask.name, sha256) for role, mask, sha256 in masked)


def name_regions(regions: Iterable[Region]) -> dict[str, list[str]]:
    """What of the regions decides a result beside the flags, for the fingerprint of its run."""
    masks = [f"{one.role} {one.sha256}" for one in regions]
    return {"regions": masks} if masks else {}


def compositor(
    regions: tuple[Region, ...], footage: Footage, reader: Reader
) -> Callable[[int, Pixels], Pixels]:
    """What lays these regions of the source over the result of a frame, named by its number.

    It is asked for frames in rising order, and for some of them at most. A source that is in part
    transparent gives its colors; its alpha is laid on later.
    """
    masks = [_kept_planes(one, footage, reader) for one in regions]
    sources = enumerate(zip(read_wanted(reader, footage.choice), *masks, strict=False))

    def composite_frame(number: int, pixels: Pixels) -> Pixels:
        frame, *kept = next(both for at, both in sources if at == number)
        size = size_of(pixels)
        plane = reduce(np.maximum, (feather(resize_mask(one, size)) for one in kept))
        source = enlarge(np.ascontiguousarray(frame.image[..., :3]), size)
        return composite(with_channels(source, pixels.shape[2]), pixels, plane)

    return composite_frame


def _kept_planes(region: Region, footage: Footage, reader: Reader) -> Iterator[Luma]:
    """For each frame, 255 where it comes from the source."""
    planes = _masks(region, footage, reader)
    return planes if region.role == "protect" else (255 - one for one in planes)


def _masks(region: Region, footage: Footage, reader: Reader) -> Iterator[Luma]:
    size = footage.clip.size
    if region.mask is None:
        return map(partial(draw_faces, size=size), region.faces)
    if _is_clip(region.mask):
        masks = read_wanted(open_reader(region.mask, footage.clip.rate), footage.choice)
        return (luma(flatten(one.image, "black")) for one in masks)
    mask = resize_mask(_open_still(region.mask), size)
    if not region.moves:
        return repeat(mask)
    frames = (flatten(one.image) for one in read_wanted(reader, footage.choice))
    return follow_mask(mask, frames, frozenset(shot.start for shot in footage.plan.shots))
