"""From any picture file to one that the model takes, kept in the workspace for later.

Both the prepared file and the way back to the original are kept under `.sdbr/inputs`, so that a
result can be made again and its source be found.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from PIL import Image, ImageOps

from sdbr.bedrock.families import family_of
from sdbr.errors import InputProblem
from sdbr.files import plain_read_errors, write_new, write_whole
from sdbr.media.formats import sniff
from sdbr.media.stills import place
from sdbr.media.stills.encode import encode_under
from sdbr.media.stills.fit import CropBox, Fit, Placement
from sdbr.media.stills.open import open_picture
from sdbr.media.stills.place import prepare_mask
from sdbr.request import Blob, Model, Size
from sdbr.workflows.enlargement import place_whole
from sdbr.workflows.pictures.job import Input

if TYPE_CHECKING:
    from sdbr.workflows.pictures.jobs import Attachments

_LARGEST_FILE = 512 * 1024 * 1024  # Bytes: a TIFF of 100 megapixels with 16 bits.


@dataclass(frozen=True, slots=True)
class FitOptions:
    """How to bring pictures to a model: `fit`, the color behind transparency, or keep alpha."""

    fit: Fit = "contain"
    background: str = "white"
    keep_alpha: bool = False


@dataclass(frozen=True, slots=True)
class PreparedPicture:
    """A picture ready to be sent: its file, where it came from, and how it was changed."""

    blob: Blob
    source: Input
    placement: Placement
    treatment: tuple[str, ...]
    has_alpha: bool = False


def prepare(
    path: Path, model: Model, manner: FitOptions, store: Path, role: str
) -> PreparedPicture:
    """Open, fit and encode `path` for `model`; the file goes into `store`. Raises InputProblem."""
    data = read_file(path)
    rule = family_of(model).size_rule(model)
    opened = open_picture(
        data,
        name=str(path),
        background=manner.background,
        keep_alpha=manner.keep_alpha,
        drop_padding=True,
        at_least=Size(rule.max_side, rule.max_side) if rule.max_side < 4096 else None,
    )
    placement = place_whole(opened.size, model, manner.fit, path.name)
    encoded = encode_under(place.apply(opened.image, placement))
    digest = hashlib.sha256(data).hexdigest()
    remember(path, digest, store)
    treatment = (*opened.notes, str(placement))
    source = Input(role, path.name, digest)
    alpha = "A" in opened.image.getbands()
    return PreparedPicture(_kept(encoded, store), source, placement, treatment, alpha)


class AttachedBlobs(TypedDict, total=False):
    """What goes beside the init image, by the request's fields."""

    mask: Blob
    style_image: Blob


def attach(
    model: Model,
    attachments: Attachments,
    placement: Placement,
    store: Path,
    prepare: Callable[[Path, Model, FitOptions, Path, str], PreparedPicture] = prepare,
) -> tuple[AttachedBlobs, tuple[Input, ...]]:
    """A request's mask, which lies as its init image does, and its style image, by its fields.

    Also returns what they were made from. Raises InputProblem.
    """
    blobs: AttachedBlobs = {}
    inputs: list[Input] = []
    if attachments.mask is not None:
        blobs["mask"], source = _prepare_mask(
            attachments.mask, placement, attachments.invert_mask, store
        )
        inputs.append(source)
    if attachments.style_image is not None:
        style = prepare(attachments.style_image, model, FitOptions(), store, "style_image")
        blobs["style_image"] = style.blob
        inputs.append(style.source)
    return blobs, tuple(inputs)


def _prepare_mask(
    path: Path, placement: Placement, invert: bool, store: Path
) -> tuple[Blob, Input]:
    """A mask brought to the size and place of its picture. Raises InputProblem."""
    data = read_file(path)
    mask = place.apply(prepare_mask(path, placement.source, invert=invert), placement, fill=0)
    digest = hashlib.sha256(data).hexdigest()
    remember(path, digest, store)
    return _kept(encode_under(mask), store), Input("mask", path.name, digest)


def prepare_like(
    path: Path, placement: Placement, background: str, store: Path, role: str
) -> tuple[Blob, Input]:
    """A picture cropped and scaled to the place that another has. Raises InputProblem."""
    data = read_file(path)
    size = placement.placed.size
    opened = open_picture(
        data, name=str(path), background=background, drop_padding=True, at_least=size
    )
    image = ImageOps.fit(opened.image, size, Image.Resampling.LANCZOS)
    digest = hashlib.sha256(data).hexdigest()
    remember(path, digest, store)
    whole = replace(placement, source=size, used=CropBox(0, 0, *size))
    encoded = encode_under(place.apply(image, whole))
    return _kept(encoded, store), Input(role, path.name, digest)


def remember(path: Path, digest: str, store: Path) -> None:
    """Note where the file or folder with this digest was last seen."""
    write_whole(store / f"{digest}.json", json.dumps({"path": str(path.resolve())}).encode())


def find_original(digest: str, store: Path) -> Path | None:
    """Where what has this digest was last seen, if it is still there unchanged."""
    try:
        path = Path(json.loads((store / f"{digest}.json").read_bytes())["path"])
        # A pipe or a device that a note names would be read without end.
        there = path.is_file() or path.is_dir()
        return path if there and file_digest(path) == digest else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def used_input(entry: Mapping[str, Any], store: Path) -> Path:
    """The file that a record names among its inputs. Raises InputProblem where it is gone."""
    path = find_original(entry["sha256"], store)
    if path is None:
        raise InputProblem(
            f"The input {entry['name']} is no longer where it was. Put it back, or name it again."
        )
    return path


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, or of the digests of all files in a folder, as hex digits."""
    if not path.is_dir():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    files = sorted(one for one in path.iterdir() if one.is_file())
    return hashlib.sha256("".join(map(file_digest, files)).encode()).hexdigest()


def read_file(path: Path) -> bytes:
    """The file's bytes. Raises InputProblem."""
    with plain_read_errors(path):
        if not path.is_file():
            raise InputProblem(f"{path} is not a file. Name a picture.")
        if path.stat().st_size > _LARGEST_FILE:
            raise InputProblem(
                f"{path} is larger than {_LARGEST_FILE >> 20} MB. Make it smaller first."
            )
        return path.read_bytes()


def _kept(encoded: bytes, store: Path) -> Blob:
    digest = hashlib.sha256(encoded).hexdigest()
    found = sniff(encoded)
    path = store / f"{digest}.{found.format if found else 'png'}"
    write_new(path, encoded)
    return Blob(digest, path=path)
