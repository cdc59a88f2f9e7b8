"""From a request to the bytes on the wire, and to the key that names it for ever."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from datetime import date
from uuid import uuid4

import pybase64

from sdbr.bedrock import catalog
from sdbr.bedrock.families import Body, family_of
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
    for field in _given(request):
        if field not in takes:
            raise UsageProblem(_cannot(request, field, models))
        if field in _ABOUT_AN_INPUT and request.init_image is None:
            raise UsageProblem(f"{flag(field)} needs an input picture. Add one or leave it out.")
    family_of(request.model).encode(request)


def wire(request: ImageRequest) -> bytes:
    """The JSON that Bedrock receives. Raises UsageProblem when it is over MAX_BODY bytes."""
    # Pictures go in afterwards: the encoder would look at every one of their characters.
    mark, pictures = uuid4().hex, []

    def leave_out(picture: Blob) -> str:
        pictures.append(pybase64.b64encode(picture.read()))
        return mark

    text, *rest = _json(family_of(request.model).encode(request), leave_out).split(mark.encode())
    data = b"".join([text, *(part for pair in zip(pictures, rest, strict=True) for part in pair)])
    if len(data) > MAX_BODY:
        raise UsageProblem(
            f"The request has {len(data) / 1e6:.0f} MB and Bedrock takes {MAX_BODY / 1e6:.0f} MB. "
            "Use smaller pictures."
        )
    return data


def outline(request: ImageRequest) -> str:
    """The JSON body for reading: as `wire`, with a note in place of each picture."""
    body = family_of(request.model).encode(request)
    return _json(body, lambda blob: f"<base64 of the picture with SHA-256 {blob.sha256}>").decode()


def cache_key(request: ImageRequest, realm: str) -> str:
    """The request's name: a SHA-256 over model id and canonical body, as 64 hex digits.

    `realm` keeps apart who answers: a picture of an emulator never stands for Bedrock's.
    """
    body = family_of(request.model).encode(request)
    canonical = _json(body, lambda picture: "sha256:" + picture.sha256)
    head = f"{realm}\n{request.model.invoke_id}\n".encode()
    return hashlib.sha256(head + canonical).hexdigest()


def _json(body: Body, picture: Callable[[Blob], str]) -> bytes:
    """`body` with `picture(blob)` in place of each blob: the only value that is no JSON."""
    return json.dumps(body, sort_keys=True, default=picture).encode("utf-8")


def _given(request: ImageRequest) -> list[str]:
    """The fields that say something: those that differ from an empty request, and the extras."""
    empty = ImageRequest(request.model)
    names = [field.name for field in fields(request) if field.name not in ("seed", "extras")]
    given = [name for name in names if getattr(request, name) != getattr(empty, name)]
    return given + [name for name, _ in request.extras]


def _cannot(request: ImageRequest, field: str, models: Sequence[Model]) -> str:
    alive = [model for model in models if not model.lifecycle.ended(date.today())]
    fitting = [model for model in alive if _draws(model, request, _given(request))]
    able = fitting or [model for model in alive if _draws(model, request, [field])]
    instead = f"Use --model {catalog.names_of(able)}." if able else "Leave it out."
    gone = [one for one in models if one not in alive and _draws(one, request, [field])]
    if gone and not able:
        instead = f"Only {gone[-1].title} does, which ended on {gone[-1].lifecycle.end}. {instead}"
    model, what = request.model, flag(field).removeprefix("an ")
    return f"{model.title} ({model.id}) takes no {what}. {instead}"


def _draws(model: Model, request: ImageRequest, names: Iterable[str]) -> bool:
    """Whether `model` takes these fields, and draws from words alone where there is no input."""
    from_words = request.init_image is not None or "text-to-image" in model.tasks
    return from_words and family_of(model).takes(model).issuperset(names)
