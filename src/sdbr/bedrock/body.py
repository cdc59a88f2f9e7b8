"""From a request to the bytes on the wire, and to the key that names it for ever."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from uuid import uuid4

import pybase64

from sdbr.bedrock import catalog
from sdbr.bedrock.families import family_of
from sdbr.bedrock.validation import flag
from sdbr.errors import UsageProblem
from sdbr.request import Blob, ImageRequest, Model

MAX_BODY = 25_000_000
"""Bytes that InvokeModel takes at most (Amazon Bedrock API reference); botocore does not check."""

_ABOUT_AN_INPUT = ("strength", "mask", "mask_source", "step_schedule_start", "step_schedule_end")


def check(request: ImageRequest, models: Sequence[Model]) -> None:
    """Raise UsageProblem for anything that this model cannot do or that is out of range.

    `models` are those of the catalog: the message names the ones that can.
    """
    takes = family_of(request.model).takes(request.model)
    empty = ImageRequest(request.model)
    names = [field.name for field in fields(request) if field.name not in ("seed", "extras")]
    # What says something differs from an empty request.
    given = [name for name in names if getattr(request, name) != getattr(empty, name)]
    given += [name for name, _ in request.extras]
    from_words = request.init_image is None
    for field in given:
        if field not in takes:
            able = [one for one in models if not from_words or "text-to-image" in one.tasks]
            raise UsageProblem(_cannot(request.model, field, given, able))
        if field in _ABOUT_AN_INPUT and from_words:
            raise UsageProblem(
                f"{flag(field)} needs an input picture. Add one, or leave out {flag(field)}."
            )
    family_of(request.model).encode(request)


def wire(request: ImageRequest) -> bytes:
    """The JSON that Bedrock receives. Raises UsageProblem when it is over MAX_BODY bytes."""
    # Pictures go in afterwards: the encoder would look at every one of their characters.
    mark, pictures = uuid4().hex, []

    def leave_out(picture: Blob) -> str:
        pictures.append(pybase64.b64encode(picture.read()))
        return mark

    body = family_of(request.model).encode(request)
    # A blob is the only value that is no JSON.
    encoded = json.dumps(body, sort_keys=True, default=leave_out).encode()
    text, *rest = encoded.split(mark.encode())
    data = b"".join([text, *(part for pair in zip(pictures, rest, strict=True) for part in pair)])
    if len(data) > MAX_BODY:
        raise UsageProblem(
            f"The request is {len(data) / 1e6:.1f} MB, and Bedrock accepts at most "
            f"{MAX_BODY / 1e6:.0f} MB. Use smaller pictures."
        )
    return data


def outline(request: ImageRequest) -> str:
    """The JSON body for reading: as `wire`, with a note in place of each picture."""
    body = family_of(request.model).encode(request)
    note = "<base64 of the picture with SHA-256 {}>"
    return json.dumps(body, sort_keys=True, default=lambda blob: note.format(blob.sha256))


def cache_key(request: ImageRequest, realm: str) -> str:
    """The request's name: a SHA-256 over model id and canonical body, as 64 hex digits.

    `realm` keeps apart who answers: a picture of an emulator never stands for Bedrock's.
    """
    body = family_of(request.model).encode(request)
    canonical = json.dumps(body, sort_keys=True, default=lambda blob: f"sha256:{blob.sha256}")
    named = f"{realm}\n{request.model.invoke_id}\n{canonical}"
    return hashlib.sha256(named.encode()).hexdigest()


def _cannot(model: Model, field: str, given: Sequence[str], others: Sequence[Model]) -> str:
    """That `model` does not take `field`, and which of the `others` take it, or all `given`."""
    able = [one for one in others if field in family_of(one).takes(one)]
    alive = [one for one in able if not one.lifecycle.ended(date.today())]
    fitting = [one for one in alive if family_of(one).takes(one).issuperset(given)]
    instead = f"Use --model {catalog.names_of(fitting or alive)}." if alive else "Leave it out."
    if able and not alive:
        last = able[-1]
        instead = f"Only {last.title} did, and it was retired on {last.lifecycle.end}. {instead}"
    return f"{model.title} ({model.id}) does not support {flag(field)}. {instead}"
