"""Which model a path means, in any escaping, and who calls, from where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

from sdbr.emulator.errors import Refusal, invalid, unknown_id
from sdbr.emulator.models import EmulatedModel, models

INVOKE = re.compile(r"/model/(?P<id>.+)/(?P<operation>[a-z-]+)")
ARN = re.compile(
    r"arn:aws[a-z-]*:bedrock:[^:]*:\d*:(?P<kind>foundation-model|inference-profile)/(?P<id>.+)"
)
SCOPE = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/,\s]+)/([^/,\s]+)/aws4_request")
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


def split(path: str) -> tuple[str, str] | None:
    """The model's name and the operation of a percent-encoded path, or None for any other path.

    The path is split before it is decoded: an ARN carries an escaped slash.
    """
    match = INVOKE.fullmatch(path)
    return (unquote(match["id"]), match["operation"]) if match else None


def find(name: str, others: Mapping[str, str]) -> EmulatedModel:
    """The model that a name means; `others` maps further names to ids. Refuses any other name."""
    name = others.get(name, name)
    arn = ARN.fullmatch(name)
    if arn:
        name = arn["id"]
    known = models()
    if name in known:
        model = known[name]
        if model.profile:
            raise _needs_profile(name)
        return model
    plain = known.get(name.removeprefix("us."))
    if plain is None or plain.profile_id != name:
        raise unknown_id()
    return plain


def _needs_profile(name: str) -> Exception:
    return invalid(
        f"Invocation of model ID {name} with on-demand throughput isn’t supported. Retry your "
        "request with the ID or ARN of an inference profile that contains this model."
    )


def check_caller(headers: Mapping[str, str]) -> None:
    """Refuse a request without credentials. Any SigV4 signature and any bearer key will do."""
    authorization = headers.get("authorization", "")
    if not authorization:
        raise Refusal(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    if authorization.startswith("Bearer"):
        if not authorization[len("Bearer") :].strip():
            raise Refusal(403, "AccessDeniedException", "Invalid API Key format")
        return
    if not SCOPE.search(authorization):
        raise Refusal(
            400,
            "IncompleteSignatureException",
            "Authorization header requires 'Credential' parameter.",
        )


def signed_region(headers: Mapping[str, str]) -> str:
    """The region that the request was signed for, or nothing when that is no AWS region's name."""
    scope = SCOPE.search(headers.get("authorization", ""))
    return scope[2] if scope and REGION.fullmatch(scope[2]) else ""


def access_key(headers: Mapping[str, str]) -> str:
    """The access key id of the signature, or nothing."""
    scope = SCOPE.search(headers.get("authorization", ""))
    return scope[1] if scope else ""
