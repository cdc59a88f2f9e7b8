"""Which of Pillow's decoders a picture may have, and the libraries that bring further ones."""

from __future__ import annotations

import re
from importlib import import_module

from sdbr.errors import InputProblem
from sdbr.media.formats import boxed_format
from sdbr.request import Size

# Each is told by its first bytes, as TGA is not, and none starts another program, as EPS does.
_BUILT_IN = (
    *("PNG", "JPEG", "WEBP", "GIF", "AVIF", "TIFF", "BMP", "DIB"),
    *("JPEG2000", "PPM", "ICO", "QOI", "PSD"),
)
# The start of JPEG XL's codestream, in a file of its own or in the first of a container's boxes.
_CODESTREAM = re.compile(rb"(?:\A|jxlc|jxlp[\0\x80]\0{3})\xff\x0a(.{9})", re.DOTALL)
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))


def decoders_for(head: bytes, name: str) -> tuple[str, ...]:
    """Return the decoders to try on a file that begins so; an extra's library is loaded.

    Raises InputProblem, with the command that installs it, where that library is missing.
    """
    kind = boxed_format(head)
    if kind == "heic":
        _load("pillow_heif.HeifImagePlugin", f"'{name}' is a HEIC picture", "heic")
        return ("HEIF",)
    if kind == "jxl":
        _load("pillow_jxl.JpegXLImagePlugin", f"'{name}' is a JPEG XL picture", "jxl")
        return ("JXL",)
    return _BUILT_IN


def _load(plugin: str, what: str, extra: str) -> None:
    try:
        import_module(plugin)
    except ImportError as error:
        raise InputProblem(
            f"{what}. Install support for it: pip install 'sdbr[{extra}]'"
        ) from error


def jpeg_xl_size(head: bytes) -> Size | None:
    """Read the size from the codestream's header (ISO/IEC 18181-1, SizeHeader).

    None where there is none; the decoder itself tells the size only with all pixels in memory.
    """
    found = _CODESTREAM.search(head)
    if found is None:
        return None
    bits = int.from_bytes(found[1], "little")

    def take(count: int) -> int:
        nonlocal bits
        value, bits = bits & (1 << count) - 1, bits >> count
        return value

    small = take(1)

    def side() -> int:
        return 8 * (1 + take(5)) if small else 1 + take((9, 13, 18, 30)[take(2)])

    height = side()
    ratio = take(3)
    if ratio:
        across, down = _RATIOS[ratio - 1]
        return Size(height * across // down, height)
    return Size(side(), height)
