"""`POST /model/{id}/invoke`: from a request's bytes to a picture or an error."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sdbr.emulator import identifiers
from sdbr.emulator.dialects import dialect_of
from sdbr.emulator.errors import Refusal, detail, ended, invalid, unknown_id
from sdbr.emulator.faults import FILTERED, INFERENCE_ERROR, NOT_A_PICTURE, error_of, spoil
from sdbr.emulator.http.exchange import Reply, Request, Wire, refused
from sdbr.emulator.identifiers import signed_region
from sdbr.emulator.models import EmulatedModel
from sdbr.emulator.painter.files import padded, with_credentials
from sdbr.emulator.painter.order import Order, Unreadable
from sdbr.emulator.settings import EmulatorSettings

MAX_BODY = 25_000_000
TOO_LARGE = json.dumps(
    {
        "code": "validation_error",
        "message": "Failed to buffer the request body: length limit exceeded",
    }
)
Paint = Callable[[Order], bytes]


def find_model(name: str, request: Request, settings: EmulatorSettings) -> EmulatedModel:
    """The model that a call means. Refuses unknown, ended and out-of-region ones."""
    model = identifiers.find(name, settings.models)
    region = signed_region(request.headers)
    if settings.check_region and region and model.regions and region not in model.regions:
        raise unknown_id()
    today = settings.today or datetime.now(UTC).date()
    if model.ended(today) and (not settings.allow_retired or model.task == "gone"):
        raise ended()
    return model


def parsed(body: bytes) -> object:
    """The body as JSON, or None when it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def checked(request: Request, body: object) -> Mapping[str, object]:
    """The parsed body, when it is a JSON object and not too large."""
    if request.too_large or len(request.body) > MAX_BODY:
        raise invalid(TOO_LARGE)
    if not isinstance(body, dict):
        raise invalid("Malformed input request, please reformat your input and try again.")
    return body


def answer(
    model: EmulatedModel, body: Mapping[str, Any], fault: str | None, context: InvokeContext
) -> Reply:
    """The reply to a call of a known model, with one fault or none."""
    settings = context.settings
    error = error_of(fault, settings.faults)
    if error is not None:
        return refused(error, fault or "")
    if fault in ("drop_before", "stall"):
        return Reply(
            0, b"", wire=Wire.DROP if fault == "drop_before" else Wire.STALL, outcome=fault
        )
    order = read_order(model, body, settings)
    if fault not in FILTERED and holds_refused_word(order.prompt, settings.refuse_words):
        fault = "filter_prompt"
    if fault in FILTERED or fault == "inference_error":
        return _without_picture(model, order, fault, context)
    picture = _paint(model, order, context)
    sent = NOT_A_PICTURE if fault == "not_a_picture" else picture
    answered = dialect_of(model).answer(order.seed, sent)
    _change_pictures(answered, fault)
    reply = Reply(
        200,
        json.dumps(answered).encode(),
        outcome=fault or "ok",
        made=True,
        picture_sha256=hashlib.sha256(picture).hexdigest(),
    )
    return spoil(reply, fault, settings.faults)


def _change_pictures(answered: dict[str, Any], fault: str | None) -> None:
    """Leave out the pictures of an answer, or write them as data URIs."""
    if fault == "no_pictures":
        answered.update({name: [] for name in ("images", "artifacts") if name in answered})
    elif fault == "data_uri" and "images" in answered:
        answered["images"] = [f"data:image/png;base64,{it}" for it in answered["images"]]


@dataclasses.dataclass(frozen=True, slots=True)
class InvokeContext:
    """What an answer is made with."""

    settings: EmulatorSettings
    paint: Paint


def read_order(
    model: EmulatedModel, body: Mapping[str, object], settings: EmulatorSettings
) -> Order:
    """What the body asks for, with a seed drawn where it names none."""
    order = dialect_of(model).read(model, body)
    return dataclasses.replace(
        order,
        seed=order.seed or secrets.randbelow(2**32 - 1) + 1,
        flicker=settings.flicker,
        side=settings.picture_side,
    )


def holds_refused_word(prompt: str, words: tuple[str, ...]) -> bool:
    """Whether the prompt has one of the words, as a whole word, in any case."""
    return any(re.search(rf"\b{re.escape(word)}\b", prompt, re.IGNORECASE) for word in words)


def _without_picture(
    model: EmulatedModel, order: Order, fault: str | None, context: InvokeContext
) -> Reply:
    reason = FILTERED.get(fault or "", INFERENCE_ERROR)
    answered, sent = dialect_of(model).withheld(
        order.seed,
        reason,
        context.settings.faults.filtered_images,
        lambda: _paint(model, dataclasses.replace(order, style="blurred"), context),
    )
    return Reply(
        200,
        json.dumps(answered).encode(),
        outcome=fault or "",
        made=bool(sent) or fault == "filter_output",
        picture_sha256=hashlib.sha256(sent).hexdigest() if sent else "",
    )


def _paint(model: EmulatedModel, order: Order, context: InvokeContext) -> bytes:
    try:
        picture = padded(context.paint(order), context.settings.picture_bytes)
        return with_credentials(picture) if context.settings.credentials else picture
    except Unreadable as problem:
        raise _unreadable(model, str(problem)) from None


def _unreadable(model: EmulatedModel, name: str) -> Refusal:
    if model.wording == "schema":
        return invalid(f"The {name} could not be decoded as an image.")
    return detail(f"Invalid value for field '{name}': could not be decoded as an image")
