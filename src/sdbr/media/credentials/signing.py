"""Sign a finished file: what a model did to it, and the files that it was made from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO, Literal

from sdbr.errors import InputProblem, UsageProblem
from sdbr.files import plain_write_errors
from sdbr.media.credentials.signing_key import SigningKey, read_signing_key
from sdbr.media.formats import sniff
from sdbr.media.metadata.xmp import DigitalSource

if TYPE_CHECKING:
    from c2pa import Builder  # type: ignore[import-untyped]

MIME_TYPES = {
    **{".png": "image/png", ".apng": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"},
    **{".webp": "image/webp", ".gif": "image/gif"},
    **{".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime"},
}
"""Of the results that can be signed, by suffix."""
QUIET = {
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
}
"""The library's settings: no thumbnails, which take 40 KB each, and no requests to anybody."""
_HEAD, _BYTES = 64, "application/octet-stream"  # Bytes that name a format; one that is unknown.
_TRIAL = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00"
    b"\x00\x02\x02D\x01\x00;"
)
"""A picture of one pixel, to try a certificate on."""


@dataclass(frozen=True, slots=True)
class Ingredient:
    """A file that a result was made from; its own credentials are kept.

    `content` is None where only its name is known. The result is an edit of its parent; a
    component is shown in it, an input only shaped it.
    """

    title: str
    relationship: Literal["parentOf", "componentOf", "inputTo"]
    content: Path | bytes | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What is signed: the result's name, where its content is from, what made it, and of what."""

    title: str
    source: DigitalSource
    ingredients: tuple[Ingredient, ...] = ()
    emulated: bool = False


def load_signing_key(certificate: Path, key: Path) -> SigningKey:
    """Read both files and sign a pixel. Raises UsageProblem or InputProblem where they cannot."""
    signing_key = read_signing_key(certificate, key)
    from c2pa import C2paError

    trial = Claim("trial", DigitalSource("trainedAlgorithmicMedia", "sdbr", ""))
    try:
        _sign(BytesIO(_TRIAL), BytesIO(), "image/gif", trial, signing_key)
    except C2paError as error:
        raise InputProblem(
            f"{certificate} cannot sign Content Credentials ({reason(error)}). Use a certificate "
            "for digital signatures with the extended key usage emailProtection or documentSigning."
        ) from error
    return signing_key


def check_signable(ending: str) -> None:
    """Raise UsageProblem for results of a kind that has no place for a signature."""
    if ending not in MIME_TYPES:
        kind = f"{ending} files" if ending else "folders of frames"
        raise UsageProblem(
            f"--sign does not support {kind}. Use mp4, mov, gif, webp or apng, or add "
            "--no-provenance."
        )


def sign_bytes(data: bytes, ending: str, claim: Claim, key: SigningKey) -> bytes:
    """The signed file; credentials that it had are replaced. Raises InputProblem."""
    signed = BytesIO()
    with _plain_errors(claim.title):
        _sign(BytesIO(data), signed, MIME_TYPES[ending], claim, key)
    return signed.getvalue()


def sign_file(path: Path, ending: str, claim: Claim, key: SigningKey) -> None:
    """Sign the file where it is; `ending` says what it is. Raises InputProblem."""
    with (
        plain_write_errors(path),
        _plain_errors(claim.title),
        TemporaryFile(dir=path.parent) as signed,
        path.open("r+b") as file,
    ):
        _sign(file, signed, MIME_TYPES[ending], claim, key)
        for one in (file, signed):
            one.seek(0)
        file.truncate()
        shutil.copyfileobj(signed, file)


def kind_of(file: BinaryIO, suffix: str) -> str:
    """What the library calls the format of an open file: by its first bytes, else by its suffix."""
    found = sniff(file.read(_HEAD))
    file.seek(0)
    return found.format if found else suffix[1:].lower() or _BYTES


def _sign(
    source: BinaryIO, target: BinaryIO, mime_type: str, claim: Claim, key: SigningKey
) -> None:
    from c2pa import Builder, C2paSignerInfo, Context, Signer

    ingredients = {f"ingredient-{n}": one for n, one in enumerate(claim.ingredients, 1)}
    signer = C2paSignerInfo(key.algorithm.encode(), key.chain, key.key, None)
    with (
        Context.from_dict(QUIET) as context,
        Signer.from_info(signer) as signing,
        Builder(_manifest(claim, mime_type, ingredients), context) as builder,
    ):
        for label, one in ingredients.items():
            _add(builder, label, one)
        builder.sign(signing, mime_type, source, target)


def _manifest(
    claim: Claim, mime_type: str, ingredients: dict[str, Ingredient]
) -> dict[str, object]:
    """C2PA 2.1, section 18.15: the first action says where the result begins."""
    parents = [label for label, one in ingredients.items() if one.relationship == "parentOf"]
    others = [label for label in ingredients if label not in parents]
    tool, _, version = claim.source.tool.partition(" ")
    model = f"{claim.source.model}{', emulated' if claim.emulated else ''}"
    made: dict[str, object] = {
        "action": "c2pa.edited" if parents else "c2pa.created",
        "when": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "softwareAgent": {
            "name": f"{tool} ({model})" if claim.source.model else tool,
            "version": version,
        },
        "digitalSourceType": claim.source.uri,
    }
    if others:
        made["parameters"] = {"ingredientIds": others}
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": parents}}
    actions = [opened, made] if parents else [made]
    return {
        "title": claim.title,
        "format": mime_type,
        "claim_generator_info": [{"name": tool, "version": version}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}],
    }


def _add(builder: Builder, label: str, ingredient: Ingredient) -> None:
    """Add an ingredient with its credentials, or by its name where these cannot be read."""
    from c2pa import C2paError

    told = {"label": label, "title": ingredient.title, "relationship": ingredient.relationship}
    try:
        with _open(ingredient) as file:
            kind = kind_of(file, Path(ingredient.title).suffix)
            builder.add_ingredient(json.dumps({**told, "format": kind}), kind, file)
    except (C2paError, OSError):
        builder.add_ingredient(json.dumps({**told, "format": _BYTES}), _BYTES, BytesIO())


def _open(ingredient: Ingredient) -> BinaryIO:
    if isinstance(ingredient.content, Path) and ingredient.content.is_file():
        return ingredient.content.open("rb")
    return BytesIO(ingredient.content if isinstance(ingredient.content, bytes) else b"")


@contextmanager
def _plain_errors(name: str) -> Iterator[None]:
    from c2pa import C2paError

    try:
        yield
    except C2paError as error:
        raise InputProblem(
            f"{name} was not signed ({reason(error)}). Run the same command again, or add "
            "--no-provenance; what was generated is cached."
        ) from error


def reason(error: Exception) -> str:
    """The library's words, without the name of its error in front."""
    return str(error).rpartition(": ")[2]
