"""Catalogues that are really signed, with certificates of our own that have the names of others."""

import datetime
import functools

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

PUBLISHER = "Microsoft Windows Hardware Compatibility Publisher"
AUTHORITY = "Microsoft Windows Third Party Component CA 2014"


@functools.cache
def key(name: str) -> rsa.RSAPrivateKey:
    """One key for each name."""
    return rsa.generate_private_key(65537, 2048)


def certificate(subject: str, issuer: str, usages: tuple[str, ...] = ()) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_named(subject))
        .issuer_name(_named(issuer))
        .public_key(key(subject).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
    )
    if usages:
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([x509.ObjectIdentifier(usage) for usage in usages]), critical=False
        )
    return builder.sign(key(issuer), hashes.SHA256())


def catalogue(*chain: tuple[str, str, tuple[str, ...]]) -> bytes:
    """Signed by the first of the chain (subject, issuer, usages); the others lie beside it."""
    signer, *others = [certificate(*each) for each in chain]
    signing = pkcs7.PKCS7SignatureBuilder().set_data(b"hashes of a driver's files")
    signing = signing.add_signer(signer, key(chain[0][0]), hashes.SHA256())
    for other in others:
        signing = signing.add_certificate(other)
    return signing.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])


@functools.cache
def signed_by_microsoft(usage: str) -> bytes:
    """As its hardware dashboard returns one."""
    return catalogue((PUBLISHER, AUTHORITY, (usage,)))


@functools.cache
def signed_for_tests() -> bytes:
    """As the virtio project signs for Windows 8 and 8.1."""
    return catalogue(("Red Hat Inc.", "Red Hat Inc.", ()))


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
