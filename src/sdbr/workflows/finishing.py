"""From the model's picture to the bytes of the file: untouched wherever nothing has to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdbr.media import metadata
from sdbr.request import Picture
from sdbr.workflows import record
from sdbr.workflows.job import Finish, Job

if TYPE_CHECKING:
    from PIL import Image


def file_bytes(job: Job, picture: Picture, command: str, realm: str) -> bytes:
    """The finished picture, with how it was made in its metadata."""
    data = _pixels(job.finish, picture)
    told = record.as_json(job, picture, command, realm)
    return metadata.embed(data, record.webui_text(job, picture), told)


def suffix(finish: Finish) -> str:
    """The file name's ending for a format."""
    return {"jpeg": ".jpg"}.get(finish.format, f".{finish.format}")


def _pixels(finish: Finish, picture: Picture) -> bytes:
    reshaped = finish.placement is not None or finish.size not in (None, picture.size)
    if not reshaped and finish.quality is None and finish.format == picture.format:
        return picture.data
    from sdbr.media.encoding import encode
    from sdbr.media.pictures import open_picture

    image = open_picture(picture.data, keep_alpha=finish.format != "jpeg").image
    return encode(_shaped(image, finish), finish.format, finish.quality or 95)


def _shaped(image: Image.Image, finish: Finish) -> Image.Image:
    if finish.placement is not None:
        from sdbr.media.placing import restore

        image = restore(image, finish.placement)
    if finish.size is not None and image.size != finish.size:
        from PIL import ImageOps

        image = ImageOps.fit(image, finish.size)
    return image
