"""The certificate and the private key that results are signed with, checked before any request."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from sdbr.errors import InputProblem, UsageProblem
from sdbr.files import plain_read_errors

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.x509 import Certificate

_LARGEST_FILE = 1024 * 1024  # Bytes; a chain of certificates has some thousands.
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_KEYS = "an ECDSA key (P-256, P-384 or P-521), an Ed25519 key or an RSA key"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The certificate with those of its issuers as PEM, its key as PKCS #8, and the algorithm."""

    chain: bytes
    key: bytes = field(repr=False)
    algorithm: str


def read_signing_key(certificate: Path, key: Path) -> SigningKey:
    """Read both files. Raises UsageProblem or InputProblem where they cannot sign."""
    if find_spec("c2pa") is None:
        raise UsageProblem("--sign needs c2pa-python. Install it: pip install 'sdbr[c2pa]'")
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    chain, private = _read_chain(certificate), _read_key(key)
    signer = chain[0]
    if signer.public_key() != private.public_key():
        others = any(one.public_key() == private.public_key() for one in chain[1:])
        raise InputProblem(
            f"{certificate} must start with the certificate of {key}. Put it first."
            if others
            else f"{key} is not the private key of {certificate}. Name a matching pair."
        )
    _check_dates(signer, certificate)
    # The order is the library's: from the signer's certificate up, all in one text.
    pem = b"".join(one.public_bytes(Encoding.PEM) for one in chain)
    secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return SigningKey(pem, secret, _algorithm(private, key))


def _read_chain(path: Path) -> list[Certificate]:
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(_read(path))
    except ValueError as error:
        raise InputProblem(
            f"{path} is not a certificate in PEM format. --sign takes the certificate first, then "
            "its key."
        ) from error


def _read_key(path: Path) -> PrivateKeyTypes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(_read(path), password=None)
    except TypeError as error:
        raise InputProblem(
            f"{path} is encrypted. Name a decrypted copy that only you can read: openssl pkey -in "
            "KEY -out COPY"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputProblem(
            f"{path} is not a private key in PEM format. --sign takes the certificate first, then "
            "its key."
        ) from error


def _read(path: Path) -> bytes:
    with plain_read_errors(path), path.open("rb") as file:
        return file.read(_LARGEST_FILE)


def _check_dates(signer: Certificate, path: Path) -> None:
    now = datetime.now(UTC)
    if signer.not_valid_after_utc < now:
        raise InputProblem(
            f"{path} expired on {signer.not_valid_after_utc:%Y-%m-%d}. Renew the certificate."
        )
    if signer.not_valid_before_utc > now:
        raise InputProblem(
            f"{path} is not valid before {signer.not_valid_before_utc:%Y-%m-%d}. Use one that is."
        )


def _algorithm(key: PrivateKeyTypes, path: Path) -> str:
    """The name of the signature's algorithm, of those that C2PA 2.1 allows (section 13.2.1)."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey):
        return "ps256"
    raise InputProblem(f"{path} is of a kind that Content Credentials do not allow. Use {_KEYS}.")
