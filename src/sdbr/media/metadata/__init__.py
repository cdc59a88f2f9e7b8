"""How a picture was made, kept inside the picture's own file; not a pixel is encoded again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sdbr.errors import InputProblem
from sdbr.media.formats import JPEG_SIGNATURE, PNG_SIGNATURE, is_webp
from sdbr.media.metadata import jpeg, png, webp

# A file larger than this is not a picture that anybody keeps; it is not read into memory.
_LARGEST_FILE = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PictureMetadata:
    """How a picture was made.

    `parameters` is the text that stable-diffusion-webui and its relatives show; `record` is
    sdbr's own JSON, or "" where the picture came from another program.
    """

    parameters: str
    record: str = ""


def embed(data: bytes, parameters: str, record: str) -> bytes:
    """Return the same picture file with both texts in it, in place of earlier ones.

    The encoded pixels and everything else in the file stay byte for byte, and the same input
    gives the same output. Bytes that are not a PNG, JPEG or WebP come back unchanged: a picture
    that was paid for is never lost over its label.
    """
    made = {"parameters": parameters.replace("\0", ""), "sdbr": record.replace("\0", "")}
    if data.startswith(PNG_SIGNATURE):
        return png.embed(data, made)
    if data.startswith(JPEG_SIGNATURE):
        return jpeg.embed(data, made)
    if is_webp(data):
        return webp.embed(data, made)
    return data


def read(source: bytes | Path) -> PictureMetadata | None:
    """Read how a picture was made; None where the file does not say.

    Raises InputProblem where the file itself cannot be read; broken content never raises.
    """
    data = _bytes_of(source)
    texts: dict[str, str] = {}
    if data.startswith(PNG_SIGNATURE):
        texts = png.read(data)
    elif data.startswith(JPEG_SIGNATURE):
        texts = jpeg.read(data)
    elif is_webp(data):
        texts = webp.read(data)
    made = PictureMetadata(texts.get("parameters", ""), texts.get("sdbr", ""))
    return made if made.parameters or made.record else None


def _bytes_of(source: bytes | Path) -> bytes:
    if isinstance(source, bytes):
        return source
    try:
        with source.open("rb") as file:
            data = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputProblem(f"{source} cannot be read: {reason}. Check the path.") from error
    return data if len(data) <= _LARGEST_FILE else b""
