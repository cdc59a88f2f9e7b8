"""The control plane: which models there are, and who asks. Enough for `bedrock` and `sts`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from sdbr.emulator.errors import Refusal, invalid
from sdbr.emulator.http.exchange import Reply, Request, json_reply, new_request_id
from sdbr.emulator.identifiers import access_key, check_caller, signed_region
from sdbr.emulator.models import EmulatedModel, models
from sdbr.emulator.settings import EmulatorSettings

ACCOUNT = "000000000000"
HOME = "us-west-2"
PROFILE_SINCE = datetime(2025, 9, 1, tzinfo=UTC)


def answer_control(request: Request, settings: EmulatorSettings) -> Reply:
    """The reply to anything but an invocation. Refuses what it does not know."""
    check_caller(request.headers)
    if request.method == "POST" and request.path == "/":
        return _caller(request)
    region = signed_region(request.headers) or HOME
    kind, _, rest = request.path.strip("/").partition("/")
    query = dict(parse_qsl(request.query))
    answers = {
        "foundation-models": lambda: (
            _model(unquote(rest), region) if rest else _models(query, region)
        ),
        "inference-profiles": lambda: (
            _profile(unquote(rest), region) if rest else _profiles(query, region)
        ),
        "foundation-model-availability": lambda: _availability(unquote(rest), region, settings),
    }
    if request.method != "GET" or kind not in answers:
        raise Refusal(404, "UnknownOperationException", "The operation is not known.")
    return json_reply(answers[kind]())


def _offered(region: str) -> list[EmulatedModel]:
    today = datetime.now(UTC).date()
    every = {model.id: model for model in models().values()}
    return [it for it in every.values() if region in it.regions and not it.ended(today)]


def _models(query: Mapping[str, str], region: str) -> dict[str, Any]:
    rows = [_summary(model, region) for model in _offered(region)]
    provider = query.get("byProvider", "").lower()
    wanted = {
        "outputModalities": query.get("byOutputModality"),
        "inferenceTypesSupported": query.get("byInferenceType"),
        "customizationsSupported": query.get("byCustomizationType"),
    }
    kept = [
        row
        for row in rows
        if provider in row["providerName"].lower()
        and all(value is None or value in row[name] for name, value in wanted.items())
    ]
    return {"modelSummaries": kept}


def _model(name: str, region: str) -> dict[str, Any]:
    return {"modelDetails": _summary(_known(name), region)}


def _known(name: str) -> EmulatedModel:
    plain = name.rpartition("/")[2] if name.startswith("arn:") else name
    if plain not in models():
        raise invalid("The provided model identifier is invalid.")
    return models()[plain]


def _summary(model: EmulatedModel, region: str) -> dict[str, Any]:
    takes_image = any(field.kind == "image" for field in model.fields.values())
    return {
        "modelArn": f"arn:aws:bedrock:{region}::foundation-model/{model.id}",
        "modelId": model.id,
        "modelName": model.title,
        "providerName": "Amazon" if model.id.startswith("amazon.") else "Stability AI",
        "inputModalities": ["TEXT", "IMAGE"] if takes_image else ["TEXT"],
        "outputModalities": ["IMAGE"],
        "responseStreamingSupported": False,
        "customizationsSupported": [],
        "inferenceTypesSupported": ["INFERENCE_PROFILE" if model.profile else "ON_DEMAND"],
        "modelLifecycle": _lifecycle(model),
    }


def _lifecycle(model: EmulatedModel) -> dict[str, object]:
    legacy = model.legacy is not None and datetime.now(UTC).date() >= model.legacy
    days = {
        "startOfLifeTime": model.launch,
        "legacyTime": model.legacy,
        "endOfLifeTime": model.end,
    }
    dates = {name: _stamp(day) for name, day in days.items() if day is not None}
    return {"status": "LEGACY" if legacy else "ACTIVE", **dates}


def _stamp(day: date) -> str:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _profiles(query: Mapping[str, str], region: str) -> dict[str, Any]:
    kind = query.get("type") or query.get("typeEquals") or "SYSTEM_DEFINED"
    offered = [model for model in _offered(region) if model.profile]
    profiles = [_profile_of(model, region) for model in offered] if kind == "SYSTEM_DEFINED" else []
    return {"inferenceProfileSummaries": profiles}


def _profile(name: str, region: str) -> dict[str, Any]:
    plain = name.rpartition("/")[2]
    model = models().get(plain.removeprefix("us."))
    if model is None or model.profile_id != plain:
        raise Refusal(
            404, "ResourceNotFoundException", f"The inference profile {plain} could not be found."
        )
    return _profile_of(model, region)


def _profile_of(model: EmulatedModel, region: str) -> dict[str, object]:
    since = PROFILE_SINCE.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "inferenceProfileName": f"US {model.title}",
        "description": f"Routes requests to {model.title} in {', '.join(model.regions)}.",
        "createdAt": since,
        "updatedAt": since,
        "inferenceProfileArn": (
            f"arn:aws:bedrock:{region}:{ACCOUNT}:inference-profile/{model.profile_id}"
        ),
        "models": [
            {"modelArn": f"arn:aws:bedrock:{it}::foundation-model/{model.id}"}
            for it in model.regions
        ],
        "inferenceProfileId": model.profile_id,
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
    }


def _availability(name: str, region: str, settings: EmulatorSettings) -> dict[str, Any]:
    model = _known(name)
    ended = model.ended(settings.today or datetime.now(UTC).date()) and not settings.allow_retired
    denied = settings.faults.rules.get("access_denied")
    here = region in model.regions and not ended
    return {
        "modelId": model.id,
        "agreementAvailability": {"status": "AVAILABLE" if here else "NOT_AVAILABLE"},
        "authorizationStatus": "NOT_AUTHORIZED" if denied and denied.rate == 1 else "AUTHORIZED",
        "entitlementAvailability": "AVAILABLE" if here else "NOT_AVAILABLE",
        "regionAvailability": "AVAILABLE" if here else "NOT_AVAILABLE",
    }


def _caller(request: Request) -> Reply:
    form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
    if form.get("Action") != "GetCallerIdentity":
        raise Refusal(404, "UnknownOperationException", "The operation is not known.")
    user = re.sub(r"[^A-Za-z0-9+=,.@_-]", "", access_key(request.headers)) or "emulated"
    text = (
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        "<GetCallerIdentityResult>"
        f"<Arn>arn:aws:iam::{ACCOUNT}:user/{user}</Arn><UserId>{user}</UserId>"
        f"<Account>{ACCOUNT}</Account></GetCallerIdentityResult>"
        f"<ResponseMetadata><RequestId>{new_request_id()}</RequestId></ResponseMetadata>"
        "</GetCallerIdentityResponse>"
    )
    return Reply(200, text.encode(), (("Content-Type", "text/xml"),))
