"""Who signed a driver's catalogue (.cat), and whether a 64-bit Windows without test mode will load such a driver.

A catalogue is a PKCS #7 SignedData. Its names are taken as they are: Windows judges them against its own roots, and this
only foretells what it will say, before an installation takes an hour to find out. Sources: Microsoft, "How to validate
the Microsoft signature" (usages), "Driver code signing requirements" (attestation is for Windows 10 and later),
"Kernel-mode code signing requirements" (cross-signed drivers and Secure Boot).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from harness.candidate.signed_data import serial_of_signer, verifies

WHQL_USAGE = "1.3.6.1.4.1.311.10.3.5"
"""Windows Hardware Driver Verification."""
ATTESTED_USAGE = "1.3.6.1.4.1.311.10.3.5.1"
"""Windows Hardware Driver Attested Verification."""
CROSS_ROOT = "Microsoft Code Verification Root"
FIRST_ATTESTED_BUILD = 10240
NO_CROSS_SIGNED_BUILD = 14393
"""Windows 10 1607: with Secure Boot, a new installation loads what Microsoft signed, and nothing else."""


class DriverSignature(StrEnum):
    """Kinds of signatures, in the words of a sentence."""

    WHQL = "Microsoft's, after hardware tests (WHQL)"
    ATTESTED = "Microsoft's, by attestation"
    CROSS = "a publisher's, cross-signed by Microsoft"
    TEST = "only a test signature"
    NONE = "none that can be read"
    BROKEN = "not made with the key of the certificate that it names"


@dataclass(frozen=True)
class Certificate:
    """What of a certificate is asked for."""

    subject: str
    issuer: str
    usages: frozenset[str] = frozenset()


@dataclass(frozen=True)
class CatalogueSigner:
    """Who signed it, and what that is worth."""

    kind: DriverSignature
    subject: str = ""

    def __str__(self) -> str:
        return self.kind.value + (f", signer '{self.subject}'" if self.subject else "")


def read_signer(catalogue: bytes) -> CatalogueSigner:
    """The first signer of a catalogue. Needs `openssl`: raises `ToolMissing` without it."""
    found = certificates(catalogue)
    if found is None:
        return CatalogueSigner(DriverSignature.NONE)
    signer, beside = found
    kind = kind_of(signer, beside) if verifies(catalogue) else DriverSignature.BROKEN
    return CatalogueSigner(kind, signer.subject)


def certificates(catalogue: bytes) -> tuple[Certificate, list[Certificate]] | None:
    """The first signer's certificate, and all that lie in the file; None if it is no catalogue, or lacks that one."""
    serial = serial_of_signer(catalogue)
    try:
        found = [(each.serial_number, _facts(each)) for each in pkcs7.load_der_pkcs7_certificates(catalogue)]
    except (ValueError, UnsupportedAlgorithm):
        return None
    beside = [facts for _, facts in found]
    return next(((facts, beside) for number, facts in found if number == serial), None)


def kind_of(signer: Certificate, beside: Iterable[Certificate]) -> DriverSignature:
    """What a signature of that certificate is worth, with the certificates that lie beside it."""
    if signer.issuer.startswith("Microsoft ") and signer.subject.startswith("Microsoft "):
        if WHQL_USAGE in signer.usages:
            return DriverSignature.WHQL
        if ATTESTED_USAGE in signer.usages:
            return DriverSignature.ATTESTED
    issuers: dict[str, list[str]] = {}
    for each in beside:
        issuers.setdefault(each.subject, []).append(each.issuer)
    waiting, seen = [signer.issuer], {signer.subject}
    while waiting:
        name = waiting.pop()
        if name == CROSS_ROOT:
            return DriverSignature.CROSS
        if name not in seen:
            seen.add(name)
            waiting += issuers.get(name, ())
    return DriverSignature.TEST


def objection(signer: CatalogueSigner, build: int, *, secure_boot: bool) -> str:
    """Why a Windows of that build would not load the driver; empty if it will."""
    match signer.kind:
        case DriverSignature.WHQL:
            return ""
        case DriverSignature.ATTESTED if build < FIRST_ATTESTED_BUILD:
            return "Windows before 10 does not take Microsoft's signature by attestation"
        case DriverSignature.CROSS if build >= NO_CROSS_SIGNED_BUILD and secure_boot:
            return "with Secure Boot this Windows takes drivers that Microsoft signed, and no others"
        case DriverSignature.ATTESTED | DriverSignature.CROSS:
            return ""
    return "a 64-bit Windows does not load such a driver"


def _facts(certificate: x509.Certificate) -> Certificate:
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return Certificate(_name(certificate.subject), _name(certificate.issuer))
    return Certificate(
        _name(certificate.subject),
        _name(certificate.issuer),
        frozenset(usage.dotted_string for usage in usages),
    )


def _name(name: x509.Name) -> str:
    """The common name, or all of the name where it has none."""
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()
