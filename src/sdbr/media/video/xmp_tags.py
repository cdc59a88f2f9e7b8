"""Where video files keep the digital source type: XMP in MP4 and MOV, a tag in Matroska.

XMP specification, part 3: a `uuid` box at the end of an MP4 (section 1.2.6), `udta/XMP_` in a MOV
(section 1.2.5), which libav writes by itself. Matroska has no place for XMP.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from sdbr.errors import InputProblem
from sdbr.media.metadata import xmp
from sdbr.media.video.probe import open_container

TAG = "DIGITAL_SOURCE_TYPE"
"""The tag of a Matroska file, named after the property."""
_XMP_BOX = UUID("be7acfcb-97a9-42e8-9c71-999491e3afac").bytes


def append_box(path: Path, packet: str) -> None:
    """Put an XMP packet behind the last box of a finished MP4, where it moves no other."""
    body = _XMP_BOX + packet.encode("utf-8", "replace")
    with path.open("ab") as file:
        file.write(struct.pack(">I4s", len(body) + 8, b"uuid") + body)


def packet_of(path: Path) -> str:
    """The XMP packet of a video; "" where it has none or cannot be opened."""
    return _tags(path).get("xmp", "")


def source_type_of(path: Path) -> str:
    """The digital source type of a video; "" where it names none or cannot be opened."""
    tags = _tags(path)
    return tags.get(TAG.lower(), "") or xmp.source_type(tags.get("xmp", ""))


def _tags(path: Path) -> dict[str, str]:
    with suppress(InputProblem), open_container(path, xmp=True) as container:
        return {name.lower(): value for name, value in container.metadata.items()}
    return {}
