"""The libraries that this folder stands on: their versions, and the codecs that they bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import av
import imageio
import numpy as np
from av.codec import Codec
from av.codec.codec import UnknownCodecError
from PIL import __version__ as pillow_version
from PIL import features

_READ = {
    "H.264": "h264",
    "H.265": "hevc",
    "VP8": "vp8",
    "VP9": "vp9",
    "AV1": "libdav1d",
    "ProRes": "prores",
    "Motion JPEG": "mjpeg",
}
_WRITTEN = {
    **{"H.264": "libx264", "VP9": "libvpx-vp9", "ProRes": "prores_ks"},
    **{"AAC": "aac", "Opus": "libopus"},
}
_PICTURES = {"WebP": "webp", "JPEG": "jpg", "PNG": "zlib"}


@dataclass(frozen=True, slots=True)
class Libraries:
    """Versions by name; kinds of media by their common names; `missing` of those sdbr needs."""

    versions: Mapping[str, str]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    missing: tuple[str, ...]


def found() -> Libraries:
    """Ask each library what it can do; nothing is decoded."""
    reads = tuple(name for name, codec in _READ.items() if _has(codec, "r"))
    writes = tuple(name for name, codec in _WRITTEN.items() if _has(codec, "w"))
    pictures = tuple(name for name, feature in _PICTURES.items() if features.check(feature))
    missing = [f"reading {name}" for name in _READ if name not in reads]
    missing += [f"writing {name}" for name in _WRITTEN if name not in writes]
    missing += [name for name in _PICTURES if name not in pictures]
    return Libraries(versions(), reads, (*writes, *pictures), tuple(missing))


def versions() -> dict[str, str]:
    """The versions of the libraries by name."""
    known = {"av": av.__version__, "pillow": pillow_version, "numpy": np.__version__}
    return {**known, "imageio": imageio.__version__}


def _has(codec: str, mode: str) -> bool:
    try:
        Codec(codec, "r" if mode == "r" else "w")
    except UnknownCodecError:
        return False
    return True
