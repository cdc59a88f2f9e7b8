"""Text chunks of a PNG, spliced in and read back.

Layout: PNG (W3C, third edition), sections 11.3.3.2 tEXt, 11.3.3.3 zTXt and 11.3.3.4 iTXt.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from mmap import mmap

from sdbr.media.formats import Chunk, png_chunk, png_chunks
from sdbr.media.metadata import xmp

_TEXT_CHUNKS = (b"tEXt", b"zTXt", b"iTXt")
# What one text may grow to when it is unpacked; a bomb ends here.
_LONGEST_TEXT = 4 * 1024 * 1024
_KEYS = ("parameters", "sdbr", xmp.KEY)


def embed(data: bytes, texts: Mapping[str, str]) -> bytes:
    """Put the texts right behind the header chunk, and take earlier ones of these keys out."""
    chunks = list(png_chunks(data))
    if not chunks or chunks[0].name != b"IHDR":
        return data
    body = chunks[0].end + 4
    whole = memoryview(data)
    parts: list[bytes | memoryview] = [whole[:body]]
    parts += (text_chunk(key, text) for key, text in texts.items() if text)
    for chunk in chunks[1:]:
        if _key(data, chunk) in texts:
            parts.append(whole[body : chunk.start - 8])
            body = chunk.end + 4
    return b"".join([*parts, whole[body:]])


def read(data: bytes | mmap) -> dict[str, str]:
    """Return the texts of sdbr's and the webui's keys and the XMP; the first of a key counts."""
    texts: dict[str, str] = {}
    for chunk in png_chunks(data):
        key = _key(data, chunk)
        if key in _KEYS and key not in texts:
            texts[key] = _text(chunk.name, data[chunk.start + len(key) + 1 : chunk.end])
    return texts


def text_chunk(key: str, text: str) -> bytes:
    """Return a chunk of text: tEXt where Latin-1 is enough, else iTXt; XMP is always iTXt."""
    keyword = key.encode("ascii") + b"\0"
    try:
        # A packet begins with a character that Latin-1 lacks.
        return png_chunk(b"tEXt", keyword + text.encode("latin-1"))
    except UnicodeEncodeError:
        # Not compressed, no language, no translated keyword.
        return png_chunk(b"iTXt", keyword + b"\0\0\0\0" + text.encode("utf-8", "replace"))


def _key(data: bytes | mmap, chunk: Chunk) -> str:
    if chunk.name not in _TEXT_CHUNKS:
        return ""
    return data[chunk.start : chunk.end][:80].partition(b"\0")[0].decode("latin-1")


def _text(name: bytes, body: bytes) -> str:
    if name == b"tEXt":
        return body[:_LONGEST_TEXT].decode("latin-1")
    if name == b"zTXt":
        return _unpack(body[1:]).decode("latin-1")
    packed, rest = body[:1] == b"\1", body[2:]
    rest = rest.partition(b"\0")[2].partition(b"\0")[2]
    return (_unpack(rest) if packed else rest[:_LONGEST_TEXT]).decode("utf-8", "replace")


def _unpack(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, _LONGEST_TEXT)
    except zlib.error:
        return b""
