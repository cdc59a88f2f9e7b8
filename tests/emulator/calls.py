"""Requests to an emulator as any client could write them, and small pictures to send."""

from __future__ import annotations

import base64
import http.client
import io
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import numpy as np
from PIL import Image

from sdbr.emulator import Emulator

SD35 = "stability.sd3-5-large-v1:0"
CORE = "stability.stable-image-core-v1:1"
ULTRA = "stability.stable-image-ultra-v1:1"
SDXL = "stability.stable-diffusion-xl-v1"
SKETCH = "us.stability.stable-image-control-sketch-v1:0"
SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKID/20200101/{region}/bedrock/aws4_request, "
    "SignedHeaders=host, Signature=0"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    data: bytes

    @property
    def told(self) -> Any:
        """The body as JSON."""
        return json.loads(self.data)

    @property
    def error(self) -> str:
        """The name of the exception, as an SDK reads it."""
        return self.headers.get("x-amzn-errortype", "").partition(":")[0]

    @property
    def message(self) -> str:
        """The error's message, or the container's detail in it."""
        message = str(self.told["message"])
        return str(json.loads(message)["detail"]) if message.startswith("{") else message

    @property
    def picture(self) -> Image.Image:
        """The picture of a good answer."""
        return Image.open(io.BytesIO(base64.b64decode(self.told["images"][0])))


def send(
    emulator: Emulator,
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> Answer:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection(emulator.url.removeprefix("http://"), timeout=20)
    try:
        connection.request(method, path, body, headers or {})
        reply = connection.getresponse()
        told = {name.lower(): value for name, value in reply.getheaders()}
        return Answer(reply.status, told, reply.read())
    finally:
        connection.close()


def invoke(
    emulator: Emulator, model: str, body: Any, region: str = "us-west-2", path: str = ""
) -> Answer:
    """One signed invocation; `body` is JSON, or bytes as they are."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    where = path or f"/model/{quote(model, safe='')}/invoke"
    return send(emulator, "POST", where, data, {"Authorization": SIGNED.format(region=region)})


def scenery(width: int = 96, height: int = 64) -> Image.Image:
    """A small picture with slopes, an edge and a disc."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    pixels = np.stack([columns / width * 255, rows / height * 255, (rows + columns) % 256], axis=2)
    pixels[(rows - height / 2) ** 2 + (columns - width / 2) ** 2 < (height / 4) ** 2] = (
        220,
        40,
        30,
    )
    pixels[:, : width // 5] = (20, 60, 40)
    return Image.fromarray(pixels.astype(np.uint8))


def encoded(image: Image.Image, kind: str = "png") -> bytes:
    """A picture as a file."""
    stream = io.BytesIO()
    image.save(stream, kind)
    return stream.getvalue()


def base64_of(image: Image.Image, kind: str = "png") -> str:
    """A picture as a request carries it."""
    return base64.b64encode(encoded(image, kind)).decode()
