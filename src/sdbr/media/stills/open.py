"""Open any picture that people have, as upright 8-bit sRGB."""

from __future__ import annotations

import logging
import warnings
from contextlib import closing
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageFile, UnidentifiedImageError

from sdbr.errors import InputProblem, SdbrError
from sdbr.media.formats import boxed_format, sniff
from sdbr.media.stills.color import flatten, in_srgb
from sdbr.media.stills.decoders import decoders_for, jpeg_xl_size
from sdbr.media.stills.profile import ColorCode, color_code
from sdbr.request import Picture, Size

MAX_PIXELS = 178_000_000
"""Pictures that declare more are refused unread; Pillow itself stops just above."""

FIRST_FRAME = "first frame of an animation"
"""The note on a picture that is one of many in its file."""

_HEAD = 1024 * 1024
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Pillow's remarks on odd files are for programmers; what matters to the reader is in the notes.
warnings.filterwarnings("ignore", module=r"PIL\.", append=True)
logging.getLogger("PIL").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class DecodedPicture:
    """A picture in memory.

    `image` is RGB, or RGBA where the alpha channel was asked for and there is one. `size` is
    that of the whole picture, upright; the image is smaller where a smaller one was enough.
    `format` is the file's, in lower case; `notes` tells what was done to the picture.
    """

    image: Image.Image
    size: Size
    format: str
    notes: tuple[str, ...] = ()


def open_picture(
    source: Path | bytes,
    *,
    background: str = "white",
    keep_alpha: bool = False,
    drop_padding: bool = False,
    at_least: Size | None = None,
    name: str = "",
) -> DecodedPicture:
    """Decode a picture: upright, in sRGB, 8 bits a channel, the first frame of an animation.

    `background`, a color name or #rrggbb, is seen through transparent parts, unless
    `keep_alpha` keeps these. `drop_padding` takes an alpha channel of 0 everywhere for no alpha,
    unless all is of one color: nothing at all would be seen. `at_least` is a size that will do: a
    larger picture is decoded at a reduced scale, with twice as many pixels a side or more. `name`
    stands for bytes in messages.
    At most MAX_PIXELS pixels. Memory: 4 bytes a pixel for plain RGB, 8 where it is turned,
    flattened or converted, never over 13 (17 in HDR); for a JPEG of which less is needed, as much
    for a pixel of the reduced scale (progressive ones need 4 for each stored pixel besides).
    Raises InputProblem, in one line, for whatever is not a whole picture, and UsageProblem for an
    unknown background.
    """
    name = name or (str(source) if isinstance(source, Path) else "The picture")
    with closing(_stream(source, name)) as stream:
        head = _checked_head(stream, name)
        decoders = decoders_for(head, name)
        try:
            _check_sums(stream, head)
            with Image.open(stream, formats=decoders) as image:
                _check_size(Size(*image.size), name)
                found = _decode(image, color_code(head), at_least)
                found = _without_padding(found) if drop_padding else found
                return found if keep_alpha else _on(background, found)
        except SdbrError:
            raise
        except Exception as error:  # decoders raise anything on a broken file
            known = len(decoders) == 1
            raise InputProblem(f"{name} {_what_is_wrong(error, known)}") from error


def open_answer(picture: Picture, *, keep_alpha: bool = False) -> Image.Image:
    """Decode a model's picture, which was found to be whole when it came, as RGB in sRGB.

    Transparent parts become white, unless `keep_alpha` gives RGBA. Raises InputProblem.
    """
    try:
        with Image.open(BytesIO(picture.data), formats=[picture.format.upper()]) as image:
            image.load()
            color, _ = in_srgb(image)
    except Exception as error:  # decoders raise anything on a broken file
        raise InputProblem(
            "The model's picture cannot be decoded. Run the command again with --fresh."
        ) from error
    color.info = {}
    return color if keep_alpha or color.mode == "RGB" else flatten(color, "white")[0]


def _stream(source: Path | bytes, name: str) -> BinaryIO:
    if isinstance(source, bytes):
        return BytesIO(source)
    if source.is_dir():
        raise InputProblem(f"{name} is a folder. Name a picture in it.")
    try:
        return source.open("rb")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputProblem(f"Cannot read {name}: {reason.lower()}. Check the path.") from error


def _checked_head(stream: BinaryIO, name: str) -> bytes:
    """Refuse, before Pillow sees it, what the first bytes already tell; return these."""
    head = stream.read(_HEAD)
    stream.seek(0)
    if not head:
        raise InputProblem(f"{name} is empty. Choose another picture.")
    found = sniff(head)
    if found is None and head.startswith(b"\x89PNG") and head[16:24].find(b"\0\0\0\0") in (0, 4):
        raise InputProblem(f"{name} declares a size of zero. Choose another picture.")
    size = found.size if found else jpeg_xl_size(head)
    if size:
        _check_size(size, name)
    if head[4:8] == b"ftyp" and not boxed_format(head):
        raise InputProblem(
            f"{name} is a video, not a picture. Use vid2vid, or extract a frame first."
        )
    return head


def _check_sums(stream: BinaryIO, head: bytes) -> None:
    """Raise Pillow's error for a PNG with a wrong checksum, which it would decode regardless."""
    if head.startswith(b"\x89PNG"):
        with Image.open(stream, formats=["PNG"]) as image:
            image.verify()
        stream.seek(0)


def _check_size(size: Size, name: str) -> None:
    pixels = size.width * size.height
    if pixels > MAX_PIXELS:
        raise InputProblem(
            f"{name} declares {size} pixels ({pixels / 1e6:,.0f} megapixels), and sdbr opens at "
            f"most {MAX_PIXELS // 1000000} megapixels. Make it smaller first."
        )


def _what_is_wrong(error: Exception, known: bool) -> str:
    text = str(error).lower()
    if isinstance(error, UnidentifiedImageError) and not known:
        return "is not a supported picture. Use a PNG, JPEG, WebP, GIF, AVIF or TIFF."
    if isinstance(error, Image.DecompressionBombError):
        return f"declares more than {MAX_PIXELS // 1000000} megapixels. Make it smaller first."
    if isinstance(error, MemoryError):
        return "needs more memory than is available. Make it smaller first."
    if any(word in text for word in ("truncated", "unexpected end", "not enough", "incomplete")):
        return "is truncated. Copy or download it again."
    return "is damaged and cannot be decoded. Copy or download it again."


def _without_padding(found: DecodedPicture) -> DecodedPicture:
    image = found.image
    if image.mode != "RGBA" or image.getchannel("A").getextrema() != (0, 0):
        return found
    color = image.convert("RGB")
    if color.getcolors(1):
        return found  # An empty canvas hides nothing.
    return replace(found, image=color, notes=(*found.notes, "fully transparent alpha ignored"))


def _on(background: str, found: DecodedPicture) -> DecodedPicture:
    image, fills = flatten(found.image, background)
    return replace(found, image=image, notes=(*found.notes, *fills))


def _decode(
    image: ImageFile.ImageFile, code: ColorCode | None, at_least: Size | None
) -> DecodedPicture:
    notes = [FIRST_FRAME] if _moves(image) else []
    stored, turn = image.size, _orientation(image)
    wanted = at_least and (at_least[::-1] if turn > 4 else at_least)
    if wanted:
        image.draft(None, (2 * wanted[0], 2 * wanted[1]))
    image.load()
    picture, conversions = in_srgb(_reduce(image, wanted), code)
    notes += conversions
    if turn in _TURNS:
        picture = picture.transpose(_TURNS[turn])
        notes.append(f"rotated upright (EXIF {turn})")
    picture.info = {}  # a profile or EXIF left here would be saved with a picture it misfits
    size = Size(*(stored[::-1] if turn > 4 else stored))
    return DecodedPicture(picture, size, (image.format or "").lower(), tuple(notes))


def _moves(image: ImageFile.ImageFile) -> bool:
    # A second picture in an MPO is a depth or brightness map of the first, in a HEIC another shot.
    return image.format not in ("MPO", "HEIF") and bool(getattr(image, "is_animated", False))


def _orientation(image: ImageFile.ImageFile) -> int:
    """EXIF orientation, 1 to 8; 1 where the file does not say or its EXIF is broken."""
    if image.format in ("TIFF", "HEIF"):
        return 1  # It is turned while it is decoded.
    if image.format == "JXL" and not getattr(image, "jpeg", False):
        return 1  # This too, by the codestream; EXIF counts where a JPEG was packed whole.
    try:
        turn = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # the picture may be fine although its EXIF is not
        return 1
    return turn if isinstance(turn, int) and turn in _TURNS else 1


def _reduce(image: Image.Image, wanted: tuple[int, ...] | None) -> Image.Image:
    """Shrink by a whole factor where more than twice the wanted size would stay."""
    if not wanted or image.mode in ("P", "1", "I", "F") or image.mode.startswith("I;"):
        return image
    factor = min(image.width // (2 * wanted[0]), image.height // (2 * wanted[1]))
    return image.reduce(factor) if factor > 1 else image
