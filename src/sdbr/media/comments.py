"""The text that says how a clip was made, read back from whatever container it is in."""

from __future__ import annotations

import html
import re
from pathlib import Path

from sdbr.media.animation.index import index_of
from sdbr.media.formats import kind_of
from sdbr.media.frame_times import load_times
from sdbr.media.video.probe import open_container

_RECORD = re.compile(r"<sdbr:record>(.*?)</sdbr:record>", re.DOTALL)


def read_comment(path: Path) -> str | None:
    """Return the text that a writer was given as `comment`; None where there is none.

    Raises InputProblem where the path holds no clip.
    """
    kind = kind_of(path)
    if kind == "folder":
        times = load_times(path)
        return times.comment or None if times else None
    if kind == "video":
        with open_container(path) as container:
            tags = {key.lower(): value for key, value in container.metadata.items()}
        return tags.get("comment")
    texts = dict(index_of(kind, path).texts)
    if kind == "webp":
        found = _RECORD.search(texts.get("xmp", ""))
        return html.unescape(found[1]) if found else None
    return texts.get("comment" if kind == "gif" else "sdbr")
