"""Who calls, and for which region: read from the Authorization header, never verified."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sdbr.emulator.errors import Refusal

SCOPE = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/,\s]+)/([^/,\s]+)/aws4_request")
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


def check_caller(headers: Mapping[str, str]) -> None:
    """Refuse a request without credentials. Any SigV4 signature and any bearer key will do."""
    told = headers.get("authorization", "")
    if not told:
        raise Refusal(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    if told.startswith("Bearer"):
        if not told[len("Bearer") :].strip():
            raise Refusal(403, "AccessDeniedException", "Invalid API Key format")
        return
    if not SCOPE.search(told):
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
