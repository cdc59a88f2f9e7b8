"""Certificates of a made-up authority, to sign with in tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("c2pa")
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

MAIL = ExtendedKeyUsageOID.EMAIL_PROTECTION
SERVER = ExtendedKeyUsageOID.SERVER_AUTH
KEYS = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
    "K-256": lambda: ec.generate_private_key(ec.SECP256K1()),
}


@dataclass(frozen=True)
class Pair:
    """A certificate's file, its issuer in it, and its key's."""

    certificate: Path
    key: Path

    @property
    def flags(self) -> tuple[str, str, str]:
        return "--sign", str(self.certificate), str(self.key)


def make_pair(
    folder: Path,
    kind: str = "P-256",
    *,
    days: tuple[int, int] = (-1, 30),
    usage: x509.ObjectIdentifier = MAIL,
    signer: str = "Studio Nine",
    password: bytes = b"",
) -> Pair:
    """Write a certificate that holds from and until `days` from now."""
    authority, key = KEYS["P-256"](), KEYS[kind]()
    issuer, subject = _name("Test Authority"), _name(signer)
    root = _certificate(issuer, issuer, authority, authority, [_basic(True), _keys(True)])
    extensions = [_basic(False), _keys(False), (x509.ExtendedKeyUsage([usage]), False)]
    leaf = _certificate(subject, issuer, key, authority, extensions, days)
    pair = Pair(folder / "certificate.pem", folder / "key.pem")
    folder.mkdir(parents=True, exist_ok=True)
    pem = Encoding.PEM
    pair.certificate.write_bytes(leaf.public_bytes(pem) + root.public_bytes(pem))
    protection = BestAvailableEncryption(password) if password else NoEncryption()
    pair.key.write_bytes(key.private_bytes(pem, PrivateFormat.PKCS8, protection))
    return pair


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _basic(authority: bool) -> tuple[x509.ExtensionType, bool]:
    return x509.BasicConstraints(authority, None), True


def _keys(authority: bool) -> tuple[x509.ExtensionType, bool]:
    unused = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    no = dict.fromkeys((*unused, "encipher_only", "decipher_only"), False)
    uses = x509.KeyUsage(
        digital_signature=not authority, key_cert_sign=authority, crl_sign=authority, **no
    )
    return uses, True


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key,
    authority: ec.EllipticCurvePrivateKey,
    extensions: Sequence[tuple[x509.ExtensionType, bool]],
    days: tuple[int, int] = (-100, 300),
) -> x509.Certificate:
    now = datetime.now(UTC)
    begin, end = (now + timedelta(days=day) for day in days)
    number = x509.random_serial_number()
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), number, begin, end)
    identifiers = (
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
        x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()),
    )
    for extension, critical in (*extensions, *((one, False) for one in identifiers)):
        builder = builder.add_extension(extension, critical)
    return builder.sign(authority, hashes.SHA256())
