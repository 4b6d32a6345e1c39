"""A test certificate for Authenticode, made once per cache directory, and signing with osslsigncode.

Nobody trusts it: the point is that a signature is there and intact.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from examples.reference_agent.compile import run

_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "BVT Reference Agent Test Signing")])

TEN_YEARS = timedelta(days=3650)


def _make(certificate: Path, key_file: Path, lasts: timedelta) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(_NAME)
        .issuer_name(_NAME)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + lasts)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    key_file.touch(mode=0o600)
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))


def test_certificate(directory: Path, lasts: timedelta) -> tuple[Path, Path]:
    """The certificate's and the key's PEM files in `directory`, made if they are not there."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    certificate, key_file = directory / "certificate.pem", directory / "key.pem"
    if not certificate.exists():
        _make(certificate, key_file, lasts)
    return certificate, key_file


def sign(file: Path, directory: Path, *, lapsed: bool = False) -> None:
    """Sign an executable or an MSI in place. Raises `ToolMissing` and `InfrastructureError`.

    `lapsed`: by a certificate that has ended, without a time stamp.
    """
    place = (directory / "lapsed", -timedelta(hours=1)) if lapsed else (directory, TEN_YEARS)
    certificate, key_file = test_certificate(*place)
    signed = file.with_suffix(".signed")
    run(
        *("osslsigncode", "sign", "-certs", str(certificate), "-key", str(key_file), "-h", "sha256"),
        *("-n", "BVT Reference Agent", "-in", str(file), "-out", str(signed)),
    )
    signed.replace(file)
