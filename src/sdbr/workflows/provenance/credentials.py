"""What `inspect` says of the Content Credentials of a file, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from sdbr.media.credentials.verification import Credentials, can_verify, has_credentials, verify

_TITLE = "Content Credentials"
_ROLES = {"parentOf": "edited from", "componentOf": "contains", "inputTo": "shaped by"}


def credentials_lines(path: Path) -> Iterator[str]:
    """Who signed a file and when, whether that is valid, and its ingredients; none if unsigned."""
    if not has_credentials(path):
        return
    if not can_verify():
        yield f"{_TITLE}: not verified. Install support: pip install 'sdbr[c2pa]'"
        return
    found = verify(path)
    if found is None:
        return
    yield f"{_TITLE}: {_in_words(found)}"
    for one in found.ingredients:
        kept = "with its own Content Credentials" if one.signed else "without Content Credentials"
        yield f"  {_ROLES.get(one.relationship, one.relationship)} {one.title}, {kept}"


def _in_words(found: Credentials) -> str:
    on = f" on {found.signed_at[:10]}" if found.signed_at else ""
    signed = f"signed by {found.signer}{on}" if found.signer else "present"
    if found.problem:
        return f"{signed}, not valid: {found.problem}"
    trust = "on a trust list" if found.trusted else "not trusted, because sdbr has no trust list"
    return f"{signed}, valid; issuer {trust}"


def credentials_record(path: Path) -> dict[str, object] | None:
    """The same for JSON; None where there are none."""
    if not has_credentials(path):
        return None
    if not can_verify():
        return {"verified": False}
    found = verify(path)
    if found is None:
        return None
    return {"verified": True, "valid": not found.problem, **asdict(found)}
