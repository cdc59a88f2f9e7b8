"""From the model's picture to the bytes of the file: untouched wherever nothing has to change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sdbr.errors import InputProblem
from sdbr.media import metadata
from sdbr.media.credentials.signing import sign_bytes
from sdbr.media.credentials.verification import has_credentials, verify
from sdbr.request import Picture
from sdbr.workflows.pictures.job import Finish, Job
from sdbr.workflows.provenance import write
from sdbr.workflows.provenance.claim import Signature

if TYPE_CHECKING:
    from PIL import Image


_SAME_SHAPE = 0.01  # Sides rounded to multiples of 64 leave a shape off by less.


def file_bytes(
    job: Job,
    picture: Picture,
    command: str,
    realm: str,
    provenance: bool = True,
    signature: Signature | None = None,
) -> tuple[bytes, str]:
    """The finished picture with how it was made in its metadata.

    With `provenance` its XMP says that a model generated it, and keeps what the answer's said.
    A signed picture stays as it came: then its record is returned beside it, else "". With a
    `signature` it is signed again instead, and its own credentials are kept in the new ones.
    """
    data = _pixels(job.finish, picture)
    record = write.as_json(job, picture, command, realm)
    signed = metadata.is_signed(data)
    source = write.digital_source(job.request, job.inputs)
    text, marked = write.webui_text(job, picture), source if provenance else None
    if signature is None:
        return metadata.embed(data, text, record, marked), record if signed else ""
    made = metadata.embed(data, text, record, marked, resigned=True)
    ending = suffix(job.finish)
    title = job.target.name if job.target else f"{job.file_stem(picture.seed)}{ending}"
    answers = [picture.data] if metadata.is_signed(picture.data) else []
    claim = signature.claim(title, source, job.inputs, answers)
    return sign_bytes(made, ending, claim, signature.key), ""


def holds_signed(path: Path, data: bytes) -> bool:
    """Whether a file holds the same result as `data`, signed with the same certificate.

    Two signatures of the same bytes differ.
    """
    try:
        if not (has_credentials(path) and metadata.is_signed(data)):
            return False
        there, made = verify(path), verify(data)
        records = metadata.read(path), metadata.read(data)
    except (OSError, InputProblem):
        return False
    if there is None or made is None or there.problem:
        return False
    return there.serial == made.serial and records[0] == records[1]


def suffix(finish: Finish) -> str:
    """The file name's ending for a format."""
    return {"jpeg": ".jpg"}.get(finish.format, f".{finish.format}")


def _pixels(finish: Finish, picture: Picture) -> bytes:
    reshaped = _returns(finish, picture) or finish.size not in (None, picture.size)
    if not reshaped and finish.quality is None and finish.format == picture.format:
        return picture.data
    from sdbr.media.stills.encode import encode
    from sdbr.media.stills.open import open_answer

    image = open_answer(picture, keep_alpha=finish.format != "jpeg")
    return encode(_reshape(image, finish), finish.format, finish.quality or 95)


def _returns(finish: Finish, picture: Picture) -> bool:
    """Whether the picture must be brought back to the shape of what went in."""
    placement = finish.placement
    if placement is None:
        return False
    used = placement.used.size
    shape = picture.size.width * used.height / (picture.size.height * used.width)
    return placement.placed.size != placement.size or abs(shape - 1) > _SAME_SHAPE


def _reshape(image: Image.Image, finish: Finish) -> Image.Image:
    if finish.placement is not None:
        from sdbr.media.stills.place import restore

        image = restore(image, finish.placement)
    if finish.size is not None and image.size != finish.size:
        from PIL import ImageOps

        image = ImageOps.fit(image, finish.size)
    return image
