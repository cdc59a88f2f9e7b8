"""The EXIF comment and the comment segments of a JPEG, spliced in and read back.

The webui's text goes to EXIF, where other programs look for it; sdbr's record to comment (COM)
segments, as many as it takes, because a segment holds less than 64 kB.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping

from sdbr.media.formats import Segment, jpeg_segments
from sdbr.media.metadata import exif, xmp

_APP0, _APP1, _COM = 0xE0, 0xE1, 0xFE
_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
# A segment's length has 16 bits and counts itself; a part leaves room for its label.
_LONGEST_SEGMENT = 65533
_PART = 65000
_COMMENT = re.compile(rb"sdbr (parameters|record) (\d{1,5})/(\d{1,5})\n(.*)", re.DOTALL)
_KEYS = {"parameters": "parameters", "sdbr": "record"}


def embed(data: bytes, texts: Mapping[str, str]) -> bytes:
    """Put the texts before the picture's own segments, behind the JFIF header."""
    segments = list(jpeg_segments(data))
    if not segments:
        return data
    earlier = _app1_segment(data, segments, _EXIF)
    packet = _XMP + texts.get(xmp.KEY, "").encode("utf-8", "replace")
    # A packet that fills its segment stays as it came.
    adds_packet = len(_XMP) < len(packet) <= _LONGEST_SEGMENT
    replaced = {earlier, _app1_segment(data, segments, _XMP) if adds_packet else None}
    kept = [s for s in segments if s not in replaced and not _is_comment(data, s)]
    header = [s for s in kept if s.marker == _APP0]
    rest = [s for s in kept if s.marker != _APP0]
    raw = [data[s.start : s.end] for s in header]
    parts = [data[:2], *raw, *_pack(texts, _exif_block(data, earlier))]
    parts += [_segment(_APP1, packet)] if adds_packet else []
    return b"".join([*parts, *(data[s.start : s.end] for s in rest), data[segments[-1].end :]])


def read(data: bytes) -> dict[str, str]:
    """Return the webui's text, sdbr's record and the XMP, as far as they are there."""
    segments = list(jpeg_segments(data))
    bodies = [_body(data, s) for s in segments if s.marker == _COM]
    texts = {key: _join(bodies, name) for key, name in _KEYS.items()}
    block = _exif_block(data, _app1_segment(data, segments, _EXIF))
    texts["parameters"] = texts["parameters"] or exif.user_comment(block)
    if packet := _app1_segment(data, segments, _XMP):
        texts[xmp.KEY] = _body(data, packet)[len(_XMP) :].decode("utf-8", "replace")
    return texts


def _pack(texts: Mapping[str, str], block: bytes) -> list[bytes]:
    segments, in_exif = [], ""
    if parameters := texts.get("parameters", ""):
        larger = _EXIF + exif.with_user_comment(block, parameters)
        if len(larger) <= _LONGEST_SEGMENT:
            in_exif, block = parameters, larger[len(_EXIF) :]
    if block:
        segments.append(_segment(_APP1, _EXIF + block))
    for key, name in _KEYS.items():
        if (text := texts.get(key, "")) and text != in_exif:
            segments.extend(_comments(name, text.encode("utf-8", "replace")))
    return segments


def _comments(name: str, text: bytes) -> list[bytes]:
    parts = [text[at : at + _PART] for at in range(0, len(text), _PART)]
    return [
        _segment(_COM, f"sdbr {name} {number}/{len(parts)}\n".encode() + part)
        for number, part in enumerate(parts, 1)
    ]


def _join(bodies: list[bytes], name: str) -> str:
    matches = [m for body in bodies if (m := _COMMENT.fullmatch(body)) and m[1].decode() == name]
    if not matches or len(matches) != int(matches[0][3]):
        return ""
    matches.sort(key=lambda m: int(m[2]))
    return b"".join(m[4] for m in matches).decode("utf-8", "replace")


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _body(data: bytes, segment: Segment) -> bytes:
    # The marker may stand behind any number of fill bytes.
    return data[segment.start : segment.end].lstrip(b"\xff")[3:]


def _is_comment(data: bytes, segment: Segment) -> bool:
    return segment.marker == _COM and _COMMENT.fullmatch(_body(data, segment)) is not None


def _app1_segment(data: bytes, segments: list[Segment], name: bytes) -> Segment | None:
    app1 = (s for s in segments if s.marker == _APP1)
    return next((s for s in app1 if _body(data, s).startswith(name)), None)


def _exif_block(data: bytes, segment: Segment | None) -> bytes:
    return _body(data, segment)[len(_EXIF) :] if segment else b""
