"""The EXIF and XMP chunks of a WebP, spliced in and read back.

Layout: RFC 9649, section 2.7. The webui's text goes to EXIF, sdbr's record to XMP.
"""

from __future__ import annotations

import html
import struct
from collections.abc import Mapping
from mmap import mmap

from sdbr.media.formats import riff_chunk, sniff, webp_chunks
from sdbr.media.metadata import exif, xmp
from sdbr.request import Size

# Flags of the extended header.
_ALPHA, _EXIF, _XMP = 0x10, 0x08, 0x04
_REPLACED = (b"VP8X", b"EXIF", b"XMP ")
_NEEDED = (b"VP8L", *_REPLACED)
_RDF_END = "</rdf:RDF>"
_PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    f'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">{_RDF_END}</x:xmpmeta>'
)
_OPEN = '<rdf:Description rdf:about="" xmlns:sdbr="https://sdbr.invalid/ns/1/"><sdbr:record>'
_CLOSE = "</sdbr:record></rdf:Description>"


def embed(data: bytes, texts: Mapping[str, str]) -> bytes:
    """Put the texts behind the picture's own chunks, and the extended header before them."""
    chunks, own, found = _needed_chunks(data), list(webp_chunks(data)), sniff(data)
    if found is None or not own:
        return data
    block, packet = _exif_block(chunks), _packet(chunks)
    if parameters := texts.get("parameters", ""):
        block = exif.with_user_comment(block, parameters)
    packet = texts.get(xmp.KEY) or packet
    if record := texts.get("sdbr", ""):
        packet = with_record(packet, record)
    parts = [
        riff_chunk(b"VP8X", _header(chunks, found.size, bool(block), bool(packet))),
        *(riff_chunk(name, data[at:end]) for name, at, end in own if name not in _REPLACED),
        *([riff_chunk(b"EXIF", block)] if block else []),
        *([riff_chunk(b"XMP ", packet.encode("utf-8", "replace"))] if packet else []),
    ]
    body = b"WEBP" + b"".join(parts)
    (declared,) = struct.unpack_from("<I", data, 4)
    return b"RIFF" + struct.pack("<I", len(body)) + body + data[8 + declared :]


def read(data: bytes | mmap) -> dict[str, str]:
    """Return the webui's text, sdbr's record and the other XMP, as far as they are there."""
    chunks = _needed_chunks(data)
    # Another program may have written the packet anew, with more around the record than _OPEN.
    _, opened, rest = _packet(chunks).partition("<sdbr:record>")
    record, closed, _ = rest.partition("</sdbr:record>")
    return {
        "parameters": exif.user_comment(_exif_block(chunks)),
        "sdbr": html.unescape(record) if opened and closed else "",
        xmp.KEY: _without_record(_packet(chunks)),
    }


def _needed_chunks(data: bytes | mmap) -> dict[bytes, bytes]:
    chunks = (chunk for chunk in webp_chunks(data) if chunk.name in _NEEDED)
    return {chunk.name: data[chunk.start : chunk.end] for chunk in chunks}


def _header(chunks: Mapping[bytes, bytes], size: Size, has_exif: bool, has_xmp: bool) -> bytes:
    """The extended header: flags, then the canvas, each side less one in 24 bits."""
    old = chunks.get(b"VP8X", b"")
    # A lossless picture tells in the 29th bit behind its mark whether it has an alpha channel.
    lossless = chunks.get(b"VP8L", b"")
    flags = old[0] if old else _ALPHA if lossless and lossless[4] >> 4 & 1 else 0
    flags = flags & ~(_EXIF | _XMP) | has_exif * _EXIF | has_xmp * _XMP
    sides = b"".join((side - 1).to_bytes(3, "little") for side in size)
    return bytes([flags, 0, 0, 0]) + sides


def with_record(packet: str, record: str) -> str:
    """Return an XMP packet, a fresh one for "", with sdbr's record in place of the one before."""
    packet = _without_record(packet)
    head, end, tail = (packet if _RDF_END in packet else _PACKET).rpartition(_RDF_END)
    return head + _OPEN + html.escape(record, quote=False) + _CLOSE + end + tail


def _without_record(packet: str) -> str:
    head, opened, rest = packet.partition(_OPEN)
    return head + rest.partition(_CLOSE)[2] if opened else packet


def _exif_block(chunks: Mapping[bytes, bytes]) -> bytes:
    return chunks.get(b"EXIF", b"").removeprefix(b"Exif\0\0")


def _packet(chunks: Mapping[bytes, bytes]) -> str:
    return chunks.get(b"XMP ", b"").decode("utf-8", "replace")
