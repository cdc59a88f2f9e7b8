"""What many tests need: small pictures, requests that each model takes, pretended answers."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from sdbr.bedrock import body, catalog
from sdbr.bedrock.families import family_of
from sdbr.errors import ServiceProblem
from sdbr.request import Blob, ImageRequest, Model, Picture, Size

CATALOG = catalog.load({}, {})
CORE, SD35, ULTRA, SDXL = map(CATALOG.find, ("core", "sd3.5", "ultra", "sdxl"))

# What a service needs beyond an input picture and a prompt.
NEEDED: dict[str, dict[str, str | int]] = {
    "stability.stable-outpaint-v1:0": {"left": 8},
    "stability.stable-image-search-replace-v1:0": {"search_prompt": "a dog"},
    "stability.stable-image-search-recolor-v1:0": {"select_prompt": "a coat"},
}
# The messages of the service itself, as they were seen.
MARKETPLACE = (
    "Model access is denied due to IAM user or service role is not authorized to perform the "
    "required AWS Marketplace actions (aws-marketplace:ViewSubscriptions, "
    "aws-marketplace:Subscribe) to enable access to this model."
)
LEGACY = (
    "Access denied. This Model is marked by provider as Legacy and you have not been actively "
    "using the model in the last 30 days. Please upgrade to an active model on Amazon Bedrock"
)


def run_with_full_stdout(
    arguments: Sequence[str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, whose stdout is a disk without space."""
    with open("/dev/full", "wb") as full:
        return subprocess.run(
            [sys.executable, "-m", "sdbr", *arguments],
            cwd=folder,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )


def png(width: int = 64, height: int = 64, colour: tuple[int, int, int] = (90, 120, 200)) -> bytes:
    """A PNG of one colour."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    rows = (b"\0" + bytes(colour) * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + data


def picture_file(format: str = "png", size: tuple[int, int] = (64, 64)) -> bytes:
    """A picture in any format that Pillow writes."""
    file = BytesIO()
    Image.new("RGB", size, (90, 120, 200)).save(file, format)
    return file.getvalue()


def blob(width: int = 64, height: int = 64, colour: tuple[int, int, int] = (90, 120, 200)) -> Blob:
    """A picture of one colour that goes into a request."""
    return Blob.of(png(width, height, colour))


def request_for(model: Model, **told: Any) -> ImageRequest:
    """A request that `model` takes, with as little in it as it needs, and `told` besides."""
    least: dict[str, Any] = {"extras": tuple(NEEDED.get(model.id, {}).items())}
    if model.family == "image_services":
        least["init_image"] = blob()
    if "style-transfer" in model.tasks:
        least["style_image"] = blob(colour=(200, 40, 40))
    if model.id not in (
        "stability.stable-image-erase-object-v1:0",
        "stability.stable-image-remove-background-v1:0",
        "stability.stable-fast-upscale-v1:0",
    ):
        least["prompt"] = "a red fox"
    return ImageRequest(model, **{**least, **told})


def with_value(request: ImageRequest, name: str, value: Any) -> ImageRequest:
    """The request with one field or one extra set."""
    if name in ImageRequest.__dataclass_fields__:
        return replace(request, **{name: value})
    extras = dict(request.extras) | {name: value}
    return replace(request, extras=tuple(sorted(extras.items())))


def drawn(request: ImageRequest, price: str = "0.04") -> Picture:
    """A picture as the client would return it."""
    return Picture(png(), "png", Size(64, 64), request.seed, price=price)


def throttled(wait: float | None = 0.0) -> ServiceProblem:
    """Bedrock asks for fewer requests."""
    return ServiceProblem("Bedrock throttles.", again=True, throttled=True, wait=wait)


def emulator_reads(request: ImageRequest) -> Any:
    """What the emulator understands of the body that is sent; it raises what Bedrock would say."""
    from sdbr.emulator.invoke import read_order
    from sdbr.emulator.models import models
    from sdbr.emulator.settings import EmulatorSettings

    return read_order(
        models()[request.model.id], json.loads(body.wire(request)), EmulatorSettings()
    )


def encoded(request: ImageRequest) -> Any:
    """The body in the model's own words, pictures as blobs."""
    return family_of(request.model).encode(request)
