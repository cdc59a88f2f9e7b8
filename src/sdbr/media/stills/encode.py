"""Pictures as file bytes, and under a limit of bytes."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from sdbr.errors import InputProblem

MAX_INPUT_BYTES = 18_000_000
"""An input picture's file: Base64 adds a third, and a request may hold 25,000,000 bytes."""

_QUALITIES = (95, 90, 80, 65, 50)


def encode(image: Image.Image, format: str = "png", quality: int = 95) -> bytes:
    """Encode as "png", "jpeg" or "webp"; `quality` is 1 to 100 and means nothing to PNG.

    PNG is packed at level 1: four times faster than the default for a twelfth more bytes. JPEG
    has no alpha channel, so transparent parts become white. Raises InputProblem where the
    format cannot hold the size (JPEG 65535, WebP 16383 pixels a side).
    """
    options: dict[str, int] = {"png": {"compress_level": 1}, "webp": {"method": 4}}.get(format, {})
    if format == "jpeg":
        image = _on_white(image)
        options = {"subsampling": 0 if quality >= 90 else 2}
    if format != "png":
        options["quality"] = quality
    buffer = BytesIO()
    try:
        image.save(buffer, format, **options)
    except (OSError, ValueError) as error:
        size = f"{image.width}x{image.height}"
        raise InputProblem(
            f"A picture of {size} cannot be written as {format}: {error}. Choose another format."
        ) from error
    return buffer.getvalue()


def encode_under(
    image: Image.Image, format: str = "png", max_bytes: int = MAX_INPUT_BYTES
) -> bytes:
    """Encode in the format if the file stays within `max_bytes`, else with some loss.

    A PNG that is too large becomes a JPEG, or a WebP where there is an alpha channel; then the
    quality falls from 95 to 50. Raises InputProblem if even that is too large.
    """
    data = encode(image, format)
    if len(data) <= max_bytes:
        return data
    lossy = format if format != "png" else ("webp" if "A" in image.getbands() else "jpeg")
    for quality in _QUALITIES:
        data = encode(image, lossy, quality)
        if len(data) <= max_bytes:
            return data
    raise InputProblem(
        f"A picture of {image.width}x{image.height} cannot be packed into {max_bytes:,} bytes. "
        "Make it smaller first."
    )


def _on_white(image: Image.Image) -> Image.Image:
    if "A" not in image.getbands():
        return image
    below = Image.new("RGB", image.size, "white")
    below.paste(image, mask=image.getchannel("A"))
    return below
