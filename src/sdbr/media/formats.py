"""What a file is by its first bytes, whether it is whole, and the chunks that it is made of."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from mmap import mmap
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sdbr.errors import InputProblem
from sdbr.files import plain_read_errors
from sdbr.request import Size

if TYPE_CHECKING:
    deflate = zlib
else:
    try:
        from isal import isal_zlib as deflate
    except ImportError:  # There is no wheel for Windows on Arm.
        deflate = zlib

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_SIGNATURE = b"\xff\xd8"
_UNPACKED_AT_ONCE = 1 << 20
_GIF_SIGNATURES = (b"GIF87a", b"GIF89a")
# PNG, JPEG, BMP, TIFF of either byte order, ICO and PSD.
_STILLS = (PNG_SIGNATURE, b"\xff\xd8\xff", b"BM", b"II*\0", b"MM\0*", b"\0\0\1\0", b"8BPS")
_JPEG_XL = (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_Y4M_SIGNATURE = b"YUV4MPEG2"  # Raw film behind a line of text: bright frames look like more text.
_PLAYLISTS = (b"#EXTM3U", b"ffconcat", b"<?xml", b"<MPD", b"<svg", b"<html", b"<!DOCTYPE")
ANIMATIONS = ("gif", "webp", "apng", "avif")
"""What `kind_of` says of pictures that move."""

# Enough for an ISO media file's brands and for telling text from film; for an animated PNG whose
# control chunk stands behind a color profile.
_HEAD, _PNG_HEAD = 512, 1 << 20
# 0xC4 and 0xCC hold tables, 0xC8 is reserved (ITU-T T.81, table B.1).
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN = 0xDA
_END_OF_IMAGE = 0xD9
_WEBP_ANIMATION = 2
# In entropy-coded data 0xFF is followed by a stuffed zero, by a restart marker or by more fill.
_MARKER_AFTER_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


class ImageHeader(NamedTuple):
    """The format's name in lower case, and the stored size before any turn by EXIF."""

    format: str
    size: Size


class Segment(NamedTuple):
    """One JPEG marker segment: bytes `start` to `end` of the file, its 0xFF included."""

    marker: int
    start: int
    end: int


class Chunk(NamedTuple):
    """One RIFF or PNG chunk: its four-letter name and where its payload lies."""

    name: bytes
    start: int
    end: int


def kind_of(path: Path) -> str:
    """Return gif, webp, apng, avif, folder or video for what the path holds.

    Raises InputProblem for a missing, empty or unreadable file, a still picture and plain text.
    """
    if path.is_dir():
        return "folder"
    head = _read_head(path, _HEAD)
    if not head:
        raise InputProblem(f"{path} is empty (0 bytes). Copy or download it again.")
    if head.startswith(_GIF_SIGNATURES):
        return "gif"
    if head.startswith(PNG_SIGNATURE) and _moves_in_png(path):
        return "apng"
    # A color profile may stand before the chunk ANIM.
    if is_webp(head) and head[12:16] == b"VP8X" and ord(head[20:21] or b"\0") & _WEBP_ANIMATION:
        return "webp"
    if b"avis" in _brands(head):
        return "avif"
    if boxed_format(head) or is_webp(head) or head.startswith(_STILLS):
        raise InputProblem(f"{path} is a still picture. Name a clip, or a folder of pictures.")
    if _is_text(head):
        raise InputProblem(f"{path} is text, not a clip. Name a video, a GIF or a folder.")
    return "video"


def boxed_format(head: bytes) -> str:
    """Return avif, heic (HEIF in any other codec) or jxl for a file that begins so, else ""."""
    if head.startswith(_JPEG_XL):
        return "jxl"
    brands = _brands(head)
    if brands & {b"avif", b"avis"}:
        return "avif"
    return "heic" if brands & _HEIC_BRANDS else ""


def _brands(head: bytes) -> set[bytes]:
    """What an ISO media file is compatible with (ISO/IEC 14496-12, section 4.3)."""
    if head[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(head[:4], "big"), 256)
    return {head[at : at + 4] for at in (8, *range(16, end, 4))}


def _read_head(path: Path, size: int) -> bytes:
    with plain_read_errors(path, "Check its permissions."):
        if not path.exists():
            raise InputProblem(f"{path} does not exist. Check the path.")
        with path.open("rb") as file:
            return file.read(size)


def _moves_in_png(path: Path) -> bool:
    return b"acTL" in _read_head(path, _PNG_HEAD).partition(b"IDAT")[0]


def _is_text(head: bytes) -> bool:
    if head.lstrip().startswith(_PLAYLISTS):
        return True
    if head.startswith(_Y4M_SIGNATURE):
        return False
    return b"\0" not in head and all(byte >= 32 or byte in b"\t\n\r\f\x1b" for byte in head)


def sniff(data: bytes) -> ImageHeader | None:
    """Read format and size from the header of a PNG, JPEG, WebP, GIF or BMP.

    None for anything else, and for a header that is cut or names a size of zero.
    """
    header: ImageHeader | None = None
    with suppress(struct.error, IndexError):
        if data.startswith(PNG_SIGNATURE) and data[12:16] == b"IHDR":
            header = ImageHeader("png", Size(*struct.unpack_from(">II", data, 16)))
        elif data.startswith(b"\xff\xd8\xff"):
            header = _sniff_jpeg(data)
        elif is_webp(data):
            header = _sniff_webp(data)
        elif data.startswith(_GIF_SIGNATURES):
            header = ImageHeader("gif", Size(*struct.unpack_from("<HH", data, 6)))
        elif data.startswith(b"BM") and struct.unpack_from("<I", data, 14)[0] >= 40:
            width, height = struct.unpack_from("<ii", data, 18)
            header = ImageHeader("bmp", Size(width, abs(height)))
    return header if header and min(header.size) > 0 else None


def whole(data: bytes) -> bool:
    """Tell whether a PNG, JPEG or WebP file is complete to its last byte.

    PNG: every checksum is right, that of the pixels too, and IEND is there. JPEG: the segments
    lead to an end-of-image marker. WebP: the length that RIFF declares is there and its chunks
    fit. Any other format gives False.
    """
    try:
        if data.startswith(PNG_SIGNATURE):
            return _png_is_whole(data)
        if data.startswith(JPEG_SIGNATURE):
            return _jpeg_is_whole(data)
        if is_webp(data):
            return _webp_is_whole(data)
    except (struct.error, IndexError, deflate.error):
        return False
    return False


def is_webp(data: bytes) -> bool:
    """Tell whether the bytes begin as a WebP file does."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def png_chunk(name: bytes, body: bytes) -> bytes:
    """Return a whole PNG chunk: length, name, body and checksum."""
    checksum = zlib.crc32(body, zlib.crc32(name))
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", checksum)


def riff_chunk(name: bytes, body: bytes) -> bytes:
    """Return a whole RIFF chunk, padded to an even length."""
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def png_chunks(data: bytes | mmap) -> Iterator[Chunk]:
    """Yield the chunks of a PNG as far as they are whole."""
    at = len(PNG_SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        if at + 12 + length > len(data):
            return
        yield Chunk(data[at + 4 : at + 8], at + 8, at + 8 + length)
        at += 12 + length


def jpeg_segments(data: bytes) -> Iterator[Segment]:
    """Yield the segments of a JPEG from after SOI up to and with the first start of scan."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        start = at
        while data[at + 1] == 0xFF:
            at += 1
        marker = data[at + 1]
        if marker == _END_OF_IMAGE:
            yield Segment(marker, start, at + 2)
            return
        (length,) = struct.unpack_from(">H", data, at + 2)
        at += 2 + length
        if length < 2 or at > len(data):
            return
        yield Segment(marker, start, at)
        if marker == _START_OF_SCAN:
            return


def webp_chunks(data: bytes | mmap) -> Iterator[Chunk]:
    """Yield the RIFF chunks of a WebP as far as they are whole; padding is not counted."""
    (declared,) = struct.unpack_from("<I", data, 4)
    at, stop = 12, min(8 + declared, len(data))
    while at + 8 <= stop:
        (length,) = struct.unpack_from("<I", data, at + 4)
        if at + 8 + length > stop:
            return
        yield Chunk(data[at : at + 4], at + 8, at + 8 + length)
        at += 8 + length + length % 2


def _sniff_jpeg(data: bytes) -> ImageHeader | None:
    for segment in jpeg_segments(data):
        if segment.marker in _START_OF_FRAME:
            # The frame header ends with three bytes for each component.
            body = data.index(segment.marker, segment.start) + 1
            height, width = struct.unpack_from(">HH", data, body + 3)
            return ImageHeader("jpeg", Size(width, height))
    return None


def _sniff_webp(data: bytes) -> ImageHeader | None:
    name, at = data[12:16], 20
    if name == b"VP8X":
        width, height = (int.from_bytes(data[at + i : at + i + 3], "little") + 1 for i in (4, 7))
        return ImageHeader("webp", Size(width, height)) if len(data) >= at + 10 else None
    if name == b"VP8L" and data[at] == 0x2F:
        (bits,) = struct.unpack_from("<I", data, at + 1)
        return ImageHeader("webp", Size((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
    if name == b"VP8 " and data[at + 3 : at + 6] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", data, at + 6)
        return ImageHeader("webp", Size(width & 0x3FFF, height & 0x3FFF))
    return None


def _png_is_whole(data: bytes) -> bool:
    pixels = deflate.decompressobj()
    view = memoryview(data)
    for chunk in png_chunks(data):
        (declared,) = struct.unpack_from(">I", data, chunk.end)
        if zlib.crc32(view[chunk.start - 4 : chunk.end]) != declared:
            return False
        if chunk.name == b"IDAT":
            # Unpacked and dropped: zlib checks the sum of what came out.
            packed: bytes | memoryview = view[chunk.start : chunk.end]
            while packed and not pixels.eof:
                pixels.decompress(packed, _UNPACKED_AT_ONCE)
                packed = pixels.unconsumed_tail
        if chunk.name == b"IEND":
            # ISA-L may have taken in all that is packed and still hold pixels and the end.
            while not pixels.eof and pixels.decompress(b"", _UNPACKED_AT_ONCE):
                pass
            return pixels.eof
    return False


def _jpeg_is_whole(data: bytes) -> bool:
    scan = next((s for s in jpeg_segments(data) if s.marker == _START_OF_SCAN), None)
    at = scan.end if scan else len(data)
    while found := _MARKER_AFTER_SCAN.search(data, at):
        at = found.start()
        if data[at + 1] == _END_OF_IMAGE:
            return True
        at += 2 + int(struct.unpack_from(">H", data, at + 2)[0])
    return False


def _webp_is_whole(data: bytes) -> bool:
    (declared,) = struct.unpack_from("<I", data, 4)
    chunks = list(webp_chunks(data))
    drawn = any(chunk.name in (b"VP8 ", b"VP8L", b"ANMF") for chunk in chunks)
    # Some writers leave out the last padding byte, or count it only once.
    return drawn and declared + 8 <= len(data) + 1 and chunks[-1].end >= declared + 8 - 1
