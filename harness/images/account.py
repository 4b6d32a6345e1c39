"""What an installation needs to be secret for an hour: the local account's password, and the WinRM certificate's key.

The password is on the answer media and nowhere else; each machine cloned from the image sets another one. The key's file
is encrypted with that password, so the password is the only secret in the clear.
"""

import datetime
import secrets
import string
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pydantic import SecretStr

USERNAME = "bvt"
PASSWORD_LENGTH = 24
VALID_DAYS = 3650
KDF_ROUNDS = 100_000


@dataclass(frozen=True)
class Account:
    """The throw-away local administrator."""

    username: str
    password: SecretStr

    @classmethod
    def new(cls) -> "Account":
        """A random password with all four kinds of characters, none of which any quoting minds."""
        alphabet = string.ascii_letters + string.digits
        text = "".join(secrets.choice(alphabet) for _ in range(PASSWORD_LENGTH - 4))
        return cls(USERNAME, SecretStr(f"{text}-aA1"))


@dataclass(frozen=True)
class EndpointCertificate:
    """The self-signed certificate of an image's WinRM endpoint."""

    pem: bytes
    pfx: bytes
    thumbprint: str

    @classmethod
    def new(cls, hostname: str, password: SecretStr) -> "EndpointCertificate":
        """RSA and 3DES-encrypted PKCS#12, because Windows 7 reads nothing newer."""
        key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hostname)])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=VALID_DAYS))
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.DNSName(hostname)]),
                critical=False,
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(key, hashes.SHA256())
        )
        encryption = (
            serialization.PrivateFormat.PKCS12.encryption_builder()
            .kdf_rounds(KDF_ROUNDS)
            .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
            .hmac_hash(hashes.SHA1())  # noqa: S303 - the integrity check of the format that Windows 7 reads
            .build(password.get_secret_value().encode())
        )
        pfx = pkcs12.serialize_key_and_certificates(b"bvt", key, certificate, None, encryption)
        thumbprint = certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - Windows' name for it
        return cls(certificate.public_bytes(serialization.Encoding.PEM), pfx, thumbprint)
