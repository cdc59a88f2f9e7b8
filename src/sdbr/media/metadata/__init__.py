"""How a picture was made, kept inside the picture's own file; not a pixel is encoded again.

A picture with content credentials (C2PA 2.1, section A.3) is signed over its bytes: it stays as it
came, and its record lies beside it, in NAME.png.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sdbr.errors import InputProblem
from sdbr.files import plain_read_errors
from sdbr.media.formats import (
    JPEG_SIGNATURE,
    PNG_SIGNATURE,
    is_webp,
    jpeg_segments,
    png_chunks,
    webp_chunks,
)
from sdbr.media.metadata import jpeg, png, webp, xmp
from sdbr.media.metadata.xmp import DigitalSource

_APP11, _BOX = 0xEB, 32  # The box's type stands behind marker, length, JP and two numbers.
# A file larger than this is not a picture that anybody keeps; it is not read into memory.
_LARGEST_FILE = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PictureMetadata:
    """How a picture was made.

    `parameters` is the text that stable-diffusion-webui and its relatives show; `record` is
    sdbr's own JSON, or "" where the picture came from another program. `source_type`
    is the digital source type that its XMP names, as a rule a URI, or "".
    """

    parameters: str
    record: str = ""
    source_type: str = ""


def is_signed(data: bytes) -> bool:
    """Whether a PNG, JPEG or WebP file holds content credentials, which any new byte would break.

    A PNG keeps them in a caBX chunk, a JPEG in APP11 segments of JUMBF, a WebP in a C2PA chunk.
    """
    if data.startswith(PNG_SIGNATURE):
        return any(chunk.name == b"caBX" for chunk in png_chunks(data))
    if data.startswith(JPEG_SIGNATURE):
        return any(
            segment.marker == _APP11 and b"jumb" in data[segment.start : segment.end][:_BOX]
            for segment in jpeg_segments(data)
        )
    return is_webp(data) and any(chunk.name == b"C2PA" for chunk in webp_chunks(data))


def sidecar(picture: Path) -> Path:
    """Where the record of a signed picture lies."""
    return picture.with_name(f"{picture.name}.json")


def embed(
    data: bytes,
    parameters: str,
    record: str,
    source: DigitalSource | None = None,
    *,
    resigned: bool = False,
) -> bytes:
    """Return the same picture file with both texts in it, in place of earlier ones.

    `source` is added to the file's XMP, of which the rest is kept.

    The encoded pixels and everything else in the file stay byte for byte, and the same input
    gives the same output. Bytes that are not a PNG, JPEG or WebP come back unchanged: a picture
    that was paid for is never lost over its label. So does a signed picture, unless it is going to
    be `resigned`.
    """
    if is_signed(data) and not resigned:
        return data
    made = {"parameters": parameters.replace("\0", ""), "sdbr": record.replace("\0", "")}
    if source is not None:
        made[xmp.KEY] = xmp.with_source(_texts(data).get(xmp.KEY, ""), source)
    if data.startswith(PNG_SIGNATURE):
        return png.embed(data, made)
    if data.startswith(JPEG_SIGNATURE):
        return jpeg.embed(data, made)
    if is_webp(data):
        return webp.embed(data, made)
    return data


def read(source: bytes | Path) -> PictureMetadata | None:
    """Read how a picture was made; None where neither the file nor what lies beside it says.

    Raises InputProblem where the file itself cannot be read; broken content never raises.
    """
    data = _bytes_of(source)
    texts = _texts(data)
    parameters, record = texts.get("parameters", ""), texts.get("sdbr", "")
    if not record and isinstance(source, Path) and is_signed(data):
        record = _beside(source)
    made = PictureMetadata(parameters, record, xmp.source_type(texts.get(xmp.KEY, "")))
    return made if made.parameters or made.record or made.source_type else None


def _texts(data: bytes) -> dict[str, str]:
    if data.startswith(PNG_SIGNATURE):
        return png.read(data)
    if data.startswith(JPEG_SIGNATURE):
        return jpeg.read(data)
    return webp.read(data) if is_webp(data) else {}


def _beside(picture: Path) -> str:
    try:
        # A pipe of that name would be read without end.
        found = sidecar(picture).is_file()
        return _bytes_of(sidecar(picture)).decode("utf-8", "replace") if found else ""
    except (InputProblem, OSError):
        return ""


def _bytes_of(source: bytes | Path) -> bytes:
    if isinstance(source, bytes):
        return source
    with plain_read_errors(source), source.open("rb") as file:
        data = file.read(_LARGEST_FILE + 1)
    return data if len(data) <= _LARGEST_FILE else b""
