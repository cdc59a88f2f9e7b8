"""Read and verify the Content Credentials of a file; nothing is fetched for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from sdbr.media import metadata
from sdbr.media.credentials.signing import QUIET, kind_of, reason

_NEAR = 256 * 1024
"""Bytes in which a video or a GIF begins its credentials: C2PA puts them in front of the media."""
_UNTRUSTED = "signingCredential.untrusted"
_CHANGED = "the file was changed after signing"
_REASONS = {
    "assertion.dataHash.mismatch": _CHANGED,
    "assertion.bmffHash.mismatch": _CHANGED,
    "assertion.boxesHash.mismatch": _CHANGED,
    "assertion.hashedURI.mismatch": "the credentials were changed after signing",
    "claimSignature.mismatch": "the credentials were changed after signing",
    "signingCredential.expired": "the certificate has expired",
    "claimSignature.outsideValidity": "the certificate was not valid when it signed",
    "signingCredential.revoked": "the certificate was revoked",
    "signingCredential.invalid": "the certificate must not sign Content Credentials",
}


@dataclass(frozen=True, slots=True)
class CredentialedIngredient:
    """A file that a signed one was made from, and whether it has credentials of its own."""

    title: str
    relationship: str
    signed: bool


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the Content Credentials of a file say.

    `problem` is why they are not valid, "" where they are. `trusted`: whether the issuer is on a
    trust list. `signed_at` is the time stamp's, else what the signer says, or "".
    `serial` is the certificate's number.
    """

    signer: str
    signed_at: str
    problem: str
    trusted: bool
    serial: str = ""
    ingredients: tuple[CredentialedIngredient, ...] = ()


def has_credentials(path: Path) -> bool:
    """Whether a file seems to hold Content Credentials; false for a folder."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(_NEAR)
        if b"c2pa" in head and b"jumb" in head:
            return True
        return head.startswith(b"RIFF") and metadata.is_signed(head + file.read())


def can_verify() -> bool:
    """Whether the library is installed."""
    return find_spec("c2pa") is not None


def verify(source: Path | bytes) -> Credentials | None:
    """Verify the credentials of a file, or of the bytes of a picture; None where it has none.

    Raises OSError where the file cannot be read.
    """
    if isinstance(source, bytes):
        return _verify(BytesIO(source), kind_of(BytesIO(source), ""))
    with source.open("rb") as file:
        return _verify(file, kind_of(file, source.suffix))


def _verify(file: BinaryIO, kind: str) -> Credentials | None:
    from c2pa import C2paError, Context, Reader  # type: ignore[import-untyped]

    try:
        with Context.from_dict(QUIET) as context, Reader(kind, file, context=context) as reader:
            return _credentials(json.loads(reader.json()))
    except C2paError.ManifestNotFound:
        return None
    except C2paError as error:
        return Credentials("", "", f"they cannot be read ({reason(error)})", trusted=False)


def _credentials(report: Mapping[str, Any]) -> Credentials:
    manifest = report["manifests"][report["active_manifest"]]
    signature = manifest.get("signature_info", {})
    # Both are the signer's own: the library calls its organization the issuer.
    names = [signature.get(name, "") for name in ("common_name", "issuer")]
    state = report.get("validation_state")
    ingredients = tuple(
        CredentialedIngredient(
            one.get("title", ""), one.get("relationship", ""), "active_manifest" in one
        )
        for one in manifest.get("ingredients", [])
    )
    return Credentials(
        ", ".join(dict.fromkeys(filter(None, names))) or "an unnamed signer",
        signature.get("time") or _time_of(manifest),
        "" if state in ("Valid", "Trusted") else _problem(report.get("validation_status", [])),
        state == "Trusted",
        signature.get("cert_serial_number", ""),
        ingredients,
    )


def _time_of(manifest: Mapping[str, Any]) -> str:
    """The last time that an action of the manifest says."""
    actions = [
        action
        for one in manifest.get("assertions", [])
        if one["label"].startswith("c2pa.actions")
        for action in one["data"].get("actions", [])
    ]
    return max((str(one["when"]) for one in actions if "when" in one), default="")


def _problem(statuses: list[dict[str, str]]) -> str:
    found = [one for one in statuses if one["code"] != _UNTRUSTED]
    known = [_REASONS[one["code"]] for one in found if one["code"] in _REASONS]
    other = [one.get("explanation", one["code"]) for one in found]
    return next(iter([*known, *other]), "the reason is unknown")
